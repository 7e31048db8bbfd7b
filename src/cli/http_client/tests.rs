use std::net::{Ipv4Addr, TcpListener};

use super::*;

const SHORT: Duration = Duration::from_millis(50);

fn tried(port: u16) -> Result<Reply, String> {
    let door = Door::Tcp(format!("127.0.0.1:{port}"));
    call(&door, &Call { method: "GET", target: "/", host: "a", headers: &[], body: &[], timeout: SHORT })
}

#[test]
fn an_answer_that_never_comes_is_told_as_that() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    assert_eq!(tried(port).unwrap_err(), format!("127.0.0.1:{port}: no answer within 0.05 s"));
}

#[test]
fn a_port_where_nobody_listens_is_told_at_once() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let problem = tried(port).unwrap_err();
    assert!(problem.contains("cannot connect: ") && problem.contains("refused"), "{problem}");
}

#[test]
fn each_step_that_waits_in_vain_says_which_and_how_long() {
    let waited = Duration::from_secs(30);
    for (step, kind, expected) in [
        (Step::Connect, ErrorKind::TimedOut, "cannot connect within 30 s"),
        (Step::Write, ErrorKind::WouldBlock, "cannot send the request within 30 s"),
        (Step::Read, ErrorKind::WouldBlock, "no answer within 30 s"),
        (Step::Read, ErrorKind::TimedOut, "no answer within 30 s"),
    ] {
        assert_eq!(told(step, &kind.into(), waited), expected);
    }
    let reset = told(Step::Read, &ErrorKind::ConnectionReset.into(), waited);
    assert_eq!(reset, "no answer: connection reset");
}
