//! May this address call? Deny beats allow; where there is an allow list, whoever is not on it is refused.

use std::net::IpAddr;

use super::deny::{Deny, Reason};
use crate::base::nets::NetTable;
use crate::config::settings::IpList;

/// The two lists of one scope (global, or one route).
#[derive(Debug)]
pub(super) struct IpRules {
    allow: Option<NetTable>,
    /// Line of the allow list's first entry.
    allow_line: u32,
    deny: Option<NetTable>,
}

impl IpRules {
    pub(super) fn from_settings(allow: Option<&IpList>, deny: Option<&IpList>) -> Self {
        let table = |list: &IpList| NetTable::new(list.nets.iter().copied());
        let allow_line = allow.and_then(|list| list.nets.first()).map_or(0, |(_, line)| *line);
        Self { allow: allow.map(table), allow_line, deny: deny.map(table) }
    }

    pub(super) fn check(&self, client: IpAddr) -> Result<(), Deny> {
        if let Some(line) = self.deny.as_ref().and_then(|table| table.find(client)) {
            return Err(Deny::new(Reason::IpDenied, line));
        }
        match &self.allow {
            Some(table) if table.find(client).is_none() => {
                Err(Deny::new(Reason::IpNotAllowed, self.allow_line))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
