use std::sync::Arc;

use super::*;
use crate::base::nets::Networks;
use crate::config::settings::ApiKey;

const HASHES: [&str; 2] = [
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

fn key(id: &str, hash: &str) -> String {
    format!("- {{ id: {id}, hash: \"{hash}\" }}\n")
}

/// Loads again and again out of one folder.
struct Again {
    folder: Folder,
    known: Known,
}

impl Again {
    fn new(name: &str) -> Self {
        Self { folder: Folder::new(name), known: Known::default() }
    }

    fn load(&mut self, rest: &str) -> Result<Loaded, Problems> {
        let path = self.folder.write("sidegate.yaml", &with_head(rest));
        let env = Environment::from_pairs([("NAME", "ann")]);
        load_again(&path, LoadMode::Reload, &env, &mut self.known)
    }

    fn denied(&mut self, rest: &str) -> Arc<Networks> {
        let loaded = self.load(rest).unwrap_or_else(|problems| panic!("{problems}"));
        loaded.settings.security.ip_denylist.unwrap().nets
    }

    fn keys(&mut self, rest: &str) -> Vec<Arc<ApiKey>> {
        self.load(rest).unwrap_or_else(|problems| panic!("{problems}")).settings.api_keys.keys
    }

    fn problems(&mut self, rest: &str) -> String {
        self.load(rest).unwrap_err().to_string()
    }
}

#[test]
fn a_list_is_built_again_only_when_its_bytes_changed() {
    const LIST: &str = "security: { ip_denylist: { file: list } }\n";
    let mut again = Again::new("known-list");
    again.folder.write("list", "10.0.0.0/8\n");
    let first = again.denied(LIST);
    let later = again.denied(&format!("workers: 2\n{LIST}"));
    assert!(Arc::ptr_eq(&first, &later));
    again.folder.write("list", "10.0.0.0/9\n");
    let changed = again.denied(LIST);
    assert_eq!(changed.list()[0].0.to_string(), "10.0.0.0/9");
    again.folder.write("list", "10.0.0.0/9\nnonsense\n");
    assert!(again.load(LIST).is_err());
    assert!(again.load(LIST).is_err(), "what was refused is refused again");
    again.folder.write("list", "10.0.0.0/9\n");
    assert!(Arc::ptr_eq(&changed, &again.denied(LIST)), "a refused load forgets nothing");
}

#[test]
fn keys_of_a_file_are_read_again_only_when_its_bytes_changed() {
    const KEYS: &str = "api_keys: { files: [keys] }\n";
    for head in ["keys:\n", "version: 1\nkeys:\n"] {
        let mut again = Again::new("known-keys");
        again.folder.write("keys", &format!("{head}{}", key("ann", HASHES[0])));
        let (first, later) = (again.keys(KEYS), again.keys(&format!("workers: 2\n{KEYS}")));
        assert!(Arc::ptr_eq(&first[0], &later[0]));
        again.folder.write("keys", &format!("{head}{}", key("ben", HASHES[0])));
        assert_eq!(again.keys(KEYS)[0].id.as_str(), "ben");
    }
}

#[test]
fn lines_are_read_as_their_yaml_is() {
    let mut again = Again::new("known-lines");
    let lines = format!("keys:\n{}{}", key("ann", HASHES[0]), key("ben-2", HASHES[1]));
    again.folder.write("lines", &lines);
    again.folder.write("yaml", &format!("{lines}version: 1\n"));
    let told = |keys: Vec<Arc<ApiKey>>| format!("{keys:?}").replace("/lines:", "/yaml:");
    let by_line = told(again.keys("api_keys: { files: [lines] }\n"));
    assert_eq!(by_line, told(again.keys("api_keys: { files: [yaml] }\n")));
}

#[test]
fn what_a_known_file_clashes_with_is_told_as_ever() {
    const KEYS: &str = "api_keys: { files: [keys] }\n";
    let mut again = Again::new("known-clash");
    again.folder.write("keys", &format!("keys:\n{}", key("ann", HASHES[0])));
    again.keys(KEYS);
    let inline = |id: &str, hash: &str| format!("{KEYS}keys: [{{ id: {id}, hash: \"{hash}\" }}]\n");
    assert!(again.problems(&inline("ann", HASHES[1])).contains("is already used"));
    assert!(again.problems(&inline("ben", HASHES[0])).contains("is the same key"));
    assert_eq!(again.keys(&inline("ben", HASHES[1])).len(), 2);
}

#[test]
fn what_was_read_under_a_pepper_holds_under_it_alone() {
    let mut again = Again::new("known-pepper");
    let peppered = HASHES[0].replace("sha256", "hmac-sha256");
    again.folder.write("keys", &format!("keys:\n{}", key("ann", &peppered)));
    let under = |pepper: &str| format!("api_keys: {{ files: [keys], pepper: {{ value: {pepper} }} }}\n");
    let first = again.keys(&under("canary-pepper-0001"));
    assert!(Arc::ptr_eq(&first[0], &again.keys(&under("canary-pepper-0001"))[0]));
    assert!(!Arc::ptr_eq(&first[0], &again.keys(&under("canary-pepper-0002"))[0]));
    assert!(again.problems("api_keys: { files: [keys] }\n").contains("made with a pepper"));
}

#[test]
fn a_file_with_references_is_read_every_time() {
    const KEYS: &str = "api_keys: { files: [keys] }\n";
    let mut again = Again::new("known-references");
    again.folder.write("keys", &format!("keys:\n{}", key("\"${NAME}\"", HASHES[0])));
    let (first, later) = (again.keys(KEYS), again.keys(KEYS));
    assert_eq!(first[0].id.as_str(), "ann");
    assert!(!Arc::ptr_eq(&first[0], &later[0]));
}

#[test]
fn files_stand_while_they_hold_the_same_bytes_and_all_could_be_read() {
    const RULES: &str = "security: { ip_denylist: { file: list } }\n";
    let mut again = Again::new("known-stands");
    assert!(!again.known.stands(), "nothing was read");
    again.folder.write("list", "192.0.2.0/24\n");
    again.load(RULES).unwrap();
    assert!(again.known.stands());
    again.folder.write("list", "192.0.2.0/25\n");
    assert!(!again.known.stands(), "as long, but other bytes");
    again.folder.write("list", "192.0.2.0/24\n203.0.113.0/24\n");
    assert!(!again.known.stands(), "longer");
    again.folder.write("list", "192.0.2.0/24\n");
    assert!(again.known.stands(), "as it was");
    std::fs::remove_file(again.folder.0.join("list")).unwrap();
    assert!(!again.known.stands(), "gone");
}

#[test]
fn files_of_which_one_could_not_be_read_do_not_stand() {
    const RULES: &str = "routes: [{ name: a, path: /a, shared_secret: { header: x-token, secrets: [{ id: a, file: gone }] } }]\n";
    let folder = Folder::new("known-missing");
    let path = folder.write("sidegate.yaml", &with_head(RULES));
    let mut known = Known::default();
    load_again(&path, LoadMode::Start, &Environment::default(), &mut known).unwrap();
    assert!(!known.stands(), "a secret that is missing at start must be told as missing");
}
