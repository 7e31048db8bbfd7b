use super::*;

const HOOK: &str = "security: { webhook_secrets: { mine: { file: secret } } }\n";

#[test]
fn every_file_is_an_input_and_no_secret_changes_the_hash_that_is_told() {
    let folder = Folder::new("inputs");
    let path =
        folder.write("sidegate.yaml", &with_head(&format!("{HOOK}api_keys: {{ files: keys.json }}\n")));
    let secret = folder.write("secret", "0123456789abcdef\n");
    let keys = folder.write("keys.json", "{\"keys\": [{\"id\": \"a\", \"value\": \"0123456789abcdef\"}]}");
    let env = Environment::default();
    let first = load(&path, LoadMode::Start, &env).unwrap().settings;
    assert_eq!(first.inputs, [path.clone(), secret.clone(), keys.clone()]);
    assert_eq!(first.hash.len(), 64);
    let again = load(&path, LoadMode::Reload, &env).unwrap().settings;
    assert_eq!((again.hash, again.fingerprint), (first.hash.clone(), first.fingerprint));
    for (name, text) in [
        ("secret", "0123456789abcdeg\n"),
        ("keys.json", "{\"keys\": [{\"id\": \"a\", \"value\": \"0123456789abcdeg\"}]}"),
    ] {
        folder.write(name, text);
        let next = load(&path, LoadMode::Start, &env).unwrap().settings;
        assert_ne!(next.fingerprint, first.fingerprint, "{name}");
        assert_eq!(next.hash, first.hash, "{name}");
    }
}

#[test]
fn a_secret_written_into_the_file_is_not_in_the_hash_and_a_list_of_networks_is() {
    let folder = Folder::new("told-hash");
    let load_with = |secret: &str, net: &str| {
        folder.write("nets", net);
        let body =
            format!("security: {{ ip_denylist: {{ file: nets }}, webhook_secrets: {{ mine: {secret} }} }}\n");
        let path = folder.write("sidegate.yaml", &with_head(&body));
        load(&path, LoadMode::Start, &Environment::default()).unwrap().settings
    };
    let first = load_with("0123456789abcdef", "192.0.2.1\n");
    let other_secret = load_with("0123456789abcdeg", "192.0.2.1\n");
    assert_eq!(other_secret.hash, first.hash);
    assert_ne!(other_secret.fingerprint, first.fingerprint);
    let other_net = load_with("0123456789abcdef", "192.0.2.2\n");
    assert_ne!(other_net.hash, first.hash);
}

#[test]
fn a_variable_that_was_used_changes_the_hash_and_no_other_does() {
    let text = with_head("operational: { maintenance_message: \"${NAME}\" }\n");
    let hash = |pairs: &[(&str, &str)]| {
        loaded_with("hash", &text, &Environment::from_pairs(pairs.iter().copied())).unwrap().settings.hash
    };
    let first = hash(&[("NAME", "a")]);
    assert_ne!(hash(&[("NAME", "b")]), first);
    assert_eq!(hash(&[("NAME", "a"), ("OTHER", "c")]), first);
}

#[test]
fn a_missing_secret_closes_its_route_at_start_and_refuses_a_reload() {
    let folder = Folder::new("missing-secret");
    let path = folder.write("sidegate.yaml", &with_head(HOOK));
    let env = Environment::default();
    let loaded = load(&path, LoadMode::Start, &env).unwrap();
    assert!(loaded.settings.routes[0].shared_secret.as_ref().unwrap().secrets[0].value.is_none());
    assert_eq!(loaded.warnings.len(), 1);
    let problems = load(&path, LoadMode::Reload, &env).unwrap_err();
    assert_eq!(problems.errors(), 1);
    assert!(problems.inputs.ends_with(&[folder.0.join("secret")]), "{:?}", problems.inputs);
    folder.write("secret", "0123456789abcdef");
    assert!(load(&path, LoadMode::Reload, &env).is_ok());
}

#[test]
fn a_missing_pepper_or_key_file_makes_keys_unavailable_at_start_and_refuses_a_reload() {
    let route = "routes:\n  - { name: a, path: /a, api_key: {} }\n";
    let keys = "keys: [{ id: a, value: 0123456789abcdef }]";
    for keys in [
        format!("api_keys: {{ pepper: {{ file: none }}, {keys} }}\n"),
        "api_keys: { files: [none] }\n".to_owned(),
    ] {
        let folder = Folder::new(&format!("missing-{}", keys.len()));
        let path = folder.write("sidegate.yaml", &with_head(&format!("{route}{keys}")));
        let env = Environment::default();
        let loaded = load(&path, LoadMode::Start, &env).unwrap();
        assert!(loaded.settings.api_keys.unavailable.is_some(), "{keys}");
        assert!(load(&path, LoadMode::Reload, &env).is_err(), "{keys}");
    }
}

#[test]
fn a_missing_address_list_is_an_error_in_both_modes() {
    let folder = Folder::new("missing-list");
    for key in ["ip_allowlist", "ip_denylist"] {
        let path =
            folder.write("sidegate.yaml", &with_head(&format!("security: {{ {key}: {{ file: none }} }}\n")));
        assert!(load(&path, LoadMode::Start, &Environment::default()).is_err(), "{key}");
    }
    for text in ["", "# nothing\n\n", "\n"] {
        folder.write("list", text);
        let path = folder.write("sidegate.yaml", &with_head("security: { ip_denylist: { file: list } }\n"));
        assert!(load(&path, LoadMode::Start, &Environment::default()).is_err(), "{text:?}");
    }
}

#[test]
fn address_lists_of_a_file_have_the_line_that_names_it() {
    let folder = Folder::new("list");
    folder.write("list", "# first\n10.0.0.0/8\n\n  192.0.2.7 # seven\r\n");
    let path = folder.write("sidegate.yaml", &with_head("security: { ip_denylist: { file: list } }\n"));
    let settings = load(&path, LoadMode::Start, &Environment::default()).unwrap().settings;
    let denied = settings.security.ip_denylist.unwrap();
    let nets: Vec<_> = denied.nets.list().iter().map(|(net, line)| (net.to_string(), *line)).collect();
    assert_eq!(nets, [("10.0.0.0/8".to_owned(), 0), ("192.0.2.7/32".to_owned(), 0)]);
    assert_eq!(denied.file_line, Some(4));
}

#[test]
fn files_that_are_no_files_are_refused_and_never_waited_for() {
    let folder = Folder::new("no-file");
    let fifo = folder.0.join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::from(0o600), 0)
        .unwrap();
    for path in [folder.0.clone(), fifo, PathBuf::from("/dev/zero")] {
        let problems = load(&path, LoadMode::Start, &Environment::default()).unwrap_err();
        assert!(problems.items[0].message.contains("not a regular file"), "{problems}");
    }
}

#[test]
fn a_file_over_its_size_is_refused_unread() {
    let folder = Folder::new("large");
    let path = folder.write("sidegate.yaml", &" ".repeat((1 << 20) + 1));
    let problems = load(&path, LoadMode::Start, &Environment::default()).unwrap_err();
    assert!(problems.items[0].message.contains("larger than 1MiB"), "{problems}");
    let text = " ".repeat((1 << 20) + 1);
    assert!(load_text(&path, text.as_bytes(), LoadMode::Start, &Environment::default()).is_err());
}

#[test]
fn a_file_swapped_while_it_is_read_is_noticed() {
    let folder = Folder::new("swapped");
    let one = folder.write("one", "1");
    let mut sources = Sources::beside(&one);
    sources.read("one", 10).1.unwrap();
    assert_eq!(sources.changed(), None);
    let other = folder.write("other", "2");
    fs::rename(&other, &one).unwrap();
    assert_eq!(sources.changed(), Some(one.as_path()));
}

#[test]
fn json_is_read_as_it_stands() {
    let text = "{\n\t\"version\": 1,\n\t\"listen\": \"127.0.0.1:0\",\n\t\"upstream\": \"http:\\/\\/127.0.0.1:3000\",\n\t\"operational\": {\"maintenance_mode\": true, \"maintenance_message\": \"\\u00fcber \\ud83c\\udfb5\"}\n}\n";
    let operational = loaded("json", text).unwrap().settings.operational;
    assert!(operational.maintenance_mode);
    assert_eq!(operational.maintenance_message, "über 🎵");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
    let text = format!("\u{feff}{}", with_head("operational:\r\n  maintenance_message: a\r\n"))
        .replace("\nlisten", "\r\nlisten");
    assert_eq!(loaded("bom", &text).unwrap().settings.operational.maintenance_message, "a");
    let problems = loaded("bom-wrong", "\u{feff}version: 1\r\nlissen: 1\r\n").unwrap_err();
    let wrong = problems.items.iter().find(|p| p.path == "lissen").unwrap();
    assert_eq!((wrong.line, wrong.column), (2, 1));
    assert_eq!(wrong.snippet.as_ref().unwrap().text, "lissen: ***");
}
