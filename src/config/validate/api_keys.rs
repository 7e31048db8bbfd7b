//! API keys: of the config file, of key files, in both layouts. Only digests are kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::key_lines;
use super::key_metadata::Metadata;
use super::routes::{Written, patterns};
use super::secrets::{self, Strength};
use super::{Reading, Section};
use crate::base::api_key::{self, Shape};
use crate::base::clock::Wall;
use crate::base::name::KeyId;
use crate::base::secret::Secret;
use crate::config::raw::{Made, View, parse};
use crate::config::report::{Fault, Spot};
use crate::config::settings::{ApiKey, ApiKeys, KeyDigest};
use crate::config::table::KEY_FILE;
use crate::config::{defaults, interpolate, scalar, shape};

/// Reads every key there is; ids and keys are unique.
pub(super) fn api_keys(root: Section<'_>, routes: &[Written<'_>], reading: &mut Reading<'_>) -> ApiKeys {
    let section = root.section("api_keys");
    let mut unavailable = None;
    let pepper = section.get("pepper").and_then(|view| {
        let pepper = pepper(view, reading);
        if pepper.is_none() && !reading.report.has_errors() {
            unavailable = Some("the pepper cannot be read".to_owned());
        }
        pepper
    });
    reading.known.pepper(pepper.as_ref());
    let mut found = Found::under(pepper);
    let has_pepper = section.get("pepper").is_some();
    take(section, has_pepper, &mut found, reading);
    take(root, has_pepper, &mut found, reading);
    let files = section.get("files");
    for file in files.into_iter().flat_map(super::addresses::one_or_many) {
        if let Err(reason) = take_file(file, has_pepper, &mut found, reading) {
            unavailable.get_or_insert(reason);
        }
    }
    judge(root, routes, &found, unavailable.is_some(), reading);
    ApiKeys { keys: found.keys, pepper: found.pepper, unavailable }
}

/// What has been read so far.
struct Found {
    keys: Vec<Arc<ApiKey>>,
    /// Where in `keys` an id is.
    ids: HashMap<KeyId, usize>,
    digests: HashSet<KeyDigest>,
    pepper: Option<Secret>,
    /// Digests of the empty text.
    nothing: [Option<KeyDigest>; 2],
}

impl Found {
    fn under(pepper: Option<Secret>) -> Self {
        let peppered = |pepper| KeyDigest::Peppered(api_key::digest_peppered(pepper, b""));
        let plain = KeyDigest::Sha256(api_key::digest_sha256(b""));
        Self {
            nothing: [Some(plain), pepper.as_ref().map(peppered)],
            keys: Vec::new(),
            ids: HashMap::new(),
            digests: HashSet::new(),
            pepper,
        }
    }

    /// Whether a digest is that of the empty text.
    ///
    /// Security: such an entry would let in whoever sends an empty key.
    fn is_of_nothing(&self, digest: KeyDigest) -> bool {
        self.nothing.contains(&Some(digest))
    }

    /// Whether a digest was made with a pepper and there is none.
    fn is_foreign(&self, digest: KeyDigest) -> bool {
        self.pepper.is_none() && matches!(digest, KeyDigest::Peppered(_))
    }

    fn add(&mut self, key: Arc<ApiKey>) {
        self.ids.insert(key.id.clone(), self.keys.len());
        self.digests.insert(key.digest);
        self.keys.push(key);
    }

    /// Adds keys that were read before, unless there is something to tell about one of them now.
    fn take_known(&mut self, keys: &[Arc<ApiKey>], now: Wall) -> Option<()> {
        let is_new = |key: &Arc<ApiKey>| {
            let is_used = self.ids.contains_key(&key.id) || self.digests.contains(&key.digest);
            !is_used && key.expires_at.is_none_or(|end| end > now.0)
        };
        keys.iter().all(is_new).then_some(())?;
        self.ids.reserve(keys.len());
        self.digests.reserve(keys.len());
        keys.iter().for_each(|key| self.add(Arc::clone(key)));
        Some(())
    }
}

fn pepper(view: View<'_>, reading: &mut Reading<'_>) -> Option<Secret> {
    match (view.get("value"), view.get("file")) {
        (Some(value), None) => secrets::inline(value, Strength::Strong, reading),
        (None, Some(file)) => secrets::from_file(file, Strength::Strong, reading),
        (Some(_), Some(_)) | (None, None) => {
            let fault = Fault::new("expected one of file and value", "write pepper: {file: /path}");
            reading.report.error(view.key_spot(), fault);
            None
        }
    }
}

/// Reads a key file. `Err`: it cannot be read now, which is no error at start.
fn take_file(
    view: View<'_>,
    has_pepper: bool,
    found: &mut Found,
    reading: &mut Reading<'_>,
) -> Result<(), String> {
    let Some(path) = view.text() else { return Ok(()) };
    let (id, bytes) = reading.sources.read(path, defaults::MOST_KEY_FILE_BYTES);
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(reason) => {
            let fault = reason.fault(path);
            let message = fault.message.clone();
            secrets::missing(view, fault, "routes with api_key answer 503 until it can be read", reading);
            return Err(message);
        }
    };
    let (place, digest) = (reading.sources.resolve(path), reading.sources.digest(id));
    // Without its pepper no file means what it says.
    let is_whole = has_pepper == found.pepper.is_some();
    if is_whole
        && let Some(keys) = reading.known.keys(&place, digest)
        && found.take_known(&keys, reading.now).is_some()
    {
        reading.known.add_keys(place, digest, keys);
        return Ok(());
    }
    let (told, first) = (reading.report.found(), found.keys.len());
    let Ok(text) = std::str::from_utf8(&bytes) else {
        reading.report.error(Spot::file(id), Fault::new("the file is not UTF-8", ""));
        return Ok(());
    };
    if is_whole
        && let Some(keys) = key_lines::keys(text, &reading.sources.name(id))
        && !keys.iter().any(|key| found.is_of_nothing(key.digest) || found.is_foreign(key.digest))
        && found.take_known(&keys, reading.now).is_some()
    {
        reading.known.add_keys(place, digest, keys);
        return Ok(());
    }
    let Some(mut tree) = parse::parse(text, id, defaults::MOST_KEY_FILE_NODES, &mut reading.report) else {
        return Ok(());
    };
    interpolate::resolve(&mut tree, reading.env, &mut reading.sources, &mut reading.report);
    shape::check(&mut tree, &KEY_FILE, &mut reading.report);
    take(Section(Some(tree.root())), has_pepper, found, reading);
    // Where a reference stands, the same bytes may mean something else the next time.
    if is_whole && reading.report.found() == told && !text.contains('$') {
        let keys = found.keys.get(first..).unwrap_or_default().into();
        reading.known.add_keys(place, digest, keys);
    }
    reading.trees.push(tree);
    Ok(())
}

/// Reads `keys` and `key_metadata` of one map.
fn take(section: Section<'_>, has_pepper: bool, found: &mut Found, reading: &mut Reading<'_>) {
    let mut metadata = Metadata::of(section);
    let keys = section.get("keys");
    for view in keys.into_iter().flat_map(|view| view.items().chain(view.entries())) {
        if reading.report.is_full() {
            return;
        }
        let meta = metadata.belonging_to(view, reading);
        let Some(key) = one(view, found, has_pepper, reading) else { continue };
        let meta = match meta {
            Some(meta) => Some(meta),
            None => metadata.named(key.id.as_str(), view, reading),
        };
        let other = found.ids.get(&key.id).and_then(|index| found.keys.get(*index));
        if let Some(other) = other {
            let message = format!("the id {} is already used in {}", key.id, other.origin);
            reading.report.error(view.spot(), Fault::new(message, "give each key its own id"));
        }
        if found.digests.contains(&key.digest) {
            let message = format!("{} is the same key as another entry", key.id);
            reading.report.error(view.spot(), Fault::new(message, "remove one of the two"));
        }
        found.add(Arc::new(whole(key, view, Section(meta), reading)));
    }
    metadata.refuse_unused(reading);
}

/// What identifies a key.
struct One {
    id: KeyId,
    name: String,
    digest: KeyDigest,
}

fn one(view: View<'_>, found: &Found, has_pepper: bool, reading: &mut Reading<'_>) -> Option<One> {
    let section = Section(Some(view));
    let is_alone = view.scalar().is_some();
    let value = if is_alone { Some(view) } else { section.get("value") };
    let digest = match (value, section.get("hash")) {
        (Some(value), None) => digest_of(value, section, found, reading)?,
        (None, Some(hash)) => {
            let digest = scalar::digest(hash.text()?).ok()?;
            if matches!(digest, KeyDigest::Peppered(_)) && !has_pepper {
                let message = "this hash was made with a pepper, and there is none";
                reading.report.error(hash.spot(), Fault::new(message, "write api_keys.pepper: {file: …}"));
            }
            digest
        }
        (Some(_), Some(_)) | (None, None) => {
            let fault =
                Fault::new("expected one of value and hash", "hash is what `sidegate keys generate` prints");
            reading.report.error(view.spot(), fault);
            return None;
        }
    };
    if found.is_of_nothing(digest) {
        let fault = Fault::new("this is the hash of an empty key", "hash the key itself, without a newline");
        reading.report.error(section.get("hash").unwrap_or(view).spot(), fault);
        return None;
    }
    let name = section.text("name").unwrap_or(view.key()).to_owned();
    let id = match section.get("id") {
        Some(id) => KeyId::parse(id.text()?).ok()?,
        None => id_of(&name, value, digest)?,
    };
    Some(One { id, name, digest })
}

fn digest_of(
    value: View<'_>,
    section: Section<'_>,
    found: &Found,
    reading: &mut Reading<'_>,
) -> Option<KeyDigest> {
    let strength = if section.is_true("allow_weak") { Strength::AnyLength } else { Strength::Strong };
    let secret = secrets::inline(value, strength, reading)?;
    if api_key::parse(secret.expose()) == Shape::BadCheck {
        let message = "this key is mistyped: its last six characters do not fit the rest";
        reading.report.error(value.spot(), Fault::new(message, "copy the whole key"));
        return None;
    }
    Some(match &found.pepper {
        Some(pepper) => KeyDigest::Peppered(api_key::digest_peppered(pepper, secret.expose())),
        None => KeyDigest::Sha256(api_key::digest_sha256(secret.expose())),
    })
}

/// The id of a key that names none: the one inside the key, its name, its variable, or a part of its digest.
fn id_of(name: &str, value: Option<View<'_>>, digest: KeyDigest) -> Option<KeyId> {
    let scalar = value.and_then(|value| value.scalar());
    if let Some(scalar) = scalar
        && let Shape::Ours { id, .. } = api_key::parse(scalar.text.as_bytes())
    {
        return KeyId::parse(id).ok();
    }
    if let Ok(id) = KeyId::parse(name) {
        return Some(id);
    }
    if let Some(Made::Variable(variable)) = scalar.map(|scalar| &scalar.made)
        && let Ok(id) = KeyId::parse(variable)
    {
        return Some(id);
    }
    let (KeyDigest::Sha256(bytes) | KeyDigest::Peppered(bytes)) = digest;
    let hex = data_encoding::HEXLOWER.encode(bytes.first_chunk::<4>()?);
    KeyId::parse(&format!("key-{hex}")).ok()
}

/// A key with what its entry, or else its metadata, says about it.
fn whole(key: One, view: View<'_>, meta: Section<'_>, reading: &mut Reading<'_>) -> ApiKey {
    let entry = Section(Some(view));
    let of = |name: &str| if entry.get(name).is_some() { entry } else { meta };
    let (not_before, expires_at) = secrets::validity(entry, ("not_before", "expires_at"), reading);
    let (meta_before, meta_expires) = secrets::validity(meta, ("not_before", "expires_at"), reading);
    let permissions = of("permissions").get("permissions");
    ApiKey {
        id: key.id,
        name: if key.name.is_empty() { meta.text("name").unwrap_or("").to_owned() } else { key.name },
        digest: key.digest,
        roles: of("roles").texts("roles"),
        permissions: permissions.map(|view| patterns(view, reading)).unwrap_or_default(),
        rate_limit: of("rate_limit").number("rate_limit"),
        not_before: not_before.or(meta_before),
        expires_at: expires_at.or(meta_expires),
        revoked: entry.is_true("revoked") || meta.is_true("revoked"),
        origin: reading.sources.name_of(view),
    }
}

/// Keys nobody asks for, and routes that ask for keys there are none of.
fn judge(
    root: Section<'_>,
    routes: &[Written<'_>],
    found: &Found,
    may_come: bool,
    reading: &mut Reading<'_>,
) {
    let asking = routes.iter().find(|written| written.route.api_key.is_some());
    match asking {
        Some(written) if found.keys.is_empty() && !may_come && !reading.report.has_errors() => {
            let place = written.view.get("api_key").unwrap_or(written.view);
            let message = "this route takes API keys, and there are none";
            let hint = "write api_keys: {files: [keys.yaml]}; `sidegate keys generate` makes the first key";
            reading.report.error(place.key_spot(), Fault::new(message, hint));
        }
        None if !found.keys.is_empty() => {
            let place = root.get("api_keys").or(root.get("keys"));
            if let Some(view) = place {
                let message = "no route takes an API key, so these keys open nothing";
                reading.report.warn(view.key_spot(), Fault::new(message, "write api_key: {} in a route"));
            }
        }
        Some(_) | None => {}
    }
}
