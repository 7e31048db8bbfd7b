//! Random deliveries and random schemes against the signature engine, thousands of each, the same in every run.
//!
//! What this is: a driver without coverage feedback, which knows the structure of what it makes (headers, items of
//! signatures, forms, JSON, templates) and changes it where an attacker would. What it is not: a fuzzer that learns.
//! `tests/fuzz/run` gives the same two functions to libFuzzer, which is no part of `tests/run`; what libFuzzer found worth
//! keeping lies below `tests/fuzz/seeds/` and is replayed here.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod choices;
mod deliveries;
mod mutate;
mod specs;

use choices::{Choices, Given};

/// Numbers from a fixed beginning (splitmix64).
struct Numbers(u64);

impl Choices for Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()
    }
}

#[test]
fn no_changed_delivery_of_any_preset_is_accepted_for_another() {
    let told = (0..3_000).map(|seed| deliveries::run(&mut Numbers(seed)));
    let (mut accepted, mut refused) = (0, 0);
    for (one, other) in told {
        accepted += one;
        refused += other;
    }
    assert!(accepted > 5_000 && refused > 8_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn no_random_scheme_accepts_what_differs_in_what_it_signs() {
    let told = (0..15_000).map(|seed| specs::run(&mut Numbers(seed)));
    let (mut compiled, mut accepted, mut refused) = (0, 0, 0);
    for [one, two, three] in told {
        compiled += one;
        accepted += two;
        refused += three;
    }
    assert!(
        compiled > 3_000 && accepted > 3_000 && refused > 2_500,
        "{compiled} compiled, {accepted} accepted, {refused} refused"
    );
}

#[test]
fn what_the_fuzzer_kept_is_replayed() {
    for (target, run) in [
        ("deliveries", (|mut given| _ = deliveries::run(&mut given)) as fn(Given<'_>)),
        ("specs", |mut given| _ = specs::run(&mut given)),
    ] {
        let folder = format!("{}/tests/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 20, "{folder} holds {}", files.len());
        for file in files {
            println!("{}", file.display());
            run(Given(&std::fs::read(&file).unwrap()));
        }
    }
}
