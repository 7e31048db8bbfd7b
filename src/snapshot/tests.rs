use std::path::Path;

use super::*;
use crate::config::env::Environment;
use crate::config::{LoadMode, load_text};

fn snapshot() -> Snapshot {
    let text = b"version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:3000\n";
    let path = Path::new("sidegate.yaml");
    let loaded = load_text(path, text, LoadMode::Start, &Environment::default()).unwrap();
    Snapshot::compile(loaded, None, &Observer::new(1, path)).unwrap()
}

#[test]
fn a_generation_is_freed_by_the_sweep_and_by_no_request() {
    let snapshots = Snapshots::new(snapshot());
    let judging = snapshots.load();
    let old = Arc::downgrade(&judging);
    snapshots.store(snapshot());
    snapshots.sweep();
    assert!(old.upgrade().is_some(), "a request is still judged by it");
    drop(judging);
    assert!(old.upgrade().is_some(), "the request that ended last did not free it");
    snapshots.sweep();
    assert!(old.upgrade().is_none());
    assert_eq!(snapshots.load().generation, 1);
}
