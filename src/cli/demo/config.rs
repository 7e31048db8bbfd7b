//! The demo's configuration file: shown to the reader and loaded by the gate, the same text.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use super::super::output::Output;
use super::story;
use crate::observe::names;

/// Addresses and files of one demo.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) file: PathBuf,
    pub(super) audit: PathBuf,
    pub(super) listen: SocketAddr,
    pub(super) ops: SocketAddr,
    pub(super) admin: SocketAddr,
    app: SocketAddr,
}

impl Stage {
    /// Picks free loopback ports.
    pub(super) fn new(directory: &Path, app: SocketAddr) -> Result<Self, String> {
        let held =
            || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no free port: {error}"));
        let (listen, ops, admin) = (held()?, held()?, held()?);
        let address =
            |listener: &TcpListener| listener.local_addr().map_err(|error| format!("no free port: {error}"));
        Ok(Self {
            file: directory.join("gate.yaml"),
            audit: directory.join("audit.jsonl"),
            listen: address(&listen)?,
            ops: address(&ops)?,
            admin: address(&admin)?,
            app,
        })
    }

    /// The configuration. Every secret in it is published or obviously fake.
    pub(super) fn yaml(&self, maintenance: bool) -> String {
        let Self { listen, ops, admin, app, audit, .. } = self;
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let (github, slack) = (quoted(story::GITHUB_SECRET), quoted(story::SLACK_SECRET));
        let (orders, key) = (quoted(story::ORDERS_SECRET), quoted(story::API_KEY));
        let audit = quoted(&audit.display().to_string());
        let limit = story::SEARCH_LIMIT;
        format!(
            "version: 1
listen: {listen}
upstream: http://{app}
ops: {ops}
admin: {admin}
workers: 1
security:
  webhook_secrets: {{github: {github}, slack: {slack}}}
operational: {{maintenance_mode: {maintenance}, maintenance_message: Back in five minutes}}
routes:
  - name: orders
    path: /webhook/orders
    methods: [POST]
    signature: {{provider: standard_webhooks, secrets: [{{id: demo, value: {orders}}}]}}
  - name: search
    path_prefix: /search
    methods: [GET]
    api_key: {{locations: [header:X-API-Key]}}
    rate_limits: [{{name: per-minute, limit: {limit}, window: 1m, by: [api_key]}}]
api_keys: {{keys: [{{id: demo-client, name: the demo's client, value: {key}}}]}}
telemetry: {{audit: {{file: {audit}}}, log: {{level: ERROR, format: text}}}}
"
        )
    }

    /// Replaces the file in one step, as an editor or a ConfigMap would.
    pub(super) fn write(&self, maintenance: bool) -> Result<(), String> {
        let fresh = self.file.with_extension("new");
        let outcome =
            std::fs::write(&fresh, self.yaml(maintenance)).and_then(|()| std::fs::rename(&fresh, &self.file));
        outcome.map_err(|error| format!("{}: {error}", self.file.display()))
    }

    /// Lines to try by hand.
    pub(super) fn invite(&self, output: &mut Output) {
        let Self { listen, ops, admin, file, audit, .. } = self;
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let (key, requests) = (story::API_KEY, names::REQUESTS.name);
        output.say(format_args!(
            "
The gate keeps serving; Ctrl-C ends it. Try:

  # signed, so it passes; the same signature over another body does not
  curl -i http://{listen}/webhook/github -H 'X-Hub-Signature-256: {signature}' --data-binary 'Hello, World!'
  curl -i http://{listen}/webhook/github -H 'X-Hub-Signature-256: {signature}' --data-binary 'Hello, Moon!'
  # 429 for the first minute, since the limit is used up above
  curl -i 'http://{listen}/search?q=gates' -H 'X-API-Key: {key}'
  # how it is, what it counts, what it serves
  curl -s 'http://{ops}/ready?verbose'
  curl -s http://{ops}/metrics | grep {requests}
  curl -s http://{admin}/config
  # why each request was answered as it was
  tail {}

Its config is {} — edit it and look at /ready?verbose. Both files go when the demo ends.",
            audit.display(),
            file.display()
        ));
    }
}
