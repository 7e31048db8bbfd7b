//! The webhook signature language: presets, compiled plans, verifiers. Knows nothing of proxies.

/// A compiled scheme (placeholder until the module lands).
#[derive(Debug)]
pub struct Plan;
