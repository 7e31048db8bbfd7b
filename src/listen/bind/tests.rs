use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Open, bind};
use crate::config::settings::Address;

/// A path of this test's own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("sidegate-bind-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(unique))
    }

    fn address(&self) -> [Address; 1] {
        [Address::Unix(self.0.clone())]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn any_port() -> [Address; 1] {
    [Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))]
}

#[test]
fn every_worker_listens_on_the_same_port_the_kernel_chose() {
    let listening = bind(&any_port(), 3).expect("bound");
    let [Address::Tcp(at)] = listening.addresses.as_slice() else { panic!("one address") };
    assert_ne!(at.port(), 0);
    assert_eq!(listening.shares.len(), 3);
    for share in &listening.shares {
        let [Open::Tcp(listener)] = share.0.as_slice() else { panic!("one listener") };
        assert_eq!(listener.local_addr().expect("an address"), *at);
    }
}

#[test]
fn accepted_sockets_inherit_what_was_set_on_the_listener() {
    let listening = bind(&any_port(), 1).expect("bound");
    let [Open::Tcp(listener)] = listening.shares[0].0.as_slice() else { panic!("one listener") };
    listener.set_nonblocking(false).expect("set");
    let _caller =
        std::net::TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    let (accepted, _) = listener.accept().expect("accepted");
    assert!(accepted.nodelay().expect("told"));
    assert_eq!(socket2::SockRef::from(&accepted).tcp_notsent_lowat().expect("told"), super::UNSENT);
}

#[test]
fn a_taken_port_is_reported_with_its_address() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let at = taken.local_addr().expect("an address");
    let failed = bind(&[Address::Tcp(at)], 2).expect_err("taken");
    assert!(failed.to_string().starts_with(&format!("cannot listen on {at}: ")), "{failed}");
}

#[test]
fn a_second_gate_cannot_share_the_port_of_the_first() {
    let first = bind(&[Address::Tcp("127.0.0.1:0".parse().expect("an address"))], 2).expect("bound");
    let failed = bind(&first.addresses, 2).expect_err("shared");
    assert_eq!(failed.error.kind(), std::io::ErrorKind::AddrInUse);
    drop(first);
    bind(&[failed.address], 2).expect("free again");
}

#[test]
fn a_unix_socket_is_for_owner_and_group_and_its_file_goes_with_it() {
    let place = Place::new();
    let listening = bind(&place.address(), 2).expect("bound");
    assert_eq!(fs::metadata(&place.0).expect("a file").permissions().mode() & 0o777, 0o660);
    UnixStream::connect(&place.0).expect("connected");
    assert!(listening.shares.iter().all(|share| matches!(share.0.as_slice(), [Open::Unix(_)])));
    drop(listening);
    assert!(!place.0.exists());
}

#[test]
fn a_stale_socket_file_is_replaced_and_a_live_one_or_another_file_is_not() {
    let place = Place::new();
    let old = UnixListener::bind(&place.0).expect("bound");
    let failed = bind(&place.address(), 1).expect_err("live");
    assert!(failed.to_string().contains("another process listens"), "{failed}");
    drop(old);
    drop(bind(&place.address(), 1).expect("the stale file is replaced"));
    fs::write(&place.0, "mine").expect("written");
    bind(&place.address(), 1).expect_err("a file is in the way");
    assert_eq!(fs::read_to_string(&place.0).expect("read"), "mine");
}
