//! What the verdict of every declarative preset costs beside GitHub's, for the same body of 4 KiB: time on the
//! processor, the least of several rounds, each beside GitHub's in the same round. Keys are prepared, nothing is
//! remembered against replay. Writes `src/cli/providers/tests/costs.md`, which stands in `docs/PROVIDERS.md`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and ends where its own fixed input is refused"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

use http::{HeaderMap, HeaderValue};
use rustix::time::{ClockId, clock_gettime};
use sidegate::base::clock::Wall;
use sidegate::base::secret::Secret;
use sidegate::scheme::{Delivery, Key, Plan, ReplayId, SignedHead, Spec, presets};

/// Bytes of the body.
const SIZE: usize = 4_096;
/// Verdicts timed together.
const BATCH: u32 = 200;
const ROUNDS: usize = 25;
const NOW: Wall = Wall(1_790_000_000_000);
const URL: &str = "https://hooks.example.com/hook?data.id=AbC";
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/providers/tests/costs.md");

/// One preset's delivery, ready to be judged.
struct Case {
    name: String,
    shape: String,
    plan: Plan,
    key: Key,
    method: &'static str,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Case {
    fn new(spec: &Spec) -> Option<Self> {
        let plan = Plan::compile(spec).ok()?;
        if spec.code.is_some() || !plan.signs_message() || plan.is_public_key() || spec.kind == "jwt" {
            return None;
        }
        let text = "0123456789abcdefghijklmn";
        let secret = match spec.key.enc.as_str() {
            "base64" => data_encoding::BASE64.encode(text.as_bytes()),
            "hex" => data_encoding::HEXLOWER.encode(text.as_bytes()),
            _ => text.to_owned(),
        };
        let key = plan.key(&Secret::new(secret.into_bytes())).ok()?;
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("hooks.example.com"));
        let head = SignedHead {
            method: "POST",
            path_and_query: "/hook?data.id=AbC",
            url: Some(URL),
            headers: &headers,
        };
        let delivery = Delivery { head, body: &body(spec), id: "msg_2KWPBgLlAfxdpx2AI" };
        let made = plan.deliver(&key, &delivery, NOW).ok()?;
        headers.extend(made.headers);
        let shape =
            format!("{} {} `{}`", spec.kind, spec.hash, spec.msg.replace('\n', "\\n").replace('|', "\\|"));
        Some(Self {
            name: spec.name.clone(),
            shape,
            plan,
            key,
            method: "POST",
            target: made.path_and_query,
            headers,
            body: made.body,
        })
    }

    fn judge(&self) -> usize {
        let head = SignedHead {
            method: self.method,
            path_and_query: &self.target,
            url: Some(URL),
            headers: &self.headers,
        };
        let mut session = self.plan.begin(&[&self.key], &head, NOW, ReplayId::Unwanted).unwrap();
        session.update(&self.body);
        session.finish(&self.body).unwrap().key
    }

    /// Nanoseconds of one verdict.
    fn time(&self) -> f64 {
        let before = clock_gettime(ClockId::ThreadCPUTime);
        for _ in 0..BATCH {
            black_box(black_box(self).judge());
        }
        let after = clock_gettime(ClockId::ThreadCPUTime);
        let nanos = (after.tv_sec - before.tv_sec) * 1_000_000_000 + (after.tv_nsec - before.tv_nsec);
        #[expect(clippy::cast_precision_loss, reason = "a few million nanoseconds")]
        let nanos = nanos as f64;
        nanos / f64::from(BATCH)
    }
}

fn body(spec: &Spec) -> Vec<u8> {
    let time = spec.ts.as_ref().map(|ts| ts.from.concat()).unwrap_or_default();
    let places = format!("{} {} {time}", spec.sig.concat(), spec.msg);
    let (before, after) = match () {
        () if places.contains("form_only:") => return Vec::new(),
        () if places.contains("form") => ("b=2&a=", ""),
        () => (r#"{"id":"evt_1","event_id":"Ev1","data":{"n":1},"text":""#, "\"}"),
    };
    let fill = "x".repeat(SIZE - before.len() - after.len());
    [before, &fill, after].concat().into_bytes()
}

/// The least of all rounds, of each case and of the one beside it.
fn beside(case: &Case, github: &Case) -> (f64, f64) {
    let mut least = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        least = (least.0.min(case.time()), least.1.min(github.time()));
    }
    least
}

fn main() {
    let specs = presets().iter().flat_map(|preset| {
        preset.schemes.iter().map(|named| {
            let mut spec = preset.specs(Some(named.name)).unwrap().remove(0);
            spec.set_header("X-Own-Token");
            spec
        })
    });
    let cases: Vec<Case> = specs.filter_map(|spec| Case::new(&spec)).collect();
    let github = cases.iter().find(|case| case.name == "github/sha256").unwrap();
    let mut shapes: BTreeMap<&str, Vec<(f64, &str)>> = BTreeMap::new();
    let mut total = (0.0, 0_u32);
    for case in &cases {
        let (own, usual) = beside(case, github);
        println!("{:32} {own:8.0} ns {:5.2} {}", case.name, own / usual, case.shape);
        shapes.entry(&case.shape).or_default().push((own / usual, &case.name));
        total = (total.0 + usual, total.1 + 1);
    }
    let mut rows: Vec<(f64, String)> = shapes
        .iter_mut()
        .map(|(shape, all)| {
            all.sort_by(|one, other| one.0.total_cmp(&other.0));
            let (least, most) = (all[0].0, all[all.len() - 1].0);
            let names: Vec<&str> = all.iter().rev().take(3).map(|(_, name)| *name).collect();
            let rest = if all.len() > 3 { format!(" and {} more", all.len() - 3) } else { String::new() };
            (most, format!("| {shape} | {least:.2}–{most:.2} | {}{rest} |\n", names.join(", ")))
        })
        .collect();
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    let usual = total.0 / f64::from(total.1);
    let mut text = format!(
        "The verdict of each declarative preset over a body of {SIZE} bytes beside GitHub's ({usual:.0} ns of processor \
         time on the machine this was measured on), by what is signed; `cargo bench --bench presets` writes this table. \
         {} variants.\n\n| made with | times GitHub's | the dearest |\n|---|---|---|\n",
        cases.len()
    );
    for (_, row) in rows {
        write!(text, "{row}").unwrap();
    }
    std::fs::write(FILE, text).unwrap();
}
