//! See `tests/random/main.rs`.
#![no_main]
#![allow(dead_code, reason = "each target uses one of the two drivers")]

#[path = "../../random/choices.rs"]
mod choices;
#[path = "../../random/deliveries.rs"]
mod driver;
#[path = "../../random/mutate.rs"]
mod mutate;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    driver::run(&mut choices::Given(data));
});
