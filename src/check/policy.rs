//! Settings compiled into tables: one generation of the rules.

use std::sync::Arc;

use super::api_key::{ApiKeyRule, KeyTable, Places};
use super::authorize::AuthorizeRule;
use super::flood::FloodRule;
use super::handshake::HandshakeRule;
use super::hygiene::HeadRules;
use super::ip_list::IpRules;
use super::maintenance::{MaintenanceRule, Urgency};
use super::quota::{ClientQuota, RouteQuota};
use super::resign::ResignRule;
use super::shared_secret::SharedSecretRule;
use super::signature::SignatureRule;
use crate::config::settings::{Require, Route, Settings, Unmatched};
use crate::identify::client_ip::ClientIpRules;
use crate::identify::route::{RouteConflict, RouteTable};
use crate::state::fetched::Fetched;

/// One generation of the rules. Immutable; a request is judged by one of these to its end.
#[derive(Debug)]
pub struct Policy {
    pub(super) head_rules: HeadRules,
    pub(super) client_ip: ClientIpRules,
    pub(super) ips: IpRules,
    pub(super) flood: FloodRule,
    pub(super) table: RouteTable,
    pub(super) routes: Vec<RoutePolicy>,
    pub(super) forwards_unmatched: bool,
    pub(super) keys: KeyTable,
    pub(super) maintenance: MaintenanceRule,
    pub(super) client_quota: ClientQuota,
    pub(super) buffered_body: u64,
}

/// The rules of one route. What few routes have is kept elsewhere: of thousands of routes the one asked for is in no
/// cache, and this is two lines of one.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct RoutePolicy {
    pub(super) line: u32,
    pub(super) ips: Option<Box<IpRules>>,
    pub(super) shared_secret: Option<Box<SharedSecretRule>>,
    pub(super) api_key: Option<ApiKeyRule>,
    pub(super) signature: Option<Arc<SignatureRule>>,
    pub(super) handshake: Option<Box<HandshakeRule>>,
    pub(super) resign: Option<Box<ResignRule>>,
    pub(super) require: Require,
    pub(super) authorize: Option<Box<AuthorizeRule>>,
    pub(super) max_body: Option<u64>,
    pub(super) urgency: Urgency,
    pub(super) quota: RouteQuota,
    pub(super) public: bool,
}

impl Policy {
    /// Compiles one generation.
    ///
    /// # Errors
    /// Pairs of routes that could both win for one request.
    pub fn from_settings(settings: &Settings) -> Result<Self, Vec<RouteConflict>> {
        let mut places = Places::default();
        let route = |route| RoutePolicy::from_settings(route, &mut places);
        Ok(Self {
            head_rules: HeadRules::from_settings(settings),
            client_ip: ClientIpRules::from_settings(&settings.security),
            ips: IpRules::from_settings(
                settings.security.ip_allowlist.as_ref(),
                settings.security.ip_denylist.as_ref(),
            ),
            flood: FloodRule::from_settings(settings),
            table: RouteTable::compile(&settings.routes)?,
            routes: settings.routes.iter().map(route).collect(),
            forwards_unmatched: match settings.unmatched {
                Unmatched::Deny => false,
                Unmatched::Forward { .. } => true,
            },
            keys: KeyTable::from_settings(&settings.api_keys),
            maintenance: MaintenanceRule::from_settings(&settings.operational),
            client_quota: ClientQuota::from_settings(&settings.operational),
            buffered_body: settings.limits.buffered_body,
        })
    }
}

impl Policy {
    /// Everything that is fetched for these rules.
    pub fn fetched(&self) -> impl Iterator<Item = &Arc<Fetched>> {
        self.routes.iter().filter_map(|route| route.signature.as_ref()).flat_map(|rule| rule.fetched())
    }

    /// Takes over what was fetched for the rules of `before`: for the same secret of the same route, else for another
    /// one alike.
    pub fn adopt(&self, before: &Self) {
        for fetched in self.fetched() {
            let mut alike: Vec<&Arc<Fetched>> =
                before.fetched().filter(|before| fetched.is_like(before)).collect();
            alike.sort_by_key(|one| (one.route != fetched.route, one.id != fetched.id));
            if let Some(before) = alike.first() {
                fetched.adopt(before);
            }
        }
    }

    /// Indices of routes that no request can reach; for a warning.
    pub fn unreachable(&self, settings: &Settings) -> Vec<usize> {
        self.table.unreachable(&settings.routes)
    }
}

impl RoutePolicy {
    /// Takes `settings` apart without `..`: a key that is added must be placed here before this compiles.
    fn from_settings(settings: &Route, places: &mut Places) -> Self {
        let Route {
            name,
            line,
            path: _,
            methods: _,
            hosts: _,
            signature,
            shared_secret,
            api_key,
            resign,
            require,
            authorize,
            ip_allowlist,
            ip_denylist,
            rate_limits: _,
            max_body,
            critical,
            public,
            upstream: _,
        } = settings;
        let rule = signature.as_ref().map(|own| Arc::new(SignatureRule::from_settings(own, name.as_str())));
        let handshake = signature.as_ref().zip(rule.as_ref());
        Self {
            line: *line,
            ips: IpRules::of_route(ip_allowlist.as_ref(), ip_denylist.as_ref()).map(Box::new),
            shared_secret: shared_secret.as_ref().map(SharedSecretRule::from_settings).map(Box::new),
            api_key: api_key.as_ref().map(|own| ApiKeyRule::from_settings(own, places)),
            signature: rule.clone(),
            handshake: handshake
                .and_then(|(own, rule)| HandshakeRule::from_settings(own, rule))
                .map(Box::new),
            resign: resign.as_ref().map(ResignRule::from_settings).map(Box::new),
            require: *require,
            authorize: AuthorizeRule::from_settings(authorize).map(Box::new),
            max_body: *max_body,
            urgency: if *critical { Urgency::Critical } else { Urgency::Ordinary },
            quota: RouteQuota::from_settings(settings),
            public: *public,
        }
    }

    /// Whether a rule needs the body's bytes before the app may see anything.
    pub(super) fn judges_bodies(&self) -> bool {
        self.resign.is_some() || self.signature.as_ref().is_some_and(|rule| rule.reads_body())
    }
}
