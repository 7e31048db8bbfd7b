use super::*;

fn message(written: &str, env: &[(&str, &str)]) -> Result<String, String> {
    let text = with_head(&format!("operational:\n  maintenance_message: {written}\n"));
    let folder = Folder::new(&format!("references-{}", written.len()));
    folder.write("file.txt", "from a file\n");
    folder.write("lines.txt", "two\n\n");
    let path = folder.write("sidegate.yaml", &text);
    let env = Environment::from_pairs(env.iter().copied());
    load(&path, LoadMode::Start, &env)
        .map(|loaded| loaded.settings.operational.maintenance_message)
        .map_err(|problems| problems.items[0].message.clone())
}

#[test]
fn a_variable_is_put_where_it_stands() {
    let env = [("NAME", "the app"), ("EMPTY", "")];
    assert_eq!(message("\"${NAME}\"", &env).as_deref(), Ok("the app"));
    assert_eq!(message("back soon, ${NAME} rests", &env).as_deref(), Ok("back soon, the app rests"));
    assert_eq!(message("'${NAME}${NAME}'", &env).as_deref(), Ok("the appthe app"));
}

#[test]
fn a_default_counts_where_the_variable_is_absent_or_empty() {
    let env = [("EMPTY", "")];
    assert_eq!(message("'${NAME:-nobody}'", &env).as_deref(), Ok("nobody"));
    assert_eq!(message("'${EMPTY:-nobody}'", &env).as_deref(), Ok("nobody"));
    assert_eq!(message("'a${NAME:-}b'", &env).as_deref(), Ok("ab"));
    assert_eq!(message("'a${EMPTY}b'", &env).as_deref(), Ok("ab"));
}

#[test]
fn a_doubled_dollar_is_one_and_starts_nothing() {
    assert_eq!(message("'$${NAME}'", &[]).as_deref(), Ok("${NAME}"));
    assert_eq!(message("'$$$$'", &[]).as_deref(), Ok("$$"));
}

#[test]
fn a_file_loses_its_last_newline_only() {
    assert_eq!(message("'${file:file.txt}'", &[]).as_deref(), Ok("from a file"));
    assert_eq!(message("'${file:lines.txt}'", &[]).as_deref(), Ok("two\n"));
}

#[test]
fn what_a_variable_holds_is_never_read_as_yaml_or_as_a_reference() {
    let env = [("NAME", "[a, b]: &c ${OTHER} $$ !d # e")];
    assert_eq!(message("'${NAME}'", &env).as_deref(), Ok("[a, b]: &c ${OTHER} $$ !d # e"));
    let text = with_head("operational: ${NAME}\n");
    let env = Environment::from_pairs([("NAME", "{maintenance_mode: true}")]);
    assert!(loaded_with("no-yaml", &text, &env).is_err());
}

#[test]
fn a_reference_that_leads_nowhere_is_an_error() {
    for written in [
        "'${NAME}'",
        "'$NAME'",
        "'${'",
        "'${}'",
        "'${1A}'",
        "'a$'",
        "'${NAME:default}'",
        "'${file:none}'",
        "'${file:.}'",
    ] {
        assert!(message(written, &[]).is_err(), "{written}");
    }
}

#[test]
fn keys_are_not_references_but_those_of_key_metadata_are() {
    let env = Environment::from_pairs([("A", "0123456789abcdef")]);
    let text = with_head(
        "keys: [\"${A}\"]\nkey_metadata: { \"${A}\": { permissions: [\"search_*\"], rate_limit: 7 } }\n",
    );
    let keys = loaded_with("metadata-keys", &text, &env).unwrap().settings.api_keys.keys;
    assert_eq!(keys[0].permissions, ["search_*"]);
    assert_eq!(keys[0].rate_limit, Some(7));
    let text = with_head("\"${A}\": 1\n");
    assert!(loaded_with("other-keys", &text, &env).is_err());
}

#[test]
fn one_large_value_named_often_is_refused_before_it_fills_the_memory() {
    let env = Environment::from_pairs([("BIG", "x".repeat(1 << 20))]);
    let text =
        with_head(&format!("operational: {{ maintenance_message: \"{}\" }}\n", "${BIG}".repeat(1_000)));
    let problems = loaded_with("big", &text, &env).unwrap_err();
    assert!(problems.to_string().contains("more than 16MiB"), "{problems}");
}
