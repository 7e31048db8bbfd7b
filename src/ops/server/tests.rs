use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::ops::tests::bench;

#[test]
fn a_connection_serves_several_requests() {
    let bench = bench();
    let mut stream = TcpStream::connect(bench.ops).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /startup HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).unwrap();
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn many_idle_connections_do_not_keep_the_probes_out() {
    let bench = bench();
    let crowd: Vec<TcpStream> =
        (0..MOST_CONNECTIONS * 2).map(|_| TcpStream::connect(bench.ops).unwrap()).collect();
    assert_eq!(bench.ops("GET /health").status, 200);
    let mut oldest = &crowd[0];
    oldest.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(oldest.read(&mut [0; 1]).unwrap(), 0, "the oldest had to go");
}

#[test]
fn a_head_without_end_and_one_too_large_are_cut_off() {
    let bench = bench();
    let mut slow = TcpStream::connect(bench.ops).unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut large = TcpStream::connect(bench.ops).unwrap();
    let _ = large.write_all(format!("GET /health HTTP/1.1\r\nx: {}", "a".repeat(HEAD_SIZE * 2)).as_bytes());
    for stream in [&mut large, &mut slow] {
        stream.set_read_timeout(Some(HEAD * 2)).unwrap();
        let mut text = Vec::new();
        // Reset or closed, with or without a refusal before; never a 200.
        let _ = stream.read_to_end(&mut text);
        assert!(!text.starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn a_wrong_address_is_told_with_its_key() {
    let address = Address::Unix("/nonexistent/ops.sock".into());
    let text = Door::open(Port::Ops, &address).unwrap_err().to_string();
    assert!(text.starts_with("ops: cannot listen on unix:/nonexistent/ops.sock ("), "{text}");
}
