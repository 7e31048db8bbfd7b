use super::*;

const HASH: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn line(id: &str, last: char) -> String {
    format!("- {{ id: {id}, hash: \"{}{last}\" }}\n", HASH.strip_suffix('f').unwrap())
}

#[test]
fn each_line_is_a_key_that_knows_where_it_stands() {
    let text = format!("# of the team\n\nkeys:\n{}# gone: ann\n{}", line("ben", '1'), line("cid", '2'));
    let keys = keys(&text, "keys.yaml").unwrap();
    let told: Vec<_> = keys.iter().map(|key| (key.id.as_str(), key.origin.as_str())).collect();
    assert_eq!(told, [("ben", "keys.yaml:4"), ("cid", "keys.yaml:6")]);
    assert_ne!(keys[0].digest, keys[1].digest);
}

#[test]
fn what_is_not_exactly_of_the_shape_is_left_to_yaml() {
    let good = line("ben", '1');
    assert!(keys(&format!("keys:\n{good}"), "").is_some());
    for text in [
        "keys:\n".to_owned(),
        good.clone(),
        format!("version: 1\nkeys:\n{good}"),
        format!("keys: \n{good}"),
        format!("keys:\n  {good}"),
        format!("# \u{7}\nkeys:\n{good}"),
        format!("keys:\n{good}version: 1\n"),
        format!("keys:\n{good}---\n{good}"),
        format!("keys:\n{}", good.replace('\n', "\r\n")),
        format!("keys:\n{}", good.replace(" }", ", roles: [a] }")),
        format!("keys:\n{}", good.replace(" }", " } # ben")),
        format!("keys:\n{}", good.replace("ben", "null")),
        format!("keys:\n{}", good.replace("ben", "${NAME}")),
        format!("keys:\n{}", good.replace("ben", "*ben")),
        format!("keys:\n{}", good.replace("ben", "ben: x")),
        format!("keys:\n{}", good.replace("ben", "7")),
        format!("keys:\n{}", good.replace("0123", "012\\x33")),
        format!("keys:\n{}", good.replace("sha256", "md5")),
        format!("keys:\n{}", good.replace("0123", "01")),
        format!("keys:\n{good}{}", line("ben", '2')),
        format!("keys:\n{good}{}", line("cid", '1')),
    ] {
        assert!(keys(&text, "").is_none(), "{text}");
    }
}
