use super::*;

#[test]
fn names_are_sorted_and_unique() {
    assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
}

#[test]
fn a_variant_is_found_by_name_and_by_number() {
    let github = preset("github").unwrap();
    assert_eq!(github.spec(None).unwrap().name, "github/sha256");
    assert_eq!(github.spec(Some("legacy_sha1")), github.spec(Some("1")));
    let unknown = github.spec(Some("2")).unwrap_err();
    assert_eq!(unknown.known, ["sha256", "legacy_sha1"]);
}
