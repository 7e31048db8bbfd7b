//! The shortest way through: started, asked, forwarded, recorded, stopped.

use crate::frames::{H2, Outcome};
use crate::gate::Gate;
use crate::origin::Origin;
use crate::sign::github_post;
use crate::wire::Ask;

const SECRET: &str = "It's a Secret to Everybody";

#[test]
fn six_lines_of_yaml_protect_an_app() {
    let origin = Origin::start();
    let gate =
        Gate::start(origin.addr, "security:\n  webhook_secrets: {github: \"It's a Secret to Everybody\"}\n");
    let passed = gate.ask(&github_post("/webhook/github", SECRET, b"Hello, World!"));
    assert_eq!((passed.status, passed.body.as_slice()), (200, b"ok".as_slice()));
    let refused =
        gate.ask(&github_post("/webhook/github", "another secret of some length", b"Hello, World!"));
    assert_eq!(refused.status, 401);
    let nowhere = gate.ask(&Ask::get("/other"));
    assert_eq!(nowhere.status, 404);
    assert_eq!(H2::to(gate.data).ask(1, "GET", "/other", &[]), Outcome::Answer(404, nowhere.body.len()));

    let seen = origin.seen();
    assert_eq!(seen.len(), 1, "only the signed request reached the app");
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("POST", "/webhook/github"));
    assert_eq!(seen[0].body, b"Hello, World!");
    assert_eq!(gate.record(passed.id()).result(), "allow");
    assert_eq!(gate.record(refused.id()).reason(), "signature_wrong");
    assert_eq!(gate.record(nowhere.id()).reason(), "no_route");

    let ended = gate.stop();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(ended.audit.len(), 4, "{:?}", ended.out);
}
