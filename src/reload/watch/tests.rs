use notify::event::{CreateKind, MetadataKind, RemoveKind, RenameMode};

use super::*;

fn event(kind: EventKind) -> Option<Touch> {
    touch(Event::new(kind).add_path(PathBuf::from("/a")))
}

#[test]
fn reading_is_no_change() {
    for kind in [
        AccessKind::Open(AccessMode::Any),
        AccessKind::Close(AccessMode::Read),
        AccessKind::Read,
        AccessKind::Any,
    ] {
        assert_eq!(event(EventKind::Access(kind)), None);
    }
}

#[test]
fn writing_and_closing_are_told_apart() {
    let writing = event(EventKind::Modify(ModifyKind::Data(DataChange::Any)));
    assert_eq!(writing, Some(Touch::Writing("/a".into())));
    let closed = event(EventKind::Access(AccessKind::Close(AccessMode::Write)));
    assert_eq!(closed, Some(Touch::Settled(vec!["/a".into()])));
}

#[test]
fn every_other_kind_is_a_change() {
    for kind in [
        EventKind::Any,
        EventKind::Other,
        EventKind::Create(CreateKind::File),
        EventKind::Remove(RemoveKind::Folder),
        EventKind::Modify(ModifyKind::Any),
        EventKind::Modify(ModifyKind::Name(RenameMode::To)),
        EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
    ] {
        assert_eq!(event(kind), Some(Touch::Settled(vec!["/a".into()])), "{kind:?}");
    }
}
