use super::*;

#[test]
fn each_format_reads_its_own_exact_shape() {
    for (format, text, ms) in [
        (Format::Unix, "1790000000", 1_790_000_000_000),
        (Format::UnixMs, "1790000000123", 1_790_000_000_123),
        (Format::Auto, "1790000000", 1_790_000_000_000),
        (Format::Auto, "1790000000123", 1_790_000_000_123),
        (Format::Rfc3339, "2026-09-21T14:13:20Z", 1_790_000_000_000),
        (Format::Rfc3339, "2026-09-21T14:13:20.1239Z", 1_790_000_000_123),
        (Format::Rfc3339, "2026-09-21T15:13:20+01:00", 1_790_000_000_000),
        (Format::HttpDate, "Mon, 21 Sep 2026 14:13:20 GMT", 1_790_000_000_000),
    ] {
        assert_eq!(format.read(text.as_bytes()), Some(Wall(ms)), "{text}");
    }
}

#[test]
fn nearly_the_shape_is_not_the_shape() {
    for text in ["", "179000000", "01790000000", "1790000000 ", "-790000000", "1.79000000", "179000000e"] {
        assert_eq!(Format::Unix.read(text.as_bytes()), None, "{text}");
        assert_eq!(Format::Auto.read(text.as_bytes()), None, "{text}");
    }
    for text in [
        "2026-09-21",
        "2026-09-21T14:13Z",
        "2026-09-21t14:13:20z",
        "2026-09-21 14:13:20Z",
        "2026-09-21T14:13:20",
        "2026-09-21T14:13:20.Z",
        "2026-09-21T14:13:20.1234567890Z",
        "2026-09-21T14:13:20+0100",
        "2026-09-21T14:13:20Z ",
        "2026-13-21T14:13:20Z",
        "+2026-09-21T14:13:20Z",
    ] {
        assert_eq!(Format::Rfc3339.read(text.as_bytes()), None, "{text}");
    }
    for text in
        ["Monday, 21-Sep-26 14:13:20 GMT", "Mon Sep 21 14:13:20 2026", "Mon, 21 Sep 2026 14:13:20 UTC"]
    {
        assert_eq!(Format::HttpDate.read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_window_counts_in_milliseconds_and_tells_in_seconds() {
    let window = Window { tolerance: Some(Duration::from_secs(5)), future: Duration::from_secs(60) };
    assert_eq!(window.admits(Wall(0), Wall(5_000)), Ok(()));
    assert_eq!(window.admits(Wall(0), Wall(5_001)), Err(Refusal::Stale { by_s: 1 }));
    assert_eq!(window.admits(Wall(5_000), Wall(0)), Ok(()));
    assert_eq!(window.admits(Wall(5_001), Wall(0)), Err(Refusal::Future { by_s: 1 }));
    assert_eq!(
        window.admits(Wall(i64::MIN), Wall(i64::MAX)),
        Err(Refusal::Stale { by_s: 9_223_372_036_854_771 })
    );
}

#[test]
fn without_a_tolerance_only_the_future_is_bounded() {
    let window = Window { tolerance: None, future: Duration::from_secs(60) };
    assert_eq!(window.admits(Wall(0), Wall(i64::MAX)), Ok(()));
    assert_eq!(window.admits(Wall(60_001), Wall(0)), Err(Refusal::Future { by_s: 1 }));
}

#[test]
fn a_date_is_seen_anywhere() {
    assert!(holds_a_date(b"id-2026-09-21T14:13"));
    assert!(!holds_a_date(b"2026-09-21T14"));
    assert!(!holds_a_date(b"e76c6bd4-55c9-4987-8304-da1588d8988b"));
}
