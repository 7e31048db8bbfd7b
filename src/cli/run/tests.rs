use clap::Parser;

use super::super::{Command, Line};
use super::*;

fn line(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn the_plain_line_means_what_the_parser_reads_in_it() {
    for file in ["sidegate.yaml", "/etc/sidegate/sidegate.yaml", "a b", "run", "=x", "ä"] {
        let words = line(&["sidegate", "run", "--config", file]);
        let plain = Run::plain(&words).unwrap();
        let Command::Run(parsed) = Line::try_parse_from(&words).unwrap().command else { panic!("{file}") };
        assert_eq!(plain.config.config, parsed.config.config);
    }
}

#[test]
fn every_other_line_is_left_to_the_parser() {
    for words in [
        &["sidegate"][..],
        &["sidegate", "run"],
        &["sidegate", "run", "--config"],
        &["sidegate", "run", "--config", ""],
        &["sidegate", "run", "--config", "--help"],
        &["sidegate", "run", "--config", "-"],
        &["sidegate", "run", "--config=sidegate.yaml"],
        &["sidegate", "run", "--config", "a", "b"],
        &["sidegate", "check", "--config", "a"],
        &["sidegate", "run", "--verbose", "a"],
    ] {
        assert!(Run::plain(&line(words)).is_none(), "{words:?}");
    }
}
