//! Other places to listen, to connect to, and to write records: unix sockets, several listeners, files, full disks.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::gate::{Audit, Gate, Nest, config};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::Ask;

const OPEN: &str = "routes: [{name: site, path_prefix: /, public: true}]\n";

#[test]
fn a_unix_socket_is_listened_on_beside_a_port() {
    let origin = Origin::start();
    let nest = Nest::new();
    let socket = nest.path("gate.sock");
    let listen = format!("listen: [\"127.0.0.1:0\", \"unix:{}\"]\n{OPEN}", socket.display());
    let gate = Gate::start_in(nest, &config(origin.addr, &listen));
    assert_eq!(gate.ask(&Ask::get("/tcp")).status, 200);
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(&Ask::get("/unix").field("Connection", "close").bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(origin.seen().pop().unwrap().target, "/unix");
}

#[test]
fn the_app_may_live_on_a_unix_socket() {
    let nest = Nest::new();
    let path = nest.path("app.sock");
    let app = UnixListener::bind(&path).unwrap();
    let answering = std::thread::spawn(move || {
        // A probe of readiness connects and says nothing; the request comes on another connection.
        for stream in app.incoming().take(20) {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            let (mut head, mut block) = (Vec::new(), [0; 1024]);
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut block) {
                    Ok(count @ 1..) => head.extend_from_slice(&block[..count]),
                    Ok(0) | Err(_) => break,
                }
            }
            if !head.is_empty() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix").unwrap();
                return String::from_utf8(head).unwrap();
            }
        }
        String::new()
    });
    let nowhere = ([127, 0, 0, 1], 9).into();
    let gate = Gate::start_in(nest, &config(nowhere, &format!("upstream: unix:{}\n{OPEN}", path.display())));
    assert_eq!(gate.ask(&Ask::get("/x")).body, b"unix");
    assert!(answering.join().unwrap().starts_with("GET /x HTTP/1.1\r\n"));
}

#[test]
fn records_go_to_a_file_and_are_there_at_once() {
    let origin = Origin::start();
    let nest = Nest::new();
    let (audit, access) = (nest.path("audit.jsonl"), nest.path("access.log"));
    let telemetry = format!(
        "telemetry: {{audit: {{file: {}}}, access_log: {{file: {}}}}}\n{OPEN}",
        audit.display(),
        access.display()
    );
    let gate = Gate::start_in(nest, &config(origin.addr, &telemetry));
    for number in 0..5 {
        let answer = gate.ask(&Ask::get(&format!("/{number}?secret=x")));
        let record = until(SOON, "the record is in the file", || {
            let lines: Vec<String> =
                std::fs::read_to_string(&audit).ok()?.lines().map(str::to_owned).collect();
            Audit::of(&lines).into_iter().find(|record| record.id() == answer.id())
        });
        assert_eq!((record.result(), record.text("resource")), ("allow", format!("/{number}").as_str()));
    }
    let ended = gate.stop();
    assert!(ended.out.is_empty(), "nothing on standard output: {:?}", ended.out);
    let access = std::fs::read_to_string(access).unwrap();
    assert_eq!(access.lines().count(), 5, "{access}");
    assert!(!access.contains("secret=x"), "{access}");
}

#[test]
fn a_full_disk_loses_records_loudly_and_no_request() {
    let origin = Origin::start();
    let config = format!("limits: {{audit_queue: 10}}\ntelemetry: {{audit: {{file: /dev/full}}}}\n{OPEN}");
    let gate = Gate::start(origin.addr, &config);
    for _ in 0..40 {
        assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    }
    until(SOON, "every lost record is counted", || {
        (gate.metric("sidegate_audit_dropped_total", &[]) >= 30.0).then_some(())
    });
}

#[test]
fn a_strict_audit_forwards_nothing_it_cannot_record() {
    let origin = Origin::start();
    let config = format!(
        "limits: {{audit_queue: 10}}\ntelemetry: {{audit: {{file: /dev/full, strict: true}}}}\n{OPEN}"
    );
    let gate = Gate::start(origin.addr, &config);
    let statuses: Vec<u16> = (0..40).map(|_| gate.ask(&Ask::get("/")).status).collect();
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(served <= 10, "{served} requests forwarded, and room for 10 records");
    assert_eq!(origin.count(), served);
}
