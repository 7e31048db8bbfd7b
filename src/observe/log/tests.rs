use super::*;

fn logged(level: LogLevel, format: LogFormat, work: impl FnOnce(&Log)) -> Vec<String> {
    let (log, layer, lines) = Log::parts(level, format);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || work(&log));
    lines
        .try_iter()
        .map(|message| match message {
            Message::Line(line) => String::from_utf8(line).unwrap(),
            Message::Flush(_) => String::new(),
        })
        .collect()
}

#[test]
fn a_json_line_has_the_message_and_every_field() {
    let lines = logged(LogLevel::Info, LogFormat::Json, |_| {
        tracing::info!(port = "data", address = %"127.0.0.1:1", worker = 3, ready = true, "listening");
    });
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["message"], "listening");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["port"], "data");
    assert_eq!(line["address"], "127.0.0.1:1");
    assert_eq!(line["worker"], 3);
    assert_eq!(line["ready"], true);
}

#[test]
fn the_level_can_be_changed_while_running() {
    let lines = logged(LogLevel::Critical, LogFormat::Json, |log| {
        tracing::warn!("unseen");
        log.set(effective(LogLevel::Error, Verbose::On), LogFormat::Text);
        tracing::debug!("seen");
        log.set(LogLevel::Warning, LogFormat::Text);
        tracing::info!("unseen");
    });
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("DEBUG") && lines[0].ends_with("seen\n"), "{lines:?}");
}

#[test]
fn libraries_are_heard_from_warning_up_only() {
    let lines = logged(LogLevel::Debug, LogFormat::Text, |_| {
        tracing::debug!(target: "h2::codec", "authorization: Bearer x");
        tracing::info!(target: "sidegate_other", "unseen");
        tracing::warn!(target: "h2", "seen");
        tracing::debug!(target: "sidegate::listen", "seen");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_text_line_stays_one_line_and_harmless() {
    let evil = "a\nb\u{1b}[2J\u{202e}\"";
    let lines = logged(LogLevel::Debug, LogFormat::Text, |_| {
        tracing::error!(evil, huge = "\u{1b}".repeat(100_000), more = "x".repeat(5_000), "m\rm");
    });
    let line = &lines[0];
    assert!(line.len() <= redact::LONGEST_LINE, "{}", line.len());
    assert_eq!(line.matches('\n').count(), 1);
    assert!(!line.trim_end().chars().any(redact::is_treacherous), "{line}");
    assert!(line.contains("m\\u000dm"));
}

#[test]
fn when_nobody_reads_lines_are_lost_and_counted() {
    let (log, layer, lines) = Log::parts(LogLevel::Info, LogFormat::Text);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for _ in 0..QUEUE + 7 {
            tracing::info!("x");
        }
    });
    assert_eq!(log.dial.lost.load(Ordering::Relaxed), 7);
    drop(lines);
    log.flush(Duration::ZERO);
}
