//! `sidegate schema`: the JSON Schema of the configuration file, for editors.

use super::FINE;
use super::output::Output;
use crate::config;

pub(super) fn run(output: &mut Output) -> u8 {
    output.say(format_args!("{:#}", config::json_schema()));
    FINE
}
