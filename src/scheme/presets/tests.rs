use super::*;

#[test]
fn names_are_unique_and_sorted() {
    let all = presets();
    assert!(all.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(all.len() >= 130, "{}", all.len());
    let mut names: Vec<&str> = all.iter().flat_map(|preset| preset.aliases).copied().collect();
    names.extend(all.iter().map(|preset| preset.name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "an alias is a name");
    for name in names {
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{name}");
    }
}

#[test]
fn variants_have_names_of_their_own() {
    for preset in presets() {
        let mut names: Vec<&str> = preset.schemes.iter().map(|scheme| scheme.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), preset.schemes.len(), "{}", preset.name);
        assert!(
            !names.iter().any(|name| name.parse::<usize>().is_ok()),
            "{}: a number is a place",
            preset.name
        );
        assert!(
            !preset.schemes[0].deprecated && !preset.schemes[0].shape.is_conditional(),
            "{}",
            preset.name
        );
    }
}

#[test]
fn every_preset_says_where_its_facts_are_from() {
    for preset in presets() {
        assert!(!preset.title.is_empty() && !preset.sources.is_empty(), "{}", preset.name);
        assert!(preset.notes.is_empty() || preset.notes.ends_with('.'), "{}", preset.name);
        assert!(preset.sources.iter().all(|source| !source.is_empty()), "{}", preset.name);
    }
}

#[test]
fn a_variant_is_found_by_name_and_by_number() {
    let github = preset("github").unwrap();
    assert_eq!(github.spec(None).unwrap().name, "github/sha256");
    assert_eq!(github.spec(Some("legacy_sha1")), github.spec(Some("1")));
    let unknown = github.spec(Some("2")).unwrap_err();
    assert_eq!(unknown.known, ["sha256", "legacy_sha1"]);
    assert_eq!(preset("whatsapp").unwrap().name, "meta");
}

#[test]
fn schemes_of_other_forms_count_unless_one_is_pinned() {
    let names = |name: &str, variant: Option<&str>| {
        let specs = preset(name).unwrap().specs(variant).unwrap();
        specs.into_iter().map(|spec| spec.name).collect::<Vec<_>>()
    };
    assert_eq!(names("gitea", None), ["gitea/json", "gitea/form"]);
    assert_eq!(names("gitea", Some("form")), ["gitea/form"]);
    assert_eq!(names("github", None), ["github/sha256"], "a weaker one never");
    let pinned = preset("gitea").unwrap().specs(Some("form")).unwrap().remove(0);
    assert_eq!(pinned.when, crate::scheme::WhenSpec::default(), "pinned for every request");
}

#[test]
fn a_proof_makes_a_preset_proven_and_hearsay_an_experiment() {
    let level = |name: &str| preset(name).unwrap().level().word();
    assert_eq!(level("github"), "proven");
    assert_eq!(level("asana"), "documented");
    assert_eq!(level("figma"), "experimental");
}
