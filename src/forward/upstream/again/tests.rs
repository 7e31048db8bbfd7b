use super::*;

#[test]
fn a_written_head_reads_back_the_same() {
    let head = b"PUT /a%20b?c==;d HTTP/1.1\r\nhost: app:80\r\ncookie: a=b; c=\"d:e\"\r\nx-two: 1\r\nx-two: \xfc\r\nx-none: \r\n\r\n";
    let request = read(head).expect("whole");
    assert_eq!(request.method(), Method::PUT);
    assert_eq!(request.uri().to_string(), "/a%20b?c==;d");
    let fields: Vec<(&str, &[u8])> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(
        fields,
        [
            ("host", b"app:80".as_slice()),
            ("cookie", b"a=b; c=\"d:e\""),
            ("x-two", b"1"),
            ("x-two", b"\xfc"),
            ("x-none", b""),
        ]
    );
}

#[test]
fn half_a_head_is_none() {
    for head in ["", "GET / HTTP/1.1\r\nhost: a\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n", "\r\n\r\n"]
    {
        assert!(read(head.as_bytes()).is_none(), "{head:?}");
    }
}
