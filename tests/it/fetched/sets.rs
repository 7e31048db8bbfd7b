//! Key sets by URL: fetched, refreshed, kept while the host is away, given up when they are too old.

use super::ca::Authority;
use super::host::{Host, Reply};
use super::signer::{Signer, set};
use crate::gate::{Gate, Nest, config};
use crate::origin::Origin;
use crate::pace::{SOON, until};

/// A gate whose keys lie at `https://localhost:PORT/keys.json`.
pub(super) struct Rig {
    pub(super) origin: Origin,
    pub(super) host: Host,
    pub(super) gate: Gate,
}

/// What is written of the secret beside its URL, and of the host beside its name.
pub(super) const USUAL: (&str, &str) = ("refresh: 1h", "allow_private: true, ca_file: ca.pem");

pub(super) fn text(origin: &Origin, host: &Host, (secret, allowed): (&str, &str), more: &str) -> String {
    let port = host.addr.port();
    config(
        origin.addr,
        &format!(
            "outbound: {{allowed_hosts: [{{host: \"localhost:{port}\", {allowed}}}]}}\nroutes:\n  - name: plaid\n    \
             path: /plaid\n    signature: {{provider: plaid, secrets: [{{id: keys, url: \
             \"https://localhost:{port}/keys.json\", {secret}}}]}}\n{more}"
        ),
    )
}

pub(super) fn rig(authority: &Authority, host: Host, words: (&str, &str)) -> Rig {
    let origin = Origin::start();
    let nest = Nest::new();
    nest.write("ca.pem", &authority.pem);
    let gate = Gate::start_in(nest, &text(&origin, &host, words, ""));
    Rig { origin, host, gate }
}

fn good(keys: &[&Signer]) -> Reply {
    Reply::Good(set(keys))
}

/// Waits until deliveries of `signer` pass; each has a body of its own.
pub(super) fn passes(gate: &Gate, signer: &Signer, what: &str) {
    let mut number = 0;
    until(SOON, what, || {
        number += 1;
        let answer = gate.ask(&signer.delivery("/plaid", &format!("{{\"{what}\":{number}}}")));
        (answer.status == 200).then_some(())
    });
}

fn fetches(gate: &Gate, result: &str) -> f64 {
    gate.metric("sidegate_key_fetches_total", &[&format!("result=\"{result}\"")])
}

#[test]
fn a_key_set_is_fetched_and_a_new_key_is_noticed_once_a_minute_at_most() {
    let authority = Authority::new("test root");
    let (one, two, stranger) = (Signer::new("k1"), Signer::new("k2"), Signer::new("k3"));
    let host = Host::start(&authority, "localhost", good(&[&one]));
    let Rig { origin, host, gate } = rig(&authority, host, USUAL);
    passes(&gate, &one, "the first key");
    assert_eq!(host.targets(), ["/keys.json"], "one fetch, of what was written");
    let known = one.delivery("/plaid", "{\"seen\":1}");
    assert_eq!(gate.ask(&known).status, 200);
    let audit = gate.out.find(SOON, |lines| lines.iter().find(|line| line.contains("keys.fetch")).cloned());
    assert!(audit.unwrap().contains("\"resource\":\"plaid/keys\""), "the change is in the audit");

    host.reply(good(&[&one, &two]));
    let refused = gate.ask(&two.delivery("/plaid", "{\"too\":\"early\"}"));
    assert_eq!(refused.status, 401, "its key is not known yet");
    passes(&gate, &two, "the second key");
    assert_eq!(host.hits(), 2, "an unknown key brought one fetch forward");
    let again = gate.ask(&known);
    assert_eq!(
        gate.record(again.id()).result(),
        "acknowledge",
        "what was seen before the change is still known"
    );

    let seen = origin.count();
    for number in 0..300 {
        let forged = gate.ask(&stranger.delivery("/plaid", &format!("{{\"forged\":{number}}}")));
        assert_eq!(forged.status, 401);
    }
    assert_eq!(host.hits(), 2, "a flood of unknown keys fetches nothing within the minute");
    assert_eq!(origin.count(), seen);
    assert!(
        gate.look("/ready?verbose").unwrap().text().contains("[+] keys of plaid/keys: https://localhost")
    );
    assert_eq!(gate.metric("sidegate_fetched_keys_missing", &[]), 0.0);
    assert_eq!((fetches(&gate, "applied"), fetches(&gate, "refused")), (2.0, 0.0));
}

#[test]
fn before_the_first_fetch_deliveries_are_answered_503_and_ready_says_why() {
    let authority = Authority::new("test root");
    let one = Signer::new("k1");
    let host = Host::start(&authority, "localhost", Reply::Gone);
    let Rig { origin, host, gate } = rig(&authority, host, USUAL);
    let refused = gate.ask(&one.delivery("/plaid", "{}"));
    assert_eq!((refused.status, refused.one("retry-after")), (503, "2"));
    assert_eq!(gate.record(refused.id()).reason(), "unavailable");
    until(SOON, "the failure is told", || {
        let ready = gate.ready();
        let told = ready["dependencies"]["keys of plaid/keys"]["message"].as_str()?.to_owned();
        (ready["status"] == "degraded" && told.contains("not fetched yet") && told.contains("last attempt"))
            .then_some(())
    });
    assert_eq!(gate.metric("sidegate_fetched_keys_missing", &[]), 1.0);
    assert_eq!(origin.count(), 0);
    host.reply(good(&[&one]));
    passes(&gate, &one, "the host is back");
    until(SOON, "ready is healthy", || (gate.ready()["status"] == "healthy").then_some(()));
}

#[test]
fn keys_that_are_too_old_no_longer_count_and_come_back_with_the_host() {
    let authority = Authority::new("test root");
    let one = Signer::new("k1");
    let host = Host::start(&authority, "localhost", good(&[&one]));
    let words = ("refresh: 1s, max_stale: 3s", USUAL.1);
    let Rig { origin: _origin, host, gate } = rig(&authority, host, words);
    passes(&gate, &one, "the first fetch");
    host.reply(Reply::Gone);
    until(SOON, "max_stale is over", || {
        (gate.ask(&one.delivery("/plaid", "{\"stale\":1}")).status == 503).then_some(())
    });
    gate.err
        .find(SOON, |lines| lines.iter().any(|line| line.contains("max_stale is over")).then_some(()))
        .unwrap();
    assert_eq!(gate.ready()["status"], "degraded");
    host.reply(good(&[&one]));
    passes(&gate, &one, "the host is back");
}

#[test]
fn a_reload_keeps_what_was_fetched_and_an_edit_can_begin_and_end_fetching() {
    let authority = Authority::new("test root");
    let one = Signer::new("k1");
    let host = Host::start(&authority, "localhost", good(&[&one]));
    let origin = Origin::start();
    let nest = Nest::new();
    nest.write("ca.pem", &authority.pem);
    let none = config(origin.addr, "routes:\n  - {name: site, path: /site, public: true}\n");
    let gate = Gate::start_in(nest, &none);
    assert_eq!(host.hits(), 0);
    gate.reload(&text(&origin, &host, USUAL, ""));
    passes(&gate, &one, "the first fetch");
    host.reply(Reply::Gone);
    gate.reload(&text(&origin, &host, USUAL, "  - {name: more, path: /more, public: true}\n"));
    assert_eq!(gate.ask(&one.delivery("/plaid", "{\"kept\":1}")).status, 200, "at once, with no fetch");
    assert_eq!(host.hits(), 1);
    let joined = text(&origin, &host, USUAL, "");
    let second = joined.split_once("  - name: plaid").unwrap().1.replace("/plaid", "/second");
    gate.reload(&format!("{joined}  - name: second{}", second.replace("refresh: 1h", "refresh: 2h")));
    assert_eq!(gate.ask(&one.delivery("/second", "{\"joined\":1}")).status, 200, "what lies there is known");
    assert_eq!(host.hits(), 1);
    let other = text(&origin, &host, USUAL, "").replace("/keys.json", "/other.json");
    gate.reload(&other);
    assert_eq!(gate.ask(&one.delivery("/plaid", "{\"kept\":2}")).status, 503, "another place, other keys");
    gate.reload(&none);
    assert!(!gate.look("/ready?verbose").unwrap().text().contains("keys of plaid"));
}
