//! Callers that take their time: every phase has an end, and the others do not wait.

mod bomb;
mod crowd;
mod deadlines;
mod drain;
mod stalled;
