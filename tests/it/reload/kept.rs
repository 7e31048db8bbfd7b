//! What a reload keeps: counts, remembered messages, connections, and whatever is under way.

use crate::gate::{Gate, config};
use crate::origin::Origin;
use crate::sign::{stripe, unix_now};
use crate::wire::{Ask, Wire};

const SECRET: &str = "the signing secret of length";

fn version(origin: &Origin, extra: &str) -> String {
    config(
        origin.addr,
        &format!(
            "operational: {{rate_limit_per_minute: 10}}\nroutes:\n  \
             - {{name: hook, path: /hook, signature: {{provider: stripe, secrets: [{{id: a, value: \"{SECRET}\"}}]}}}}\n  \
             - {{name: site, path_prefix: /, public: true}}\n{extra}"
        ),
    )
}

fn delivery(at: i64) -> Ask {
    Ask::post("/hook", "{}").field("Stripe-Signature", &stripe(SECRET, at, b"{}"))
}

#[test]
fn counts_and_remembered_messages_survive() {
    let origin = Origin::start();
    let gate = Gate::start_in(crate::gate::Nest::new(), &version(&origin, ""));
    let at = unix_now();
    assert_eq!(gate.ask(&delivery(at)).status, 200);
    for _ in 0..6 {
        assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    }
    gate.reload(&version(&origin, "unmatched: deny\n"));
    let again = gate.ask(&delivery(at));
    assert_eq!((again.status, gate.record(again.id()).result().to_owned()), (200, "acknowledge".to_owned()));
    for _ in 0..3 {
        assert_eq!(gate.ask(&Ask::get("/")).status, 200);
    }
    assert_eq!(gate.ask(&Ask::get("/")).status, 429, "the count went on over the reload");
}

#[test]
fn connections_stay_open_and_are_judged_by_the_new_rules() {
    let origin = Origin::start();
    let gate = Gate::start_in(crate::gate::Nest::new(), &version(&origin, ""));
    let mut wire = Wire::to(gate.data);
    assert_eq!(wire.ask(&Ask::get("/")).status, 200);
    let closed = version(&origin, "security: {ip_denylist: [127.0.0.0/8]}\n");
    gate.reload(&closed);
    assert_eq!(wire.ask(&Ask::get("/")).status, 403, "same connection, new rules");
    gate.reload(&version(&origin, ""));
    assert_eq!(wire.ask(&Ask::get("/")).status, 200, "same connection, old rules again");
}

#[test]
fn what_is_under_way_is_judged_by_one_generation_to_its_end() {
    let origin = Origin::scripted(|talk| {
        if talk.target() == "/stream" {
            talk.begin(200, "")?;
            talk.chunk(b"first")?;
            // The second half waits for the caller, who waits for the reload.
            let _ = talk.body()?;
            talk.chunk(b"second")?;
            return talk.end("");
        }
        talk.body()?;
        talk.plain(200, b"ok")
    });
    let gate = Gate::start_in(crate::gate::Nest::new(), &version(&origin, ""));
    let old = gate.generation();
    let body = b"a body in two halves".to_vec();
    let ask = Ask::post("/hook", body.clone())
        .field("Stripe-Signature", &stripe(SECRET, unix_now(), &body))
        .bytes();
    let mut buffered = Wire::to(gate.data);
    buffered.send(&ask[..ask.len() - 10]).unwrap();
    let mut streamed = Wire::to(gate.data);
    streamed.send(b"POST /stream HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\nhello").unwrap();
    let head = streamed.answer_head().unwrap();
    assert_eq!((head.status, streamed.chunk().unwrap()), (200, b"first".to_vec()));

    let changed = version(&origin, "").replace(SECRET, "another secret altogether, long");
    let new = gate.reload(&changed);
    assert!(new > old);
    buffered.send(&ask[ask.len() - 10..]).unwrap();
    let answer = buffered.answer("POST").unwrap();
    assert_eq!(answer.status, 200, "judged by the secret it arrived under");
    assert_eq!(gate.record(answer.id()).generation(), old);
    streamed.send(b"world").unwrap();
    assert_eq!(streamed.chunk().unwrap(), b"second");
    assert!(streamed.chunk().unwrap().is_empty());
    assert_eq!(
        buffered
            .ask(
                &Ask::post("/hook", body.clone())
                    .field("Stripe-Signature", &stripe(SECRET, unix_now() - 1, &body))
            )
            .status,
        401
    );
}
