use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue};

use super::*;

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn read(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    each(body, &mut |piece| out.extend_from_slice(piece)).map(|()| out)
}

#[test]
fn a_whole_gzip_body_is_read_and_nothing_beside_it() {
    let text = b"{\"a\":1}".repeat(5_000);
    let good = zipped(&text);
    assert_eq!(read(&good).unwrap(), text);
    let twice = [good.clone(), zipped(b"evil")].concat();
    assert_eq!(read(&twice), Err(Refusal::BodyShape), "a second member");
    assert_eq!(
        read(&[good.clone(), b"x".to_vec()].concat()),
        Err(Refusal::BodyShape),
        "what follows the end"
    );
    assert_eq!(read(&good[..good.len() - 1]), Err(Refusal::BodyShape), "an end that is missing");
    let mut broken = good;
    let last = broken.len() - 6;
    broken[last] ^= 1;
    assert_eq!(read(&broken), Err(Refusal::BodyShape), "a checksum that is wrong");
    assert_eq!(read(b"plain"), Err(Refusal::BodyShape));
    assert_eq!(read(b""), Err(Refusal::BodyShape));
}

#[test]
fn a_body_that_grows_out_of_proportion_is_refused() {
    assert!(read(&zipped(&vec![0; 256 * 1024])).is_ok());
    assert_eq!(read(&zipped(&vec![0; 257 * 1024])), Err(Refusal::BodyShape));
}

#[test]
fn only_one_coding_that_is_known_is_followed() {
    let judge = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        coding(&SignedHead { method: "POST", path_and_query: "/", url: None, headers: &headers })
    };
    assert_eq!(judge(&[]), Ok(Coding::Identity));
    assert_eq!(judge(&["identity"]), Ok(Coding::Identity));
    assert_eq!(judge(&["GZip"]), Ok(Coding::Gzip));
    for lines in [&["br"][..], &["gzip, gzip"], &["gzip", "gzip"], &["deflate"], &[""]] {
        assert_eq!(judge(lines), Err(Refusal::Malformed), "{lines:?}");
    }
}
