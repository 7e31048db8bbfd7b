use std::io::Read;
use std::os::fd::OwnedFd;

use super::*;
use crate::base::clock::{Mono, Now, Wall};
use crate::config::settings::Sink;
use crate::observe::audit::{self, Action, Event, Outcome};
use crate::observe::tests::{folder, lines};

struct Desk {
    queue: Arc<Queue<Note>>,
    next: Arc<Mutex<Option<Output>>>,
    thread: thread::JoinHandle<()>,
}

fn desk(capacity: usize, output: Output) -> Desk {
    let queue = Arc::new(Queue::new(1, capacity));
    let next = Arc::new(Mutex::new(Some(output)));
    let pools = Arc::new(Pools::new(1));
    let writer =
        Writer::new(Arc::clone(&queue), pools, Arc::clone(&next), audit::line, Arc::from("gate.yaml"));
    Desk { queue, next, thread: thread::spawn(move || writer.run()) }
}

impl Desk {
    /// Puts one note; counts it as lost when there is no room.
    fn put(&self, number: u64) {
        let event = Event {
            at: Now { mono: Mono(number), wall: Wall(0) },
            action: Action::Drain,
            outcome: Outcome::Applied,
            generation: number,
            resource: "x".repeat(900),
            detail: String::new(),
        };
        match self.queue.reserve() {
            Ok(slot) => self.queue.put(0, Note::Event(Box::new(event)), slot),
            Err(_) => self.queue.count_lost(1),
        }
    }

    fn until(&self, what: impl Fn(&Queue<Note>) -> bool) {
        for _ in 0..10_000 {
            if what(&self.queue) {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("never happened");
    }

    fn close(self) {
        self.queue.close();
        self.thread.join().unwrap();
    }
}

fn numbers(lines: &[serde_json::Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["config_generation"].as_u64()).collect()
}

fn file(path: &std::path::Path) -> Output {
    Output::open(&Sink::File(path.to_owned())).unwrap()
}

/// A pipe that holds little and whose reader decides when to read.
fn pipe() -> (std::fs::File, Output) {
    let (reader, writer) = std::io::pipe().unwrap();
    (OwnedFd::from(reader).into(), Output::Stdout(OwnedFd::from(writer).into()))
}

#[test]
fn lines_are_written_soon_and_in_the_order_of_time() {
    let path = folder("writer").join("audit.log");
    let desk = desk(100, file(&path));
    for number in [3, 1, 2] {
        desk.put(number);
    }
    desk.until(|queue| queue.used() == 0);
    let mut told = numbers(&lines(&path));
    told.sort_unstable();
    assert_eq!(told, [1, 2, 3]);
    desk.close();
}

#[test]
fn what_waits_is_written_before_the_end() {
    let path = folder("writer").join("audit.log");
    let desk = desk(1_000, file(&path));
    for number in 0..500 {
        desk.put(number);
    }
    desk.close();
    assert_eq!(lines(&path).len(), 500);
}

#[test]
fn a_stuck_reader_costs_records_which_are_counted_exactly_and_told() {
    let (mut reader, output) = pipe();
    let desk = desk(50, output);
    for number in 0..1_000 {
        desk.put(number);
        if number % 50 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let lost = desk.queue.lost();
    assert!(lost > 0, "the pipe took everything");
    let read = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    desk.until(|queue| queue.used() == 0);
    desk.put(2_000);
    desk.until(|queue| queue.used() == 0);
    desk.close();
    let text = read.join().unwrap();
    let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (losses, events): (Vec<_>, Vec<_>) = told.iter().partition(|line| line["action"] == "records.lost");
    assert_eq!(events.len() as u64 + lost, 1_001);
    assert_eq!(losses.iter().filter_map(|line| line["lost"].as_u64()).sum::<u64>(), lost);
    let seq: Vec<_> = told.iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seq, (1..=told.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost_while_there_is_room() {
    let path = folder("writer").join("audit.log");
    let desk = desk(100, file(std::path::Path::new("/dev/full")));
    desk.put(1);
    thread::sleep(Duration::from_millis(120));
    assert_eq!(desk.queue.used(), 1, "still waiting");
    *desk.next.lock().unwrap() = Some(file(&path));
    desk.until(|queue| queue.used() == 0);
    assert_eq!(numbers(&lines(&path)), [1]);
    assert_eq!(desk.queue.lost(), 0);
    desk.close();
}

#[test]
fn at_the_end_a_sink_that_fails_is_given_up_and_the_rest_counted() {
    let desk = desk(100, file(std::path::Path::new("/dev/full")));
    for number in 0..5 {
        desk.put(number);
    }
    let queue = Arc::clone(&desk.queue);
    desk.close();
    assert_eq!(queue.lost(), 5);
}

#[test]
fn a_file_moved_away_is_replaced() {
    let path = folder("writer").join("audit.log");
    let desk = desk(100, file(&path));
    desk.put(1);
    desk.until(|queue| queue.used() == 0);
    let rotated = path.with_extension("1");
    std::fs::rename(&path, &rotated).unwrap();
    desk.put(2);
    desk.until(|queue| queue.used() == 0);
    assert_eq!((numbers(&lines(&rotated)), numbers(&lines(&path))), (vec![1], vec![2]));
    desk.close();
}
