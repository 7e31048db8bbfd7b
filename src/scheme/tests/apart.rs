//! A signature stands outside what it signs.

use super::*;

fn problems(spec: &Spec) -> Vec<&'static str> {
    Plan::compile(spec).err().unwrap_or_default().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_signature_inside_what_it_signs_is_a_problem() {
    for (field, sig, msg) in [
        ("sig", &["json:sig"][..], "{body}"),
        ("sig", &["header:X-Sig", "json:sig"], "{body}"),
        ("sig", &["json:sig"], "{header:x}.{body|sha256hex}"),
        ("sig", &["form:sig"], "{url}\n{form_sorted}"),
        ("sig", &["form:sig"], "{form_only:payload}"),
        ("msg", &["json:sig"], "{json:a}.{json:sig}"),
        ("msg", &["header:X-Sig"], "{header:x-sig}.{body}"),
    ] {
        let sig = sig.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(problems(&Spec { sig, msg: msg.into(), ..Spec::default() }), [field], "{msg}");
    }
}

#[test]
fn a_signature_in_a_body_signs_fields_of_it() {
    for (sig, msg) in
        [("json:sig", "{json:a}.{json:b}"), ("form:sig", "{form:a}"), ("json:sig", "{header:x}\n{query:q}")]
    {
        let spec = Spec { sig: vec![sig.into()], msg: msg.into(), ..Spec::default() };
        assert_eq!(problems(&spec), [""; 0], "{sig} {msg}");
    }
}

#[test]
fn a_body_is_a_form_or_json_and_not_both() {
    for (sig, msg) in [
        ("form:sig", "{json:a.b}"),
        ("json:sig", "{form:a}"),
        ("header:X-Sig", "{form:a}.{json:b}"),
        ("json:sig", "{header:x}.{form:a}"),
    ] {
        let spec = Spec { sig: vec![sig.into()], msg: msg.into(), ..Spec::default() };
        assert_eq!(problems(&spec), ["msg"], "{sig} {msg}");
    }
    let ts = TsSpec { from: vec!["json:t".into()], ..TsSpec::default() };
    let spec = Spec { msg: "{url}\n{form_sorted}\n{timestamp}".into(), ts: Some(ts), ..body_scheme() };
    assert_eq!(problems(&spec), ["msg"]);
}
