//! A scheme of the operator's own, as the file describes it. Whether it makes sense is decided by `scheme`.

use std::time::Duration;

use crate::config::validate::Section;
use crate::scheme::{KeySpec, Spec, TsSpec, WhenSpec};

/// A scheme as the file describes it; absent keys have the values of the table.
pub(super) fn spec(section: Section<'_>) -> Spec {
    let base = Spec::default();
    let text = |key: &str| section.text(key).map(str::to_owned);
    let lower = |key: &str| section.text(key).map(str::to_ascii_lowercase);
    let key = section.section("key");
    let require = section.get("require").into_iter().flat_map(|view| view.entries());
    Spec {
        kind: lower("kind").unwrap_or(base.kind),
        hash: lower("hash").unwrap_or(base.hash),
        sig: section.texts("sig"),
        split: text("split"),
        kv: text("kv"),
        field: text("field"),
        pick: lower("pick"),
        prefix: text("prefix"),
        enc: lower("enc").unwrap_or(base.enc),
        msg: text("msg").unwrap_or(base.msg),
        ts: section.get("ts").map(|view| timestamp(Section(Some(view)))),
        key: KeySpec {
            enc: key.text("enc").map(str::to_ascii_lowercase).unwrap_or(base.key.enc),
            strip: key.texts("strip"),
            derive: key.text("derive").map(str::to_ascii_lowercase).unwrap_or(base.key.derive),
        },
        id: text("id"),
        require: require.filter_map(|view| Some((view.key().to_owned(), view.text()?.to_owned()))).collect(),
        body: lower("body").unwrap_or(base.body),
        when: section.get("when").map(|view| when(Section(Some(view)))).unwrap_or_default(),
        code: text("code"),
        ..Spec::default()
    }
}

/// What the code of a scheme is told.
pub(super) fn options(section: Section<'_>) -> Vec<(String, Vec<String>)> {
    let written = section.section("options");
    let entries = section.get("options").into_iter().flat_map(|view| view.entries());
    entries.map(|entry| (entry.key().to_owned(), written.texts(entry.key()))).collect()
}

fn when(section: Section<'_>) -> WhenSpec {
    let text = |key: &str| section.text(key).map(str::to_owned);
    WhenSpec { method: text("method"), content_type: text("content_type"), header: text("header") }
}

fn timestamp(section: Section<'_>) -> TsSpec {
    let base = TsSpec::default();
    let seconds = |span: Duration| span.as_secs().max(u64::from(!span.is_zero()));
    TsSpec {
        from: section.texts("from"),
        fmt: section.text("fmt").map(str::to_ascii_lowercase).unwrap_or(base.fmt),
        tol_s: match section.is_true("unbounded") {
            true => None,
            false => section.duration("tol").map(seconds).or(base.tol_s),
        },
        future_s: section.duration("future").map_or(base.future_s, seconds),
    }
}
