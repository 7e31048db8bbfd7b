use std::future::pending;

use super::*;

/// A request that never ends, and holds the desk as real ones do.
fn orphan(desk: &Rc<Desk>, alive: &Rc<()>) -> Orphan {
    let held = (Rc::clone(desk), Rc::clone(alive));
    Box::pin(async move {
        pending::<()>().await;
        drop(held);
    })
}

#[test]
fn what_is_left_when_the_worker_ends_is_dropped_and_not_forgotten() {
    let desk = Rc::new(Desk::new(Watchdog::default()));
    let alive = Rc::new(());
    let staff = desk.staff();
    desk.adopt(orphan(&desk, &alive));
    assert_eq!(Rc::strong_count(&alive), 2, "kept for someone to finish");
    drop(staff);
    assert_eq!(Rc::strong_count(&alive), 1, "dropped with whoever would have finished it");
    desk.adopt(orphan(&desk, &alive));
    assert_eq!(Rc::strong_count(&alive), 1, "nobody is there any more");
    assert_eq!(Rc::strong_count(&desk), 1);
}
