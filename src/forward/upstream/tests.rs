mod answers;
mod beside_hyper;
mod early;
mod http2;
mod reuse;

use super::bench::{App, Bodies, eventually, run};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const GET: &str = "GET /a?b HTTP/1.1\r\nHost: app\r\n\r\n";
const POST: &str = "POST /a HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody";

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}

#[test]
fn a_request_goes_and_its_answer_comes() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        let answer = gate.ask(GET).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
        assert!(answer.contains("x-request-id: "));
        assert!(app.head(0).starts_with("GET /a?b HTTP/1.1\r\nhost: app\r\n"), "{}", app.head(0));
        assert_eq!(gate.told("allow", "ok"), 1);
        eventually(|| gate.observer.in_flight() == 0).await;
    });
}

#[test]
fn a_chunked_body_and_its_trailers_go_through_byte_for_byte() {
    let request = "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\nx-sidegate-route: evil\r\n\r\n";
    for bodies in [Bodies::Streamed, Bodies::Whole] {
        run(async {
            let bodies_seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
            let seen = std::rc::Rc::clone(&bodies_seen);
            let app = App::start(move |mut session| {
                let seen = std::rc::Rc::clone(&seen);
                async move {
                    while let Some(body) = session.request().await {
                        seen.borrow_mut().push(String::from_utf8(body).unwrap());
                        session.say(OK).await;
                    }
                }
            })
            .await;
            let gate = app.gate();
            gate.bodies.set(bodies);
            assert_eq!(status(&gate.ask(request).await), "200");
            assert!(app.head(0).contains("transfer-encoding: chunked"));
            let body = bodies_seen.borrow()[0].clone();
            assert!(body.ends_with("0\r\nx-sum: 5\r\n\r\n"), "{body:?}");
            let plain: String =
                body.split("\r\n").filter(|part| part.chars().all(|c| ('a'..='e').contains(&c))).collect();
            assert_eq!(plain, "abcde");
        });
    }
}

#[test]
fn an_empty_chunked_body_stays_a_body() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        for bodies in [Bodies::Streamed, Bodies::Whole] {
            gate.bodies.set(bodies);
            let request = "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
            assert_eq!(status(&gate.ask(request).await), "200");
        }
        assert!(app.head(0).contains("transfer-encoding: chunked"));
        assert!(app.head(1).contains("transfer-encoding: chunked"));
        assert_eq!(app.accepted.get(), 1);
    });
}

#[test]
fn an_empty_request_gets_no_length_it_did_not_have() {
    run(async {
        let app = App::answering(OK).await;
        let gate = app.gate();
        gate.bodies.set(Bodies::Whole);
        assert_eq!(status(&gate.ask(GET).await), "200");
        assert!(!app.head(0).contains("content-length"), "{}", app.head(0));
    });
}
