use super::{Credit, Flood, FrameMeter, PREFACE};

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, 0, 0, 0, 0, 1], payload].concat()
}

fn meter() -> (FrameMeter, Credit) {
    let credit = Credit::default();
    let mut meter = FrameMeter::new(credit.clone());
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
