//! May this caller do this? Roles: at least one of those asked. Permissions: each one asked.

use super::api_key::Key;
use super::deny::{Deny, Reason};
use crate::config::settings::Authorize;

/// What one route asks of its callers.
#[derive(Debug)]
pub(super) struct AuthorizeRule {
    roles: Vec<String>,
    permissions: Vec<String>,
    line: u32,
}

impl AuthorizeRule {
    /// `None` when nothing is asked.
    pub(super) fn from_settings(settings: &Authorize) -> Option<Self> {
        let Authorize { roles, permissions, line } = settings;
        let asks = !(roles.is_empty() && permissions.is_empty());
        asks.then(|| Self { roles: roles.clone(), permissions: permissions.clone(), line: *line })
    }

    /// A caller without a key has no role and no permission.
    pub(super) fn check(&self, key: Option<&Key>) -> Result<(), Deny> {
        let deny = |hint: String| Err(Deny::new(Reason::NotAuthorized, self.line).hint(hint));
        let held: &[String] = key.map_or(&[], Key::roles);
        if !self.roles.is_empty() && !self.roles.iter().any(|role| held.contains(role)) {
            return deny(format!("the key needs one of the roles {}", self.roles.join(", ")));
        }
        let held: &[String] = key.map_or(&[], Key::permissions);
        match self.permissions.iter().find(|asked| !held.iter().any(|grant| meets(grant, asked))) {
            Some(asked) => deny(format!("the key needs the permission {asked}")),
            None => Ok(()),
        }
    }
}

/// Whether the permission `grant` of a key answers `asked`; both may end in `*`.
///
/// `search_docs` asked: met by `search_docs`, `search_*`, `*`. `search_*` asked (any permission of that family): met
/// by every grant that begins so, and by every wider pattern.
fn meets(grant: &str, asked: &str) -> bool {
    match (grant.strip_suffix('*'), asked.strip_suffix('*')) {
        (None, None) => grant == asked,
        (Some(stem), None) => asked.starts_with(stem),
        (None, Some(family)) => grant.starts_with(family),
        (Some(stem), Some(family)) => stem.starts_with(family) || family.starts_with(stem),
    }
}

#[cfg(test)]
mod tests;
