//! Every file of `proxy-config` and every generated document is what the code says.

use std::collections::BTreeSet;

use super::*;
use crate::config::raw::{Content, View, parse};
use crate::config::table::{Form, Group, KEY_FILE, ROOT};

/// What the examples take from the environment.
fn variables() -> Environment {
    Environment::from_pairs([
        ("GITHUB_WEBHOOK_SECRET", "an-example-of-github"),
        ("GITHUB_WEBHOOK_SECRET_OLD", "an-example-of-old-github"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_an-example-of-stripe"),
        ("GITLAB_WEBHOOK_TOKEN", "an-example-of-gitlab"),
        ("NIGHTLY_IMPORT_SECRET", "an-example-of-an-import"),
        ("SHORT_SECRET", "short"),
        ("INTERNAL_TOKEN", "an-example-of-a-token"),
        ("API_KEY_CI", "an-example-key-of-ci"),
        ("API_KEY_LEGACY", "an-example-key-of-old"),
        ("API_KEY_PARTNER", "an-example-key-of-partner"),
        ("API_KEY_DASHBOARD", "an-example-key-of-dashboard"),
        ("API_KEY_IMPORTER", "an-example-key-of-importer"),
        ("API_KEY_OPERATOR", "an-example-key-of-operator"),
    ])
}

fn example(name: &str) -> Loaded {
    let path = Path::new("proxy-config").join(name);
    load(&path, LoadMode::Reload, &variables()).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_example_is_accepted() {
    for name in ["minimal.yaml", "github.yaml", "legacy-webhooks.yaml", "api.yaml", "full.yaml"] {
        let loaded = example(name);
        assert!(!loaded.settings.routes.is_empty(), "{name}");
    }
}

#[test]
fn the_examples_warn_only_where_they_say_so() {
    for name in ["github.yaml", "api.yaml"] {
        let warnings = example(name).warnings;
        assert!(warnings.is_empty(), "{name}: {warnings:#?}");
    }
}

#[test]
fn the_full_example_shows_every_key() {
    let mut used = BTreeSet::new();
    for (name, group) in [("full.yaml", &ROOT), ("keys.yaml", &KEY_FILE)] {
        let text = fs::read_to_string(Path::new("proxy-config").join(name)).unwrap();
        let mut report = Report::default();
        let (id, _) = Sources::beside(Path::new("x")).take_main(Path::new("x"), b"", 1);
        let tree = parse::parse(&text, id, 10_000, &mut report).unwrap();
        visit(tree.root(), &[Form::Map(group)], &mut used);
    }
    let mut known = BTreeSet::new();
    keys_of(&ROOT, &mut known);
    keys_of(&KEY_FILE, &mut known);
    // Alternatives that exclude what the full example writes.
    for exclusive in ["unmatched.forward", "pepper.value"] {
        assert!(known.remove(exclusive), "{exclusive}");
    }
    let missing: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn keys_of(group: &'static Group, known: &mut BTreeSet<String>) {
    for key in group.keys {
        if known.insert(format!("{}.{}", group.name, key.name)) {
            key.forms.iter().for_each(|form| keys_of_form(*form, known));
        }
    }
}

fn keys_of_form(form: Form, known: &mut BTreeSet<String>) {
    match form {
        Form::Map(group) => keys_of(group, known),
        Form::List(forms) | Form::Named(forms) => forms.iter().for_each(|form| keys_of_form(*form, known)),
        Form::Is(_) => {}
    }
}

fn visit(view: View<'_>, forms: &[Form], used: &mut BTreeSet<String>) {
    for form in forms {
        match (form, view.content()) {
            (Form::Map(group), Content::Map(_)) => {
                for entry in view.entries() {
                    let key = group.keys.iter().find(|key| key.name == entry.key()).unwrap();
                    used.insert(format!("{}.{}", group.name, key.name));
                    visit(entry, key.forms, used);
                }
            }
            (Form::Named(forms), Content::Map(_)) => {
                view.entries().for_each(|entry| visit(entry, forms, used))
            }
            (Form::List(forms), Content::List(_)) => view.items().for_each(|item| visit(item, forms, used)),
            _ => {}
        }
    }
}

#[test]
fn the_schema_file_is_what_the_table_says() {
    let text = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    assert!(written(Path::new("proxy-config/schema.json"), &text), "run UPDATE=1 cargo test --lib config");
}

#[test]
fn the_document_is_what_the_table_says() {
    assert!(written(Path::new("docs/CONFIG.md"), &config_md()), "run UPDATE=1 cargo test --lib config");
}
