//! HMAC-SHA256 by hmac + sha2 and by aws-lc-rs (what the gate uses), over the sizes bodies have. The key is prepared
//! once, as in the gate; the message comes in pieces of 8 KiB, as bodies do. And whole verdicts over deliveries that are
//! ready at the same time, by the gate's own engine: one after the other, and hashed together. Time on the processor. The
//! results and what follows from them stand in `docs/decisions/` (0012, 0028).
#![expect(clippy::expect_used, reason = "a bench may end where its own fixed key is refused")]

use std::hint::black_box;

use aws_lc_rs::hmac as aws;
use criterion::{BenchmarkId, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use sha2::Sha256;
use sidegate::base::clock::Wall;
use sidegate::base::secret::Secret;
use sidegate::scheme::{Delivery, Plan, ReplayId, Session, SignedHead, preset};

#[path = "micro/cpu_time.rs"]
mod cpu_time;

const KEY: &[u8] = b"not-a-secret-only-for-measuring-0123456789";
/// What one read of a connection brings.
const PIECE: usize = 8 << 10;
/// Of no matter where the scheme signs no time.
const NOW: Wall = Wall(1_790_000_000_000);
/// The second is a usual webhook; the last is the largest body the gate holds.
const SIZES: [(&str, usize); 5] =
    [("1KiB", 1 << 10), ("4059B", 4_059), ("64KiB", 64 << 10), ("1MiB", 1 << 20), ("25MiB", 25 << 20)];

fn main() {
    let mut criterion = cpu_time::criterion();
    let rust = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes keys of any length");
    let c = aws::Key::new(aws::HMAC_SHA256, KEY);
    let mut group = criterion.benchmark_group("hmac-sha256");
    for (name, size) in SIZES {
        let body: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        group.throughput(Throughput::Bytes(size as u64));
        if size > 1 << 20 {
            group.sample_size(10);
        }
        group.bench_with_input(BenchmarkId::new("hmac+sha2", name), &body, |bencher, body| {
            bencher.iter(|| {
                let mut mac = rust.clone();
                black_box(body).chunks(PIECE).for_each(|piece| mac.update(piece));
                mac.finalize().into_bytes()
            });
        });
        group.bench_with_input(BenchmarkId::new("aws-lc-rs", name), &body, |bencher, body| {
            bencher.iter(|| {
                let mut mac = aws::Context::with_key(&c);
                black_box(body).chunks(PIECE).for_each(|piece| mac.update(piece));
                mac.sign()
            });
        });
    }
    group.finish();
    together(&mut criterion);
    criterion.final_summary();
}

/// Verdicts over that many deliveries of 4,059 bytes, each of its own body. On processors that hash one quicker (see
/// `src/scheme/mac/lanes.rs`) both ways are the same.
fn together(criterion: &mut criterion::Criterion<cpu_time::CpuTime>) {
    let spec = preset("github").expect("a preset").spec(None).expect("its first variant");
    let plan = Plan::compile(&spec).expect("a preset compiles");
    let key = plan.key(&Secret::new(KEY.to_vec())).expect("any text is a key");
    let mut group = criterion.benchmark_group("deliveries");
    for count in [1, 2, 4, 5, 6, 8, 16] {
        let deliveries: Vec<(HeaderMap, Vec<u8>)> = (0..count).map(|at| delivery(&plan, &key, at)).collect();
        group.throughput(Throughput::Elements(count.into()));
        for (name, joins) in [("apart", false), ("together", true)] {
            group.bench_with_input(BenchmarkId::new(name, count), &deliveries, |bencher, deliveries| {
                bencher.iter(|| {
                    let begun = deliveries.iter().map(|(headers, body)| {
                        let mut session = plan
                            .begin(&[&key], &head(headers), NOW, ReplayId::Unwanted)
                            .expect("a signature");
                        if joins {
                            session.join(body);
                        }
                        (session, body)
                    });
                    let begun: Vec<(Session, &Vec<u8>)> = begun.collect();
                    begun.into_iter().for_each(|(session, body)| {
                        black_box(session.finish(body).expect("the signature is genuine"));
                    });
                });
            });
        }
    }
    group.finish();
}

fn delivery(plan: &Plan, key: &sidegate::scheme::Key, seed: u8) -> (HeaderMap, Vec<u8>) {
    let body: Vec<u8> = (seed..=u8::MAX).cycle().take(4_059).collect();
    let mut headers = HeaderMap::new();
    let made = plan
        .sign(key, &Delivery { head: head(&headers), body: &body, id: "" }, NOW)
        .expect("a key that signs");
    headers.extend(made);
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    (headers, body)
}

fn head(headers: &HeaderMap) -> SignedHead<'_> {
    SignedHead { method: "POST", path_and_query: "/hook", url: None, headers }
}
