use super::*;

#[test]
fn durations_have_units_and_may_be_composed() {
    let millis = |text: &str| duration(text).map(|span| span.as_millis());
    assert_eq!(millis("500ms"), Ok(500));
    assert_eq!(millis("10s"), Ok(10_000));
    assert_eq!(millis("1m30s"), Ok(90_000));
    assert_eq!(millis("1d2h3m4s5ms"), Ok(93_784_005));
    assert_eq!(millis("0s"), Ok(0));
}

#[test]
fn durations_without_order_unit_or_sense_are_refused() {
    for text in [
        "",
        "10",
        "s",
        "10 s",
        "-1s",
        "1.5s",
        "1s1m",
        "1s1s",
        "10sec",
        "1m30",
        "99999999999999999999s",
        "18446744073709551615d",
    ] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    for millis in [0, 1, 999, 1_000, 1_500, 60_000, 75_000, 3_600_000, 90_000_000, 86_400_000] {
        let span = Duration::from_millis(millis);
        assert_eq!(duration(&duration_text(span)), Ok(span));
    }
    for bytes in [0, 1, 1023, 1024, 1025, 1 << 20, 25 << 20, 3 << 30, u64::MAX] {
        assert_eq!(size(&size_text(bytes)), Ok(bytes));
    }
}

#[test]
fn sizes_name_their_unit_exactly() {
    assert_eq!(size("10MiB"), Ok(10 << 20));
    assert_eq!(size("10MB").unwrap_err().hint, "write 10MiB");
    for text in ["", "10", "MiB", "1.5MiB", "10 MiB", "10mib", "17179869184GiB", "1KiB1B"] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn rates_become_the_time_between_two_requests() {
    assert_eq!(rate("10/s"), Ok(Duration::from_millis(100)));
    assert_eq!(rate("60/m"), Ok(Duration::from_secs(1)));
    assert_eq!(rate("1/d"), Ok(Duration::from_secs(86_400)));
    for text in ["", "10", "0/s", "10/x", "-1/s", "1.5/s", "10/s/s", "1000001/s", "/s"] {
        assert!(rate(text).is_err(), "{text}");
    }
}

#[test]
fn dates_are_utc_unless_they_say_otherwise() {
    assert_eq!(instant("1970-01-02"), Ok(86_400_000));
    assert_eq!(instant("1970-01-01T01:00:00+01:00"), Ok(0));
    assert_eq!(instant("1970-01-01T00:00:00.25Z"), Ok(250));
    for text in [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "2026-01-01T00:00:00",
        "2026-1-1",
        "20260101aa",
        "2026-01-01 ",
    ] {
        assert!(instant(text).is_err(), "{text}");
    }
}
