//! What the verdict of every declarative preset costs beside GitHub's: for the same body of 4 KiB, and for the same
//! work, which is as many bytes through the same hash. Time on the processor, the median of many short rounds, each
//! beside GitHub's in the same round: what slows the machine slows both. Keys are prepared, nothing is remembered against replay. Writes `src/cli/providers/tests/costs.md`, which stands in `docs/PROVIDERS.md`.
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
const BATCH: u32 = 40;
const ROUNDS: usize = 121;
const NOW: Wall = Wall(1_790_000_000_000);
const URL: &str = "https://hooks.example.com/hook?data.id=AbC";
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/providers/tests/costs.md");

/// One preset's delivery, ready to be judged.
struct Case {
    name: String,
    shape: String,
    /// Bytes that are hashed, the key's own not counted.
    hashed: usize,
    /// How often the body is read beside the hash.
    reads: usize,
    hash: String,
    plan: Plan,
    key: Key,
    method: &'static str,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Case {
    fn new(spec: &Spec) -> Option<Self> {
        Self::over(spec, &body(spec))
    }

    fn over(spec: &Spec, body: &[u8]) -> Option<Self> {
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
        let delivery = Delivery { head, body, id: "msg_2KWPBgLlAfxdpx2AI" };
        let made = plan.deliver(&key, &delivery, NOW).ok()?;
        headers.extend(made.headers);
        let shape =
            format!("{} {} `{}`", spec.kind, spec.hash, spec.msg.replace('\n', "\\n").replace('|', "\\|"));
        Some(Self {
            name: spec.name.clone(),
            shape,
            hashed: hashed(spec, &headers, &made.body),
            reads: reads(spec),
            hash: spec.hash.clone(),
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

/// GitHub's scheme through the same hash, over a body of so many bytes.
fn same_work(hash: &str, bytes: usize) -> Case {
    let spec = Spec {
        name: "same".into(),
        hash: hash.into(),
        sig: vec!["header:X-Hub-Signature-256".into()],
        prefix: Some("sha256=".into()),
        ..Spec::default()
    };
    Case::over(&spec, &vec![b'x'; bytes]).unwrap()
}

/// How many bytes the scheme has hashed: the message, and what became a digest before it went in.
fn hashed(spec: &Spec, headers: &HeaderMap, body: &[u8]) -> usize {
    let header = |name: &str| headers.get(name).map_or(0, HeaderValue::len);
    let time = spec.ts.as_ref().map_or(0, |ts| match ts.fmt.as_str() {
        "unix_ms" => 13,
        "rfc3339" => 24,
        "http_date" => 29,
        _ => 10,
    });
    let field = |field: &str| match field {
        "body" => body.len(),
        "body|json" => serde_json::to_vec(std::str::from_utf8(body).unwrap()).unwrap().len(),
        "body|sha256raw" => body.len() + 32,
        "body|sha256hex" => body.len() + 64,
        "form_sorted" | "form_sorted_unique" => body.iter().filter(|byte| !b"&=".contains(byte)).count(),
        "timestamp" => time,
        "url" | "url_no_query" => URL.len(),
        "method" => 4,
        "secret" => 24,
        other => other.strip_prefix("header:").map_or(16, header),
    };
    let mut total = 0;
    for (number, part) in spec.msg.split(['{', '}']).enumerate() {
        total += if number % 2 == 0 { part.len() } else { field(part) };
    }
    total
}

/// How often something is looked for in the body, each time through all of it.
fn reads(spec: &Spec) -> usize {
    let mut places: Vec<&str> = spec.sig.iter().map(String::as_str).collect();
    places.extend(spec.msg.split(['{', '}']));
    places.extend(spec.ts.iter().flat_map(|ts| ts.from.first()).map(String::as_str));
    places.extend(spec.require.iter().map(|(place, _)| place.as_str()));
    let is_read =
        |place: &&&str| ["json:", "form:", "form_", "body|json"].iter().any(|start| place.starts_with(start));
    places.iter().filter(is_read).count()
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

/// Nanoseconds of the one beside it, and how many times as much the case takes: medians over the rounds.
fn beside(case: &Case, github: &Case) -> (f64, f64) {
    let rounds = (0..ROUNDS).map(|_| (case.time(), github.time()));
    let (usual, ratios) = rounds.map(|(own, usual)| (usual, own / usual)).unzip();
    (median(usual), median(ratios))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
    let mut same: BTreeMap<(&str, usize), Case> = BTreeMap::new();
    let mut shapes: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    let mut total = (0.0, 0_u32);
    for case in &cases {
        let (usual, body) = beside(case, github);
        let equal =
            same.entry((&case.hash, case.hashed)).or_insert_with(|| same_work(&case.hash, case.hashed));
        let (_, work) = beside(case, equal);
        let found = Found { case, body, work };
        println!("{:32} {:8.0} ns {body:5.2} {work:5.2} {}", case.name, body * usual, case.shape);
        shapes.entry(&case.shape).or_default().push(found);
        total = (total.0 + usual, total.1 + 1);
    }
    let mut rows: Vec<Vec<Found>> = shapes.into_values().collect();
    for row in &mut rows {
        row.sort_by(|one, other| other.work.total_cmp(&one.work));
    }
    rows.sort_by(|one, other| other[0].work.total_cmp(&one[0].work));
    let usual = total.0 / f64::from(total.1);
    let mut text = format!(
        "The verdict of each declarative preset over a body of {SIZE} bytes beside GitHub's, by what is signed ({usual:.0} \
         ns of processor time for GitHub's on the machine this was measured on); `cargo bench --bench presets` writes this \
         table. {} variants. **Hashed** are the bytes that go through the hash, **reads** says how often the whole body \
         is gone through beside that. **Same work** is beside GitHub's scheme over as many bytes through the same hash; \
         **same body** beside GitHub's over the same body.\n\n\
         | made with | hashed | reads | same work | same body | the dearest |\n|---|---|---|---|---|---|\n",
        cases.len()
    );
    for row in rows {
        writeln!(text, "{}", line(&row)).unwrap();
    }
    std::fs::write(FILE, text).unwrap();
}

/// One case beside GitHub's.
struct Found<'a> {
    case: &'a Case,
    /// For the same body.
    body: f64,
    /// For the same work.
    work: f64,
}

/// A row of the table: the cases of one shape, the dearest first.
fn line(row: &[Found<'_>]) -> String {
    let span = |of: fn(&Found<'_>) -> f64| {
        let least = row.iter().map(of).fold(f64::MAX, f64::min);
        let most = row.iter().map(of).fold(0.0, f64::max);
        if row.len() == 1 { format!("{most:.2}") } else { format!("{least:.2}–{most:.2}") }
    };
    let count = |of: fn(&Found<'_>) -> usize| {
        let (least, most) = (row.iter().map(of).min().unwrap(), row.iter().map(of).max().unwrap());
        if least == most { most.to_string() } else { format!("{least}–{most}") }
    };
    let names: Vec<&str> = row.iter().take(3).map(|found| found.case.name.as_str()).collect();
    let rest = if row.len() > 3 { format!(" and {} more", row.len() - 3) } else { String::new() };
    format!(
        "| {} | {} | {} | {} | {} | {}{rest} |",
        row[0].case.shape,
        count(|found| found.case.hashed),
        count(|found| found.case.reads),
        span(|found| found.work),
        span(|found| found.body),
        names.join(", ")
    )
}
