use std::net::TcpListener;
use std::path::PathBuf;

use super::*;

fn upstream(target: UpstreamTarget) -> Upstream {
    Upstream {
        target,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        max_connections: 1,
    }
}

fn tcp(port: u16) -> Upstream {
    upstream(UpstreamTarget::Tcp { host: "127.0.0.1".into(), port })
}

fn ask(probes: &Probes, upstream: &Upstream) -> Found {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(probes.ask(upstream))
}

#[test]
fn an_open_port_is_well_and_a_closed_one_is_told_with_its_address() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = app.local_addr().unwrap().port();
    assert_eq!(ask(&Probes::default(), &tcp(port)), Ok(()));
    drop(app);
    let message = ask(&Probes::default(), &tcp(port)).unwrap_err();
    assert!(message.starts_with(&format!("127.0.0.1:{port}: ")), "{message}");
}

#[test]
fn an_answer_is_kept_for_a_moment() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = tcp(app.local_addr().unwrap().port());
    let probes = Probes::default();
    assert_eq!(ask(&probes, &upstream), Ok(()));
    drop(app);
    assert_eq!(ask(&probes, &upstream), Ok(()), "not asked again yet");
}

#[test]
fn a_missing_unix_socket_is_told_by_its_path() {
    let upstream = upstream(UpstreamTarget::Unix(PathBuf::from("/nonexistent/app.sock")));
    let message = ask(&Probes::default(), &upstream).unwrap_err();
    assert!(message.starts_with("unix:/nonexistent/app.sock: "), "{message}");
}

#[test]
fn targets_read_as_they_are_written() {
    let name = |host: &str| name(&UpstreamTarget::Tcp { host: host.into(), port: 3000 });
    assert_eq!(name("localhost"), "localhost:3000");
    assert_eq!(name("::1"), "[::1]:3000");
}
