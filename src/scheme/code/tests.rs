//! What the tests of code schemes share: a head, and a provider with a key of its own.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A head with these fields.
pub(super) fn head(fields: &[(&'static str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    fields.iter().map(line).collect()
}

/// A provider that signs with RSA.
pub(super) mod maker {
    use std::sync::LazyLock;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

    use super::HeaderMap;
    use crate::base::clock::Wall;
    use crate::base::secret::Secret;
    use crate::scheme::encoding::Encoding;
    use crate::scheme::*;

    static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

    /// Its scheme, but for what is signed.
    pub(crate) fn rsa(hash: &str) -> Spec {
        Spec {
            kind: "rsa".into(),
            hash: hash.into(),
            enc: "base64".into(),
            key: KeySpec { enc: "raw_b64".into(), ..KeySpec::default() },
            ..Spec::default()
        }
    }

    /// A signature with SHA-256, in base64.
    pub(crate) fn sign(message: &[u8]) -> String {
        let mut signature = vec![0; PAIR.public_modulus_len()];
        PAIR.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        Encoding::Base64.encode(&signature)
    }

    /// The verdict at 2026-09-21T14:13:20Z.
    pub(crate) fn judge(spec: &Spec, headers: &HeaderMap, body: &str) -> Result<Verified, Refusal> {
        judge_by(spec, &Encoding::Base64.encode(PAIR.public_key().as_ref()), headers, body)
    }

    /// The same under another key.
    pub(crate) fn judge_by(
        spec: &Spec,
        public: &str,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<Verified, Refusal> {
        let plan = Plan::compile(spec).unwrap();
        let key = plan.key(&Secret::new(public.as_bytes().to_vec())).unwrap();
        let head = SignedHead { method: "POST", path_and_query: "/hook", url: None, headers };
        let mut session = plan.begin(&[&key], &head, Wall(1_790_000_000_000), ReplayId::Wanted)?;
        session.update(body.as_bytes());
        session.finish(body.as_bytes())
    }
}
