use super::*;

#[test]
fn what_is_put_is_taken_and_the_room_comes_back() {
    let queue = Queue::new(2, 2);
    for worker in [0, 1] {
        let slot = queue.reserve().unwrap();
        queue.put(worker, worker, slot);
    }
    assert_eq!(queue.reserve().unwrap_err(), Full);
    let mut batch = Vec::new();
    queue.take_all(&mut batch);
    assert_eq!(batch, [0, 1]);
    assert_eq!(queue.reserve().unwrap_err(), Full, "room is held until the lines are written");
    queue.release(2);
    assert!(queue.reserve().is_ok());
}

#[test]
fn room_that_is_not_needed_is_given_back() {
    let queue = Queue::<u8>::new(1, 1);
    let slot = queue.reserve().unwrap();
    queue.give_back(slot);
    assert!(queue.reserve().is_ok());
}

#[test]
fn a_refused_reservation_takes_no_room() {
    let queue = Queue::<u8>::new(1, 1);
    let _slot = queue.reserve().unwrap();
    for _ in 0..5 {
        assert_eq!(queue.reserve().unwrap_err(), Full);
    }
    assert_eq!(queue.used(), 1);
}

#[test]
fn the_queue_tells_whether_something_waits() {
    let queue = Queue::new(1, 8);
    assert!(!queue.has_waiting());
    let slot = queue.reserve().unwrap();
    queue.put(0, 'x', slot);
    assert!(queue.has_waiting());
    queue.take_all(&mut Vec::new());
    assert!(!queue.has_waiting());
}

#[test]
fn a_worker_out_of_range_uses_the_common_shelf() {
    let queue = Queue::new(1, 8);
    let slot = queue.reserve().unwrap();
    queue.put(usize::MAX, 'x', slot);
    let mut batch = Vec::new();
    queue.take_all(&mut batch);
    assert_eq!(batch, ['x']);
}

#[test]
fn many_threads_lose_nothing_that_was_admitted() {
    let queue = std::sync::Arc::new(Queue::new(4, 100));
    let threads: Vec<_> = (0..4)
        .map(|worker| {
            let queue = std::sync::Arc::clone(&queue);
            std::thread::spawn(move || {
                let mut put = 0;
                for number in 0..1_000 {
                    match queue.reserve() {
                        Ok(slot) => {
                            queue.put(worker, number, slot);
                            put += 1;
                        }
                        Err(Full) => queue.count_lost(1),
                    }
                }
                put
            })
        })
        .collect();
    let mut taken = 0;
    let mut batch = Vec::new();
    while threads.iter().any(|thread| !thread.is_finished()) {
        queue.take_all(&mut batch);
        queue.release(batch.len());
        taken += batch.drain(..).count();
    }
    queue.take_all(&mut batch);
    taken += batch.len();
    let put: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(taken, put);
    assert_eq!(put as u64 + queue.lost(), 4_000);
}
