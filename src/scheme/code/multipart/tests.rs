use super::*;

const GOOD: &str = "--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"a\":1}\r\n--b1--\r\n";

#[test]
fn the_only_field_is_found_and_anything_else_refused() {
    let only = |body: &str| only(body.as_bytes(), "b1", "json").map(<[u8]>::to_vec);
    assert_eq!(only(GOOD).as_deref(), Some(&b"{\"a\":1}"[..]));
    assert_eq!(only(GOOD.trim_end()).as_deref(), Some(&b"{\"a\":1}"[..]));
    let typed = GOOD.replace("\r\n\r\n{", "\r\nContent-Type: application/json\r\n\r\n{");
    assert!(only(&typed).is_some());
    for bad in [
        String::new(),
        format!("preamble\r\n{GOOD}"),
        format!("{GOOD}epilogue"),
        GOOD.replace("json", "other"),
        GOOD.replace("name=\"json\"", "name=\"json\"; name=\"x\""),
        GOOD.replace("name=\"json\"", "name=\"json\"; filename=\"a\""),
        GOOD.replace("name=\"json\"\r\n", "name=\"json\"\r\nContent-Transfer-Encoding: base64\r\n"),
        GOOD.replace("\r\n", "\n"),
        GOOD.replace("--b1--", "--b2--"),
        GOOD.replace(
            "{\"a\":1}",
            "{}\r\n--b1\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"a\":2}",
        ),
    ] {
        assert_eq!(only(&bad), None, "{bad:?}");
    }
}

#[test]
fn a_boundary_is_read_in_one_way_or_not_at_all() {
    for good in ["multipart/form-data; boundary=b1", "Multipart/Form-Data;boundary=\"b1\""] {
        assert_eq!(boundary(good), Some("b1"), "{good}");
    }
    for bad in [
        "multipart/mixed; boundary=b1",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b1; boundary=b2",
        "multipart/form-data; charset=x; boundary=b1",
        "multipart/form-data; boundary=\"b1",
    ] {
        assert_eq!(boundary(bad), None, "{bad}");
    }
}
