use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::{Asked, Signals};

#[test]
fn a_signal_that_comes_before_anyone_waits_is_not_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut signals = {
        let _inside = runtime.enter();
        Signals::catch().unwrap()
    };
    kill_process(getpid(), Signal::HUP).unwrap();
    let asked =
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), signals.next()).await });
    assert_eq!(asked, Ok(Asked::Reload));
}
