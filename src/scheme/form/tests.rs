use super::*;

fn one(text: &str, name: &str) -> Result<Option<String>, Ambiguous> {
    find(text.as_bytes(), name).map(|found| found.map(|value| String::from_utf8(value.into_owned()).unwrap()))
}

#[test]
fn a_field_is_decoded() {
    assert_eq!(one("x=1&payload=%7B%22a%22%3A+1%7D&y=2", "payload"), Ok(Some("{\"a\": 1}".into())));
    assert_eq!(one("data%2Eid=7", "data.id"), Ok(Some("7".into())));
    assert_eq!(one("a=b=c", "a"), Ok(Some("b=c".into())));
    assert_eq!(one("a&b=1", "a"), Ok(Some(String::new())));
    assert_eq!(one("b=1", "a"), Ok(None));
    assert_eq!(one("", "a"), Ok(None));
}

#[test]
fn what_parsers_disagree_about_is_refused() {
    for text in
        ["a=1&a=1", "a=1&%61=2", "a=1;b=2", "b=1;a=2&a=1", "a=%", "a=%1", "a=%g0", "b=%zz&a=1", "a=1&a[]=2"]
    {
        assert_eq!(one(text, "a"), Err(Ambiguous), "{text}");
    }
    for text in
        ["data_id=1", "data id=1", "data%20id=1", "DATA.ID=1", "+data.id=1", "data.id%00=1", "data.id[x]=1"]
    {
        assert_eq!(one(text, "data.id"), Err(Ambiguous), "{text}");
    }
}
