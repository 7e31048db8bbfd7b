//! Callers that take their time: every phase has an end, and the others do not wait.

mod crowd;
mod deadlines;
mod drain;
