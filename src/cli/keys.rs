//! `sidegate keys`: makes API keys. The raw key is printed once and kept nowhere; files hold digests.

mod file;

use std::path::PathBuf;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::output::Output;
use super::{BAD, FINE, secrets};
use crate::base::api_key::{self, CannotGenerate};
use crate::base::clock;

/// Make API keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Keys {
    /// Make a key: print it once as JSON, and add its digest to a key file
    Generate(Generate),
}

/// Make one key.
#[derive(Debug, clap::Args)]
pub(super) struct Generate {
    /// Whom the key is for
    #[arg(long)]
    name: String,
    /// Environment in the key's beginning: sg_ENV_…
    #[arg(long, default_value = "live")]
    env: String,
    /// End of validity from now: 30d, 12h
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    expires_in: Option<i64>,
    /// Role; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Permission, may end in *; may be repeated
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Requests in any 60 s
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// Key file to add the digest to; made if absent. Without it the entry is printed
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// File that holds the pepper, the one `api_keys.pepper` names (any random text of your own, such as
    /// `openssl rand -base64 32`); without it the digest is a plain SHA-256
    #[arg(long, value_name = "FILE")]
    pepper_file: Option<PathBuf>,
}

impl Keys {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match self {
            Self::Generate(command) => match command.attempt(output) {
                Ok(()) => FINE,
                Err(problem) => {
                    output.complain(format_args!("error: {problem}"));
                    BAD
                }
            },
        }
    }
}

impl Generate {
    fn attempt(&self, output: &mut Output) -> Result<(), String> {
        let pepper = self.pepper_file.as_deref().map(secrets::read).transpose()?;
        let expires_at = self.expires_in.map(expiry).transpose()?;
        let made = api_key::generate(&self.env).map_err(|problem| match problem {
            CannotGenerate::Environment => {
                format!("--env {}: 1 to 16 lower-case letters and digits", self.env)
            }
            CannotGenerate::NoRandomness => "the system gives no random bytes".to_owned(),
        })?;
        let hex = |digest: [u8; 32]| data_encoding::HEXLOWER.encode(&digest);
        let hash = match &pepper {
            Some(pepper) => {
                format!("hmac-sha256:{}", hex(api_key::digest_peppered(pepper, made.key.expose())))
            }
            None => format!("sha256:{}", hex(api_key::digest_sha256(made.key.expose()))),
        };
        let entry = file::Entry {
            id: made.id.as_str(),
            name: &self.name,
            hash: &hash,
            roles: &self.roles,
            permissions: &self.permissions,
            rate_limit: self.rate_limit,
            expires_at: expires_at.as_deref(),
        };
        match &self.file {
            Some(path) => file::append(path, &entry)?,
            None => output.complain(format_args!("add to a key file under `keys:`\n{}", entry.yaml())),
        }
        let key = String::from_utf8_lossy(made.key.expose()).into_owned();
        output.say(json!({"id": made.id.as_str(), "key": key}));
        Ok(())
    }
}

/// `30d` in seconds.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "expected a number and one of s, m, h, d, w, for example 30d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let count: i64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    count.checked_mul(seconds).filter(|span| *span > 0).ok_or_else(wrong)
}

/// So many seconds from now as RFC 3339 in UTC.
fn expiry(span: i64) -> Result<String, String> {
    let at = clock::now().wall.unix_seconds().checked_add(span);
    let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    at.and_then(|at| at.format(&Rfc3339).ok()).ok_or_else(|| "--expires-in is too far ahead".to_owned())
}
