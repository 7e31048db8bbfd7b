use super::*;

fn read(text: &str) -> Result<Vec<String>, Broken> {
    let mut reader = Reader::new(text.as_bytes())?;
    let mut seen = Vec::new();
    while let Some(event) = reader.next()? {
        seen.push(match event {
            Event::Open { name, dressed } => {
                format!("{}{}:{}", if dressed { "*" } else { "" }, name.space, name.local)
            }
            Event::Text(text) => format!("{text:?}"),
            Event::Close => "/".to_owned(),
        });
    }
    Ok(seen)
}

#[test]
fn elements_have_the_namespace_of_their_place() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?>
<a xmlns="u:1" xmlns:p='u:2'><p:b/><c xmlns="u:3"><d>x &amp; y</d></c><e p:f="1" g="2"></e ></a>
"#;
    let seen = ["*u:1:a", "u:2:b", "/", "*u:3:c", "u:3:d", "\"x &amp; y\"", "/", "/", "*u:1:e", "/", "/"];
    assert_eq!(read(text).unwrap(), seen);
}

#[test]
fn what_readers_differ_in_is_refused() {
    for text in [
        "",
        " ",
        "x",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><a/>",
        "<a/>x",
        "x<a/>",
        "<a><!-- b --></a>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<a>&b;</a>",
        "<a>&amp</a>",
        "<a>& amp;</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x;</a>",
        "<a><![CDATA[b]]></a>",
        "<a>]]></a>",
        "<a><?b?></a>",
        "<?b?><a/>",
        " <?xml version=\"1.0\"?><a/>",
        "<?xml version=\"1.1\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"utf-7\"?><a/>",
        "<?xml version=\"1.0\"?><?xml version=\"1.0\"?><a/>",
        "\u{FEFF}<a/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a xmlns:p=\"u\" p:b=\"1\" b=\"2\"/>",
        "<a xmlns:p=\"u\" xmlns:p=\"v\"/>",
        "<a xmlns=\"u\" xmlns=\"v\"/>",
        "<a xmlns:p=\"\"/>",
        "<a xmlns:xml=\"u\"/>",
        "<a xmlns:xmlns=\"u\"/>",
        "<a xmlns=\"&#117;\"/>",
        "<p:a/>",
        "<a p:b=\"1\"/>",
        "<a xml:b=\"1\"/>",
        "<a b=1/>",
        "<a b/>",
        "<a b=\"<\"/>",
        "<a b=\">\"/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b=\"&c;\"/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<1/>",
        "< a/>",
        "<ä/>",
        "<a\u{A0}/>",
        "<a>\0</a>",
        "<a>\u{85}</a>",
    ] {
        assert_eq!(read(text), Err(Broken), "{text}");
    }
    assert!(read("<a>\u{20AC}</a>").is_ok());
    assert!(Reader::new(b"<a>\xff</a>").is_err());
}

#[test]
fn depth_and_attributes_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(&nested(DEEPEST)).is_ok() && read(&nested(DEEPEST + 1)).is_err());
    let dressed = |count: usize| {
        let all: String = (0..count).map(|number| format!(" a{number}=\"\"")).collect();
        format!("<a{all}/>")
    };
    assert!(read(&dressed(MOST_ATTRIBUTES)).is_ok() && read(&dressed(MOST_ATTRIBUTES + 1)).is_err());
}
