//! guards
fn main() {}
