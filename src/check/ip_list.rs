//! May this address call? Deny beats allow; where there is an allow list, whoever is not on it is refused.

use std::net::IpAddr;
use std::sync::Arc;

use super::deny::{Deny, Reason};
use crate::base::nets::Networks;
use crate::config::settings::IpList;

/// The two lists of one scope (global, or one route).
#[derive(Debug)]
pub(super) struct IpRules {
    allow: Option<Arc<Networks>>,
    /// Line of the allow list's first entry.
    allow_line: u32,
    deny: Option<Arc<Networks>>,
    /// Line of the whole deny list, where its entries have none of their own.
    deny_line: Option<u32>,
}

impl IpRules {
    /// `None` without a list.
    pub(super) fn of_route(allow: Option<&IpList>, deny: Option<&IpList>) -> Option<Self> {
        (allow.is_some() || deny.is_some()).then(|| Self::from_settings(allow, deny))
    }

    pub(super) fn from_settings(allow: Option<&IpList>, deny: Option<&IpList>) -> Self {
        let nets = |list: &IpList| Arc::clone(&list.nets);
        let first = |list: &IpList| list.nets.list().first().map_or(0, |(_, line)| *line);
        Self {
            allow: allow.map(nets),
            allow_line: allow.map_or(0, |list| list.file_line.unwrap_or_else(|| first(list))),
            deny: deny.map(nets),
            deny_line: deny.and_then(|list| list.file_line),
        }
    }

    pub(super) fn check(&self, client: IpAddr) -> Result<(), Deny> {
        if let Some(line) = self.deny.as_ref().and_then(|nets| nets.table().find(client)) {
            return Err(Deny::new(Reason::IpDenied, self.deny_line.unwrap_or(line)));
        }
        match &self.allow {
            Some(nets) if nets.table().find(client).is_none() => {
                Err(Deny::new(Reason::IpNotAllowed, self.allow_line))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
