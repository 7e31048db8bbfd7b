use super::*;

fn upstream(target: UpstreamTarget, max_connections: usize) -> Upstream {
    Upstream {
        target,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(60),
        idle_timeout: Duration::from_millis(1500),
        max_connections,
    }
}

fn tcp(host: &str) -> UpstreamTarget {
    UpstreamTarget::Tcp { host: host.into(), port: 80 }
}

#[test]
fn a_literal_address_needs_no_resolver() {
    assert_eq!(
        *Target::new(&upstream(tcp("127.0.0.1"), 1)).place(),
        Place::Address(([127, 0, 0, 1], 80).into())
    );
    let six = Target::new(&upstream(tcp("::1"), 1));
    assert_eq!(*six.place(), Place::Address("[::1]:80".parse().expect("an address")));
    assert_eq!(*Target::new(&upstream(tcp("app"), 1)).place(), Place::Name("app".into(), 80));
}

#[test]
fn the_waiting_room_is_bounded_and_emptied() {
    let target = Target::new(&upstream(tcp("app"), 1));
    let places: Vec<_> = (0..LEAST_WAITING).map(|_| target.wait().expect("room")).collect();
    assert!(target.wait().is_none());
    assert_eq!(target.waiting(), LEAST_WAITING);
    drop(places);
    assert_eq!(target.waiting(), 0);
    assert!(target.wait().is_some());
}

#[test]
fn no_connections_at_all_means_one() {
    assert_eq!(Target::new(&upstream(tcp("app"), 0)).permits.available_permits(), 1);
}
