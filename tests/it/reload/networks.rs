//! Address lists of providers: published as JSON, made lines of by the commands `docs/PROVIDERS.md` shows, refreshed
//! while serving; a refresh that went wrong changes nothing.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::gate::{Gate, Nest, config};
use crate::origin::Origin;
use crate::pace::{SOON, until};
use crate::wire::Ask;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/PROVIDERS.md");

/// Who publishes, in what form, and what the list must be. Documentation addresses stand for the real ones.
const PUBLISHED: [(&str, &str, &str); 4] = [
    (
        "GitHub",
        r#"{"verifiable_password_authentication":false,"hooks":["192.0.2.0/24","2001:db8::/48"],"web":["203.0.113.0/24"]}"#,
        "192.0.2.0/24\n2001:db8::/48\n",
    ),
    ("Stripe", r#"{"WEBHOOKS":["192.0.2.7","198.51.100.9"]}"#, "192.0.2.7\n198.51.100.9\n"),
    (
        "Atlassian",
        r#"{"creationDate":"x","items":[{"network":"192.0.2.0","mask_len":25,"cidr":"192.0.2.0/25","product":["jira","trello"],"direction":["egress"]},
            {"cidr":"203.0.113.0/24","product":["jira"],"direction":["ingress"]},{"cidr":"198.51.100.0/24","product":["statuspage"],"direction":["egress"]}]}"#,
        "192.0.2.0/25\n",
    ),
    (
        "AWS",
        r#"{"prefixes":[{"ip_prefix":"192.0.2.0/24","region":"us-east-1","service":"EC2"},{"ip_prefix":"203.0.113.0/24","region":"eu-west-1","service":"EC2"},
            {"ip_prefix":"198.51.100.0/24","region":"us-east-1","service":"S3"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/40","region":"us-east-1","service":"EC2"}]}"#,
        "192.0.2.0/24\n2001:db8::/40\n",
    ),
];

/// The program of the line that names this provider.
fn program(page: &str, provider: &str) -> String {
    let line = page.lines().find(|line| line.starts_with(&format!("| {provider} | `"))).unwrap();
    let (_, program) = line.split_once("jq -er '").unwrap();
    program.split('\'').next().unwrap().replace("\\|", "|")
}

/// What jq makes of a text: its exit code and its output; `None` where there is no jq (`tests/run` installs it).
fn jq(program: &str, text: &str) -> Option<(Option<i32>, String)> {
    let mut command = Command::new("jq");
    command.args(["-er", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.code(), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn the_commands_shown_make_lists_of_what_providers_publish() {
    let page = fs::read_to_string(PAGE).unwrap();
    for (provider, published, list) in PUBLISHED {
        let program = program(&page, provider);
        let Some(made) = jq(&program, published) else { return };
        assert_eq!(made, (Some(0), list.to_owned()), "{provider}: {program}");
        for broken in
            ["", "{}", "<html>", r#"{"hooks":[],"WEBHOOKS":[],"items":[],"prefixes":[],"ipv6_prefixes":[]}"#]
        {
            let (code, made) = jq(&program, broken).unwrap();
            assert!(
                code != Some(0) || made.is_empty(),
                "{provider}: {broken} must not become a list: {made}"
            );
        }
    }
}

#[test]
fn a_refreshed_list_counts_at_once_and_a_broken_one_not_at_all() {
    let origin = Origin::start();
    let nest = Nest::new();
    let text = format!(
        "security: {{trusted_proxies: [127.0.0.0/8]}}\nroutes:\n  - {{name: hook, path: /hook, public: true, \
         ip_allowlist: {{file: {}}}}}\n",
        nest.path("list").display()
    );
    let status = |gate: &Gate, from: &str| gate.ask(&Ask::get("/hook").field("X-Forwarded-For", from)).status;
    let (_, _, first) = PUBLISHED[0];
    nest.write("list", first);
    let gate = Gate::start_in(nest, &config(origin.addr, &text));
    assert_eq!((status(&gate, "192.0.2.9"), status(&gate, "198.51.100.9")), (200, 403));
    let (_, published, second) = PUBLISHED[1];
    let before = gate.generation();
    gate.nest.write("list", second);
    let generation = until(SOON, "the new list", || Some(gate.generation()).filter(|now| *now > before));
    assert_eq!((status(&gate, "198.51.100.9"), status(&gate, "192.0.2.9")), (200, 403));

    let unchanged = |what: &str, generation: u64| {
        until(SOON, what, || (gate.ready()["status"] == "degraded").then_some(()));
        let found = (gate.generation(), status(&gate, "198.51.100.9"), status(&gate, "192.0.2.9"));
        assert_eq!(found, (generation, 200, 403), "{what}: the last good list stays");
    };
    for (broken, what) in [
        ("", "an empty list"),
        ("# nothing yet\n", "a list of comments"),
        (published, "the JSON itself"),
        ("198.51.100.9\n<html>502</html>\n", "half a list"),
        ("198.51.100.9/8\n", "host bits"),
        ("null\n", "what jq says of nothing"),
    ] {
        let generation = gate.generation().max(generation);
        gate.nest.write("list", broken);
        unchanged(what, generation);
        gate.nest.write("list", second);
        until(SOON, "healthy again", || (gate.ready()["status"] == "healthy").then_some(()));
        assert_eq!(status(&gate, "198.51.100.9"), 200);
    }
    let generation = gate.generation().max(generation);
    fs::remove_file(gate.nest.path("list")).unwrap();
    until(SOON, "a missing list", || (gate.ready()["status"] == "degraded").then_some(()));
    assert_eq!((gate.generation(), status(&gate, "198.51.100.9")), (generation, 200));
}
