//! Which routes and keys need not be put into words, because nothing about them differs that would be told.

use std::sync::Arc;

use crate::config::settings::{ApiKey, Route};

/// Whether nothing differs that a change would tell. Only what is simple to compare: a route with secrets or
/// networks is put into words whatever it holds.
pub(super) fn is_same_route(a: &Route, b: &Route) -> bool {
    let Route {
        name,
        line: _,
        path,
        methods,
        hosts,
        signature,
        shared_secret,
        api_key,
        resign,
        require,
        authorize,
        ip_allowlist,
        ip_denylist,
        rate_limits,
        max_body,
        critical,
        public,
        upstream,
    } = a;
    let is_simple = |route: &Route| {
        route.signature.is_none()
            && route.shared_secret.is_none()
            && route.resign.is_none()
            && route.ip_allowlist.is_none()
            && route.ip_denylist.is_none()
            && route.rate_limits.is_empty()
    };
    // Taken apart, so that a key that is added is placed here; these are asked by `is_simple`.
    let _ = (signature, shared_secret, resign, ip_allowlist, ip_denylist, rate_limits);
    is_simple(a)
        && is_simple(b)
        && *name == b.name
        && *path == b.path
        && *methods == b.methods
        && *hosts == b.hosts
        && api_key.as_ref().map(|keys| &keys.locations) == b.api_key.as_ref().map(|keys| &keys.locations)
        && *require == b.require
        && (&authorize.roles, &authorize.permissions) == (&b.authorize.roles, &b.authorize.permissions)
        && (*max_body, *critical, *public) == (b.max_body, b.critical, b.public)
        && *upstream == b.upstream
}

/// Keys of a file that was not read anew are the same ones; where one is written is no change of it.
pub(super) fn is_same_key(a: &Arc<ApiKey>, b: &Arc<ApiKey>) -> bool {
    let ApiKey {
        id,
        name,
        digest,
        roles,
        permissions,
        rate_limit,
        not_before,
        expires_at,
        revoked,
        origin: _,
    } = a.as_ref();
    Arc::ptr_eq(a, b)
        || ((id, name, digest, revoked) == (&b.id, &b.name, &b.digest, &b.revoked)
            && (roles, permissions, rate_limit) == (&b.roles, &b.permissions, &b.rate_limit)
            && (not_before, expires_at) == (&b.not_before, &b.expires_at))
}
