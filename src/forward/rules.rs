//! What forwarding needs of one configuration, compiled once per snapshot.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use crate::config::settings::Settings;
use crate::forward::body::PaceRules;
use crate::forward::names::{Names, sound};

/// The rules of forwarding of one generation. In an `Arc`, shared by all workers.
#[derive(Clone, Debug)]
pub struct ForwardRules {
    pub(super) names: Names,
    pub(super) identity: IdentityLabels,
    /// The routes' names as field values, by index in the policy.
    pub(super) routes: Vec<HeaderValue>,
    /// How slow a streamed request body may be.
    pub(super) pace: PaceRules,
    /// Longest silence of an app in the middle of its answer, and of both sides of a tunnel.
    pub(super) silence: Duration,
}

/// The names of the fields that tell the app who called, each with the `: ` behind it.
#[derive(Clone, Debug)]
pub(super) struct IdentityLabels {
    pub(super) route: String,
    pub(super) subject: String,
    pub(super) key_id: String,
    pub(super) roles: String,
    pub(super) client_ip: String,
}

impl ForwardRules {
    /// Compiles the rules; the routes keep their order.
    pub fn from_settings(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            names: Names::from_settings(settings),
            identity: IdentityLabels::new(&settings.identity_prefix),
            routes: settings.routes.iter().map(|route| value(route.name.as_str())).collect(),
            pace: PaceRules { idle: limits.body_idle, rate: limits.body_rate, grace: limits.body_rate_grace },
            silence: limits.tunnel_idle,
        }
    }
}

impl IdentityLabels {
    /// `prefix` is checked by config; one that is no header name falls back to the default, never to no header.
    pub(super) fn new(prefix: &str) -> Self {
        let prefix = sound(prefix);
        let name = |end: &'static str, default: &'static str| {
            let name = HeaderName::try_from(format!("{prefix}{end}"));
            format!("{}: ", name.unwrap_or(HeaderName::from_static(default)))
        };
        Self {
            route: name("route", "x-sidegate-route"),
            subject: name("subject", "x-sidegate-subject"),
            key_id: name("key-id", "x-sidegate-key-id"),
            roles: name("roles", "x-sidegate-roles"),
            client_ip: name("client-ip", "x-sidegate-client-ip"),
        }
    }
}

/// A name of the config as a field value; names are letters, digits and `_.:-`.
fn value(name: &str) -> HeaderValue {
    HeaderValue::from_str(name).unwrap_or(HeaderValue::from_static("-"))
}
