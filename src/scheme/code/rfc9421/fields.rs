//! The few structured fields (RFC 9651) that signatures are written in, in their canonical form only: what is signed
//! is the text itself, so a text that could have been written in another way is refused.

/// Most components one request may sign.
const MOST_COMPONENTS: usize = 64;

/// What a signature covers and says of itself.
#[derive(Debug)]
pub(super) struct Input<'t> {
    /// The whole, as written.
    pub(super) written: &'t str,
    pub(super) components: Vec<Component<'t>>,
    pub(super) created: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) key_id: Option<&'t str>,
    pub(super) algorithm: Option<&'t str>,
    pub(super) tag: Option<&'t str>,
}

/// One thing that is signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component<'t> {
    /// Its name and parameters, as written.
    pub(super) written: &'t str,
    pub(super) name: &'t str,
    /// The name of a parameter of the query.
    pub(super) parameter: Option<&'t str>,
}

/// The members of a dictionary, unread; `None` when one has no value, or stands twice.
pub(super) fn dictionary(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    let mut rest = text.trim_matches([' ', '\t']);
    loop {
        let (name, value) = rest.split_once('=')?;
        if !is_key(name) || members.iter().any(|(known, _)| *known == name) {
            return None;
        }
        let end = end_of_member(value);
        let (value, after) = value.split_at_checked(end)?;
        members.push((name, value.trim_end_matches([' ', '\t'])));
        match after.strip_prefix(',') {
            None => return Some(members),
            Some(next) => rest = next.trim_start_matches([' ', '\t']),
        }
    }
}

/// The base64 between the colons of a byte sequence.
pub(super) fn bytes(text: &str) -> Option<&str> {
    let inside = text.strip_prefix(':')?.strip_suffix(':')?;
    (!inside.is_empty() && !inside.contains(':')).then_some(inside)
}

impl<'t> Input<'t> {
    /// Reads an inner list with its parameters; `None` when it is not canonical, signs one thing twice, or says
    /// something we do not know.
    pub(super) fn read(written: &'t str) -> Option<Self> {
        let mut input = Self {
            written,
            components: Vec::new(),
            created: None,
            expires: None,
            key_id: None,
            algorithm: None,
            tag: None,
        };
        let mut rest = written.strip_prefix('(')?;
        while !rest.starts_with(')') {
            if !input.components.is_empty() {
                rest = rest.strip_prefix(' ')?;
            }
            let (component, after) = component(rest)?;
            if input.components.len() >= MOST_COMPONENTS || input.components.contains(&component) {
                return None;
            }
            input.components.push(component);
            rest = after;
        }
        rest = rest.strip_prefix(')')?;
        let mut seen: Vec<&str> = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let (name, value) = parameter.split_once('=')?;
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            rest = match name {
                "created" | "expires" => {
                    let (number, after) = integer(value)?;
                    *(if name == "created" { &mut input.created } else { &mut input.expires }) = Some(number);
                    after
                }
                "keyid" | "alg" | "tag" | "nonce" => {
                    let (text, after) = string(value)?;
                    match name {
                        "keyid" => input.key_id = Some(text),
                        "alg" => input.algorithm = Some(text),
                        "tag" => input.tag = Some(text),
                        _ => {}
                    }
                    after
                }
                _ => return None,
            };
        }
        rest.is_empty().then_some(input)
    }
}

fn component(text: &str) -> Option<(Component<'_>, &str)> {
    let (name, mut rest) = string(text)?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_@".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let mut parameter = None;
    if name == "@query-param" {
        let (value, after) = string(rest.strip_prefix(";name=")?)?;
        (parameter, rest) = (Some(value), after);
    }
    if !rest.starts_with([' ', ')']) {
        return None;
    }
    let written = text.get(..text.len().checked_sub(rest.len())?)?;
    Some((Component { written, name, parameter }, rest))
}

/// A string without escapes, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let (value, rest) = text.strip_prefix('"')?.split_once('"')?;
    value.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'\\').then_some((value, rest))
}

/// A time: up to eleven digits without a leading zero, and what follows it.
fn integer(text: &str) -> Option<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let fits = (1..=11).contains(&length) && !digits.starts_with('0');
    fits.then(|| digits.parse().ok()).flatten().map(|number| (number, rest))
}

fn is_key(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '*')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte))
}

/// Where a member ends: at the first comma outside strings.
fn end_of_member(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}
