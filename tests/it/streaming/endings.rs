//! Ends: trailers, answers without a body, early answers, broken apps, broken callers.

use std::time::Duration;

use crate::frames::{END_HEADERS, END_STREAM, H2, Outcome, WHOLE, block, frame, kind, request};
use crate::gate::Gate;
use crate::origin::{Next, Origin, Talk};
use crate::pace::{SOON, until};
use crate::wire::{Ask, Broken, Wire};

const OPEN: &str = "limits: {body_idle: 2s}\nroutes: [{name: site, path_prefix: /, public: true}]\n";

#[test]
fn trailers_are_kept_both_ways() {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        talk.begin(200, "Trailer: X-Sum\r\n")?;
        talk.chunk(b"answer")?;
        talk.end("X-Sum: 42\r\n")
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    wire.send(b"POST /t HTTP/1.1\r\nHost: gate.test\r\nTE: trailers\r\nTrailer: X-Digest\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Digest: abc\r\n\r\n")
        .unwrap();
    let answer = wire.answer("POST").unwrap();
    assert_eq!(answer.body, b"answer");
    assert_eq!(
        answer.trailers,
        [("x-sum".to_owned(), "42".to_owned())].map(|(n, v)| (n, v)),
        "{:?}",
        answer.trailers
    );
    let seen = origin.seen().pop().unwrap();
    assert_eq!(seen.trailers.len(), 1, "{seen:?}");
    assert_eq!(seen.trailers[0].1, b"abc");

    let mut connection = H2::to(gate.data);
    connection
        .send(&request(1, "POST", "/t", &[("te", "trailers"), ("trailer", "x-digest")], END_HEADERS))
        .unwrap();
    connection.send(&frame(kind::DATA, 0, 1, b"hello")).unwrap();
    connection.send(&frame(kind::HEADERS, WHOLE, 1, &block(&[(b"x-digest", b"def")]))).unwrap();
    assert_eq!(connection.outcome(1), Outcome::Answer(200, 6));
    assert_eq!(origin.seen().pop().unwrap().trailers[0].1, b"def");
}

#[test]
fn head_and_empty_answers_have_no_body_and_keep_the_connection() {
    let origin = Origin::scripted(|talk| match talk.target().as_str() {
        "/204" => talk.answer(204, "X-A: b\r\n", b""),
        "/304" => talk.answer(304, "ETag: \"x\"\r\n", b""),
        "/empty" => talk.plain(200, b""),
        _ => talk.plain(200, b"a body"),
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    let head = wire.ask(&Ask::new("HEAD", "/x"));
    assert_eq!((head.status, head.one("content-length"), head.body.len()), (200, "6", 0));
    for (path, status) in [("/204", 204), ("/304", 304), ("/empty", 200)] {
        let answer = wire.ask(&Ask::get(path));
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{path}");
    }
    assert_eq!(wire.ask(&Ask::get("/304")).one("etag"), "\"x\"");
    assert_eq!(wire.ask(&Ask::get("/x")).body, b"a body");
    let refused = wire.ask(&Ask::new("HEAD", "/x#y"));
    assert_eq!((refused.status, refused.body.len()), (400, 0));
    assert_eq!(H2::to(gate.data).ask(1, "HEAD", "/x", &[]), Outcome::Answer(200, 0));
}

#[test]
fn the_apps_own_answer_is_passed_on_as_it_is() {
    let fields = "Server: my-app/1.0\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nX-Odd:  spaced  value\r\nCache-Control: no-store\r\nX-Request-Id: the-apps-own\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\n";
    let origin = Origin::scripted(move |talk| {
        talk.body()?;
        talk.answer(418, fields, b"\x00\xff teapot")
    });
    let gate = Gate::start(origin.addr, OPEN);
    let answer = gate.ask(&Ask::get("/x"));
    assert_eq!((answer.status, answer.body.as_slice()), (418, b"\x00\xff teapot".as_slice()));
    assert_eq!(answer.one("server"), "my-app/1.0");
    assert_eq!(answer.all("set-cookie"), ["a=b; Path=/", "c=d"]);
    assert_eq!(answer.one("x-odd"), "spaced  value");
    assert_eq!(answer.one("x-request-id"), "the-apps-own", "ours only where absent");
    assert!(answer.all("keep-alive").is_empty(), "hop by hop");
}

#[test]
fn interim_answers_of_the_app_do_no_harm() {
    let origin = Origin::scripted(|talk| {
        talk.raw(b"HTTP/1.1 102 Processing\r\n\r\n")?;
        talk.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")?;
        talk.body()?;
        talk.plain(200, b"final")
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    for _ in 0..3 {
        let answer = wire.ask(&Ask::post("/x", "y"));
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"final".as_slice()));
    }
}

#[test]
fn an_answer_before_the_body_is_in_ends_the_exchange_cleanly() {
    let origin = Origin::scripted(|talk| {
        if talk.target() == "/early" {
            talk.answer(413, "Connection: close\r\n", b"too much")?;
            return Ok(Next::Close);
        }
        talk.body()?;
        talk.plain(200, b"ok")
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    wire.send(b"POST /early HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 1000000\r\n\r\nsome").unwrap();
    let answer = wire.answer("POST").unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (413, b"too much".as_slice()));
    // The rest of that body is never read as a request.
    let _ = wire.send(b"GET /smuggled HTTP/1.1\r\nHost: gate.test\r\n\r\n");
    wire.finish();
    let _ = wire.rest();
    for _ in 0..5 {
        assert_eq!(gate.ask(&Ask::post("/x", "y")).body, b"ok");
    }
    assert!(origin.seen().iter().all(|seen| seen.target != "/smuggled"));
}

/// What a broken app does, and the status its caller gets.
type Malady = (&'static str, u16, fn(&mut Talk) -> std::io::Result<Next>);

fn maladies() -> Vec<Malady> {
    vec![
        ("closes", 502, |_| Ok(Next::Close)),
        ("no-http", 502, |talk| talk.raw(b"SSH-2.0-OpenSSH\r\n").map(|()| Next::Close)),
        ("garbage", 502, |talk| talk.raw(&[0xff; 100]).map(|()| Next::Close)),
        ("half-head", 502, |talk| talk.raw(b"HTTP/1.1 200 OK\r\nContent-Le").map(|()| Next::Close)),
        ("http-0.9", 502, |talk| talk.raw(b"<html>hello</html>").map(|()| Next::Close)),
        ("bad-status", 502, |talk| talk.raw(b"HTTP/1.1 2000 OK\r\n\r\n").map(|()| Next::Close)),
        ("status-word", 502, |talk| talk.raw(b"HTTP/1.1 abc OK\r\n\r\n").map(|()| Next::Close)),
        ("two-lengths", 502, |talk| {
            talk.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc")
                .map(|()| Next::Close)
        }),
        ("bad-length", 502, |talk| {
            talk.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").map(|()| Next::Close)
        }),
        ("switching", 502, |talk| {
            talk.raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
                .map(|()| Next::Close)
        }),
        ("endless-head", 502, |talk| {
            talk.raw(b"HTTP/1.1 200 OK\r\n")?;
            for number in 0..200_000 {
                talk.raw(format!("X-{number}: y\r\n").as_bytes())?;
            }
            Ok(Next::Close)
        }),
    ]
}

#[test]
fn a_broken_app_gives_a_502_and_poisons_no_other_request() {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        let malady = maladies().into_iter().find(|(name, ..)| talk.target() == format!("/{name}"));
        match malady {
            Some((_, _, act)) => act(talk),
            None => talk.plain(200, b"sound"),
        }
    });
    let gate = Gate::start(origin.addr, OPEN);
    for (name, status, _) in maladies() {
        let answer = gate.ask(&Ask::post(&format!("/{name}"), "once"));
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(gate.record(answer.id()).result(), "error", "{name}");
        assert_eq!(gate.ask(&Ask::get("/sound")).body, b"sound", "after {name}");
    }
    let posts = origin.seen().iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(posts, maladies().len(), "each POST reached the app once");
}

#[test]
fn bytes_behind_an_answer_are_given_to_nobody() {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        match talk.target().as_str() {
            "/extra" => talk.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokSTOLEN")?,
            "/two" => talk.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSTOLEN")?,
            "/204" => talk.raw(b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSTOLEN")?,
            _ => return talk.plain(200, b"own"),
        }
        Ok(Next::Keep)
    });
    let gate = Gate::start(origin.addr, OPEN);
    let mut wire = Wire::to(gate.data);
    for path in ["/extra", "/two", "/204"] {
        for _ in 0..20 {
            let _ = wire.try_ask(&Ask::get(path));
            wire = Wire::to(gate.data);
            let next = wire.ask(&Ask::get("/next"));
            assert_eq!(next.body, b"own", "after {path}");
        }
    }
}

#[test]
fn an_answer_that_breaks_off_is_cut_for_the_caller_and_recorded() {
    let origin = Origin::scripted(|talk| {
        talk.body()?;
        if talk.target() == "/length" {
            talk.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")?;
        } else {
            talk.begin(200, "")?;
            talk.chunk(b"only this")?;
        }
        Ok(Next::Close)
    });
    let gate = Gate::start(origin.addr, OPEN);
    for path in ["/length", "/chunked"] {
        let mut wire = Wire::to(gate.data).patience(Duration::from_secs(5));
        wire.send(&Ask::get(path).bytes()).unwrap();
        let broken = wire.answer("GET");
        assert!(matches!(broken, Err(Broken::Cut(_) | Broken::Closed)), "{path}: {broken:?}");
    }
    let mut connection = H2::to(gate.data);
    // The reset may overtake the head; the answer is never whole.
    let outcome = connection.ask(1, "GET", "/chunked", &[]);
    let is_cut = matches!(outcome, Outcome::Reset(_, Some(200) | None));
    assert!(is_cut, "over HTTP/2: {outcome:?}");
}

#[test]
fn a_body_its_caller_breaks_off_never_looks_whole_to_the_app() {
    let origin = Origin::start();
    let gate = Gate::start(origin.addr, OPEN);
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut wire = Wire::to(gate.data);
        let begun = if head.starts_with('C') { "some" } else { "4\r\nsome\r\n" };
        wire.send(format!("POST /cut HTTP/1.1\r\nHost: gate.test\r\n{head}\r\n\r\n{begun}").as_bytes())
            .unwrap();
    }
    let mut connection = H2::to(gate.data);
    connection.send(&request(1, "POST", "/cut", &[], END_HEADERS)).unwrap();
    connection.send(&frame(kind::DATA, 0, 1, b"some")).unwrap();
    connection.send(&frame(kind::RST_STREAM, 0, 1, &8u32.to_be_bytes())).unwrap();
    let mut whole = H2::to(gate.data);
    whole.send(&request(1, "POST", "/whole", &[], END_HEADERS)).unwrap();
    whole.send(&frame(kind::DATA, END_STREAM, 1, b"some")).unwrap();
    assert_eq!(whole.outcome(1), Outcome::Answer(200, 2));
    let ended = gate.stop();
    let cut: Vec<_> = origin.seen().into_iter().filter(|seen| seen.target == "/cut").collect();
    assert!(cut.iter().all(|seen| !seen.whole), "{cut:?}");
    let allowed = ended.audit.iter().filter(|record| record.result() == "allow").count();
    assert_eq!(allowed, 1, "{:?}", ended.audit);
    assert_eq!(
        ended.audit.iter().filter(|record| record.result() == "error").count(),
        3,
        "{:?}",
        ended.audit
    );
}

#[test]
fn an_app_that_dies_and_comes_back_gets_every_post_at_most_once() {
    let origin = Origin::start();
    let addr = origin.addr;
    let gate = Gate::start(addr, OPEN);
    let mut delivered: Vec<String> = Vec::new();
    let mut running = Some(origin);
    let (mut ok, mut failed) = (0, 0);
    for number in 0..120 {
        // Down for the middle third of every thirty, and all pooled connections cut.
        match number % 30 {
            10 => {
                let origin = running.take().unwrap();
                delivered.extend(origin.seen().iter().map(|seen| seen.one("x-number")));
                drop(origin);
            }
            20 => {
                running = Some(Origin::scripted_at(addr, |talk| {
                    talk.body()?;
                    talk.plain(200, b"ok")
                }))
            }
            25 => running.as_ref().unwrap().cut(),
            _ => {}
        }
        let up = running.is_some();
        let status = gate.ask(&Ask::post("/x", "y").field("X-Number", &number.to_string())).status;
        match (up, status) {
            (_, 200) => ok += 1,
            (false, 502 | 503) | (true, 502) => failed += 1,
            (_, other) => panic!("request {number}: {other} while up is {up}"),
        }
    }
    delivered.extend(running.unwrap().seen().iter().map(|seen| seen.one("x-number")));
    let mut unique = delivered.clone();
    unique.sort();
    unique.dedup();
    println!("{ok} answered, {failed} failed, {} delivered", delivered.len());
    assert_eq!(unique.len(), delivered.len(), "a POST was delivered twice");
    assert!(ok >= 78, "only {ok} of the 80 sent while the app was up");
    until(SOON, "the pool has no dead connection left", || {
        (gate.ask(&Ask::get("/x")).status == 502).then_some(())
    });
}
