use std::sync::Arc;

use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::super::bench::{run, upstream};
use super::super::{Link, Outgoing, Unanswered};
use super::OK;
use crate::base::clock;
use crate::base::inbox::Room;
use crate::base::stream::Stream;
use crate::base::watchdog::Watchdog;
use crate::forward::Target;
use crate::forward::outgoing::{Framing, write_fields, write_request_line};
use crate::forward::upload::{UpBody, Upload};

#[test]
fn what_comes_before_a_byte_was_sent_answers_nothing() {
    run(async {
        let target = Target::new(&upstream(([127, 0, 0, 1], 1).into()));
        let (near, mut far) = UnixStream::pair().unwrap();
        // The app has not read for a while: there is no room for a head.
        while near.try_write(&[0; 4096]).is_ok() {}
        far.write_all(OK.as_bytes()).await.unwrap();
        near.readable().await.unwrap();
        let permit = Arc::clone(&target.permits).try_acquire_owned().unwrap();
        let deadline = Watchdog::default().deadline();
        let mut link = Link::new(Stream::Unix(near), permit, deadline, Room::default());
        let upload = Upload::new(clock::mono());
        let parts = Request::get("/").body(()).unwrap().into_parts().0;
        let mut head = Vec::new();
        write_request_line(&mut head, &parts.method, &parts.uri);
        write_fields(&mut head, &parts.headers);
        head.extend_from_slice(b"\r\n");
        link.load(Outgoing::new(head, Framing::None, UpBody::empty(&upload)));
        let leave = async {
            tokio::task::yield_now().await;
            drop(far);
        };
        let (answer, ()) = tokio::join!(link.ask(&upload, &target, clock::mono()), leave);
        assert!(matches!(answer, Err(Unanswered::Unsent(_))), "{answer:?}");
    });
}
