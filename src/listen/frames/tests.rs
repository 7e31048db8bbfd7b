use super::{Credit, Flood, FrameMeter, Heads, PREFACE};

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, 0, 0, 0, 0, 1], payload].concat()
}

fn meter() -> (FrameMeter, Credit) {
    let credit = Credit::default();
    let mut meter = FrameMeter::new(credit.clone(), Heads::default());
    assert_eq!(meter.follow(PREFACE), Ok(()));
    (meter, credit)
}

fn how_many(meter: &mut FrameMeter, bytes: &[u8]) -> usize {
    (0..100_000).take_while(|_| meter.follow(bytes).is_ok()).count()
}

#[test]
fn frames_that_carry_nothing_are_counted_however_they_are_cut() {
    for kind in [0, 2, 3, 4, 6, 8, 9, 200] {
        for payload in [b"".as_slice(), b"12345678"] {
            if kind == 0 && !payload.is_empty() {
                continue;
            }
            let flood = frame(kind, payload).repeat(1001);
            for piece in [1, 7, 4096, flood.len()] {
                let (mut meter, _) = meter();
                let end = flood.chunks(piece).try_for_each(|bytes| meter.follow(bytes));
                assert_eq!(end, Err(Flood), "kind {kind}, pieces of {piece}");
                let (mut meter, _) = meter_after(&flood[..frame(kind, payload).len() * 1000]);
                assert_eq!(meter.follow(&frame(0, b"x")), Ok(()));
            }
        }
    }
}

fn meter_after(bytes: &[u8]) -> (FrameMeter, Credit) {
    let (mut meter, credit) = meter();
    assert_eq!(meter.follow(bytes), Ok(()));
    (meter, credit)
}

#[test]
fn requests_and_payload_earn_more() {
    let ping = frame(6, b"12345678");
    let (mut plain, _) = meter();
    assert_eq!(how_many(&mut plain, &ping), 1000);
    let (mut requests, _) = meter_after(&frame(1, b"headers").repeat(10));
    assert_eq!(how_many(&mut requests, &ping), 1200);
    let (mut upload, _) = meter_after(&frame(0, &[0; 10 * 1024]));
    assert_eq!(how_many(&mut upload, &ping), 1010);
    let (mut download, credit) = meter();
    credit.earn(10 * 1024);
    assert_eq!(how_many(&mut download, &ping), 1014);
}

#[test]
fn data_however_small_is_no_flood() {
    let (mut meter, _) = meter();
    assert_eq!(how_many(&mut meter, &frame(0, b"x")), 100_000);
}

fn on_stream(stream: u8, kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[test]
fn a_head_counts_once_it_is_whole_and_trailers_do_not() {
    let frames = [
        on_stream(1, 1, 4, b"whole"),
        on_stream(3, 1, 0, b"begun"),
        on_stream(3, 9, 0, b"goes on"),
        on_stream(3, 9, 4, b""),
        on_stream(1, 1, 5, b"trailers"),
        on_stream(5, 1, 0, b"left open"),
    ];
    let counts = [1, 1, 1, 2, 2, 2];
    for piece in [1, 3, 100] {
        let heads = Heads::default();
        let mut meter = FrameMeter::new(Credit::default(), heads.clone());
        assert_eq!(meter.follow(PREFACE), Ok(()));
        for (frame, count) in frames.iter().zip(counts) {
            let before = heads.whole();
            let (all_but_last, last) = frame.split_at(frame.len() - 1);
            assert!(all_but_last.chunks(piece).all(|bytes| meter.follow(bytes).is_ok()));
            assert_eq!(heads.whole(), before, "not before the last byte");
            assert_eq!(meter.follow(last), Ok(()));
            assert_eq!(heads.whole(), count);
        }
        assert!(heads.is_one_open());
        heads.ended();
        assert!(!heads.is_one_open());
    }
}
