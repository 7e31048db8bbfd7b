//! However a body is cut, the verdict is that of the body in one piece.

use proptest::prelude::*;

use super::*;

fn schemes() -> Vec<Spec> {
    let spec = |msg: &str| Spec {
        msg: msg.into(),
        ts: Some(TsSpec { from: vec!["header:X-Time".into()], ..TsSpec::default() }),
        ..body_scheme()
    };
    let mut all: Vec<Spec> = [
        "{timestamp}.{body}",
        "{body}{timestamp}",
        "{timestamp}{body|sha256hex}",
        "{timestamp}\n{url}\n{body|sha256raw}",
    ]
    .iter()
    .map(|msg| spec(msg))
    .collect();
    all.push(Spec { hash: "sha512".into(), msg: "{method}{url}\n{body}".into(), ..body_scheme() });
    all.push(Spec { hash: "sha1".into(), msg: "{secret}{body}".into(), ..body_scheme() });
    all.push(Spec { hash: "sha384".into(), ..body_scheme() });
    all
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn chunks_do_not_matter(
        body in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(0_usize..600, 0..8),
        flipped in any::<prop::sample::Index>(),
    ) {
        for spec in schemes() {
            let plan = Plan::compile(&spec).unwrap();
            let (key, other) = (plan.key(&secret("a secret of sixteen")).unwrap(), plan.key(&secret("another")).unwrap());
            let call = Call { body: body.clone(), ..Call::new("") }.signed(&plan, &key, "");
            let whole = call.judge_in(&plan, &[&other, &key], usize::MAX).unwrap();
            prop_assert_eq!(whole.key, 1);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(body.len())).collect();
            cuts.sort_unstable();
            let mut session = plan.begin(&[&other, &key], &call.head(), call.now, ReplayId::Wanted).unwrap();
            let mut from = 0;
            for cut in cuts.into_iter().chain([body.len()]) {
                session.update(&body[from..cut]);
                from = cut;
            }
            prop_assert_eq!(session.finish(&body).unwrap(), whole);
            if !body.is_empty() {
                let mut forged = call.clone();
                forged.body[flipped.index(body.len())] ^= 1;
                prop_assert_eq!(forged.judge(&plan, &[&other, &key]), Err(Refusal::Wrong));
            }
        }
    }
}
