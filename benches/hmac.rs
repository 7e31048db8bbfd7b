//! HMAC-SHA256 by hmac + sha2 (what the gate uses) and by aws-lc-rs, over the sizes bodies have. The key is prepared
//! once, as in the gate; the message comes in pieces of 8 KiB, as bodies do. Time on the processor. The result and what follows from it
//! stand in `docs/decisions/`.
#![expect(clippy::expect_used, reason = "a bench may end where its own fixed key is refused")]

use std::hint::black_box;

use aws_lc_rs::hmac as aws;
use criterion::{BenchmarkId, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

#[path = "micro/cpu_time.rs"]
mod cpu_time;

const KEY: &[u8] = b"not-a-secret-only-for-measuring-0123456789";
/// What one read of a connection brings.
const PIECE: usize = 8 << 10;
/// The fourth is a usual webhook; the last is the largest body the gate holds.
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
    criterion.final_summary();
}
