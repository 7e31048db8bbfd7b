//! One key's work on one message, and what it says of each signature in the end.

use std::sync::Arc;

use subtle::{Choice, ConstantTimeEq};

use super::{Key, Material};
use crate::base::secret::Secret;
use crate::scheme::mac::{Hasher, Mac, Prepared, Tag};
use crate::scheme::public::{PrivateKey, Verification};

/// One key's work on one message.
pub(in crate::scheme) enum Lane {
    /// No byte of the message was taken yet.
    Fresh(Arc<Prepared>, Secret),
    Mac(Box<Mac>, Secret),
    Hasher(Box<Hasher>, Secret),
    Fixed(Tag),
    Public(Box<dyn Verification>),
    Private(Arc<dyn PrivateKey>, Vec<u8>),
}

/// What a lane knows once the message is whole.
pub(in crate::scheme) enum Proof {
    Tag(Tag),
    Public(Box<dyn Verification>),
    /// A signature that was made, where the key can make one.
    Made(Option<Vec<u8>>),
}

/// A signature of a request, decoded.
#[derive(Clone)]
pub(in crate::scheme) enum Candidate {
    /// What a tag is compared with.
    Tag(Tag),
    /// What a public key verifies.
    Bytes(Vec<u8>),
}

impl Lane {
    /// Begins a message under this key.
    pub(in crate::scheme) fn new(key: &Key) -> Self {
        match &key.material {
            Material::Mac(prepared) => Self::Fresh(Arc::clone(prepared), key.secret.clone()),
            Material::Hasher(hash) => Self::Hasher(Box::new(Hasher::new(*hash)), key.secret.clone()),
            Material::Token(tag) | Material::Basic(tag) => Self::Fixed(*tag),
            Material::Public(_, key) => Self::Public(key.begin()),
            Material::Private(_, key) => Self::Private(Arc::clone(key), Vec::new()),
        }
    }

    /// The same under what becomes of the key when each step in turn is signed with what came of the last one.
    /// `None` where keys cannot be stepped: they are no HMAC keys.
    pub(in crate::scheme) fn stepped(key: &Key, steps: &[Vec<u8>]) -> Option<Self> {
        let mut lane = Self::new(key);
        for step in steps {
            lane.start();
            let Self::Mac(mut mac, _) = lane else { return None };
            mac.update(step);
            let (hash, tag) = (mac.hash(), mac.finish());
            lane = Self::Mac(Box::new(Mac::new(hash, tag.bytes())), Secret::new(tag.bytes().to_vec()));
        }
        Some(lane)
    }

    /// The key, where nothing was taken yet and the message can be hashed together with others.
    pub(in crate::scheme) fn alongside(&self) -> Option<&Arc<Prepared>> {
        match self {
            Self::Fresh(prepared, _) => prepared.begun().map(|_| prepared),
            Self::Mac(..) | Self::Hasher(..) | Self::Fixed(_) | Self::Public(_) | Self::Private(..) => None,
        }
    }

    fn start(&mut self) {
        if let Self::Fresh(prepared, secret) = self {
            *self = Self::Mac(Box::new(prepared.mac().clone()), secret.clone());
        }
    }

    /// Takes the next bytes of the message.
    pub(in crate::scheme) fn put(&mut self, bytes: &[u8]) {
        self.start();
        match self {
            Self::Fresh(..) => {}
            Self::Mac(mac, _) => mac.update(bytes),
            Self::Hasher(hash, _) => hash.update(bytes),
            Self::Fixed(_) => {}
            Self::Public(work) => work.update(bytes),
            Self::Private(_, message) => message.extend_from_slice(bytes),
        }
    }

    /// Takes the key's own bytes, where the message holds them.
    pub(in crate::scheme) fn put_secret(&mut self) {
        self.start();
        match self {
            Self::Mac(mac, secret) => mac.update(secret.expose()),
            Self::Hasher(hash, secret) => hash.update(secret.expose()),
            Self::Fresh(..) | Self::Fixed(_) | Self::Public(_) | Self::Private(..) => {}
        }
    }

    /// The message is whole.
    pub(in crate::scheme) fn finish(self) -> Proof {
        match self {
            Self::Fresh(prepared, _) => Proof::Tag(prepared.mac().clone().finish()),
            Self::Mac(mac, _) => Proof::Tag(mac.finish()),
            Self::Hasher(hash, _) => Proof::Tag(hash.finish()),
            Self::Fixed(tag) => Proof::Tag(tag),
            Self::Public(work) => Proof::Public(work),
            Self::Private(key, message) => Proof::Made(key.sign(&message)),
        }
    }
}

impl Proof {
    /// Whether `candidate` is a signature of the message, in constant time where a secret is involved.
    pub(in crate::scheme) fn accepts(&self, candidate: &Candidate) -> Choice {
        match (self, candidate) {
            (Self::Tag(own), Candidate::Tag(theirs)) => own.bytes().ct_eq(theirs.bytes()),
            (Self::Public(work), Candidate::Bytes(bytes)) => Choice::from(u8::from(work.is_signed(bytes))),
            (Self::Tag(_), Candidate::Bytes(_))
            | (Self::Public(_), Candidate::Tag(_))
            | (Self::Made(_), Candidate::Tag(_) | Candidate::Bytes(_)) => Choice::from(0),
        }
    }

    /// The signature, where the key could make one.
    pub(in crate::scheme) fn made(self) -> Option<Vec<u8>> {
        match self {
            Self::Tag(tag) => Some(tag.bytes().to_vec()),
            Self::Made(signature) => signature,
            Self::Public(_) => None,
        }
    }
}
