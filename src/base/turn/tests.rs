use std::cell::RefCell;
use std::rc::Rc;

use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;

use super::others_first;

#[test]
fn what_is_ready_is_all_begun_before_the_first_goes_on() {
    let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
    let told = Rc::new(RefCell::new(Vec::new()));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..3)
            .map(|number| {
                let told = Rc::clone(&told);
                spawn_local(async move {
                    told.borrow_mut().push(("judged", number));
                    others_first().await;
                    told.borrow_mut().push(("sent", number));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let expected: Vec<_> =
        ["judged", "sent"].into_iter().flat_map(|what| (0..3).map(move |n| (what, n))).collect();
    assert_eq!(*told.borrow(), expected);
}
