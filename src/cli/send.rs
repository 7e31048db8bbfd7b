//! `sidegate send`: signs a body as a webhook provider would and posts it, to try a route or to drive a receiver.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::http_client::{self, Call};
use super::output::Output;
use super::{BAD, FINE, Format, USAGE, secrets};
use crate::base::clock;
use crate::base::secret::Secret;
use crate::scheme::{self, Delivery, Plan, SignProblem, SignedHead};

/// Most bytes of a body that is sent.
const LARGEST_BODY: u64 = 64 * 1024 * 1024;

/// Sign a body as a webhook provider would and send it.
#[derive(Debug, clap::Args)]
pub(super) struct Send {
    /// Provider preset; `sidegate providers` lists them
    #[arg(long)]
    provider: String,
    /// Variant of the preset; default: its strongest
    #[arg(long)]
    variant: Option<String>,
    /// File that holds the secret; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Body: @FILE, @- for standard input, or the text itself
    #[arg(long, default_value = "", value_name = "BODY")]
    body: String,
    /// Further header, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// Method
    #[arg(short = 'X', long, default_value = "POST")]
    method: String,
    /// Delivery id, for providers that send one; default: random
    #[arg(long)]
    id: Option<String>,
    /// URL the receiver verifies, where the provider signs it; default: URL
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    timeout: u64,
    /// Print the signed headers and send nothing
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where to send it, for example http://127.0.0.1:8080/webhook/github
    url: String,
}

/// Everything a request needs to be signed by a preset.
#[derive(Debug)]
pub(super) struct Parcel<'a> {
    pub(super) provider: &'a str,
    pub(super) variant: Option<&'a str>,
    pub(super) secret: &'a Secret,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) id: &'a str,
    pub(super) at: clock::Wall,
}

impl Parcel<'_> {
    /// The headers the provider would add.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub(super) fn sign(&self) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        let preset = scheme::preset(self.provider)
            .ok_or_else(|| format!("no preset {}; `sidegate providers` lists them", self.provider))?;
        let spec = preset.spec(self.variant).map_err(|unknown| {
            format!("{} has no variant {}; it has {}", self.provider, unknown.asked, unknown.known.join(", "))
        })?;
        let plan = Plan::compile(&spec).map_err(|problems| {
            problems
                .first()
                .map_or_else(String::new, |problem| format!("{}: {}", problem.field, problem.message))
        })?;
        let key = plan.key(self.secret).map_err(|problem| format!("{}: {problem}", self.provider))?;
        let head = SignedHead {
            method: self.method,
            path_and_query: self.target,
            url: Some(self.url),
            headers: self.headers,
        };
        plan.sign(&key, &Delivery { head, body: self.body, id: self.id }, self.at).map_err(|problem| match problem {
            SignProblem::NotInHeader => "this provider's signature does not stand in a header".to_owned(),
            SignProblem::NotAHeader => "the signature cannot be a header value".to_owned(),
            SignProblem::WrongKey | SignProblem::PublicKey => problem.to_string(),
            SignProblem::Unfit(refusal) => {
                format!("the scheme would refuse it ({refusal:?}); give what it signs with -H, --id or --public-url")
            }
        })
    }
}

impl Send {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match self.attempt(output) {
            Ok(code) => code,
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                USAGE
            }
        }
    }

    fn attempt(&self, output: &mut Output) -> Result<u8, String> {
        let (door, host, target) = http_client::parse_url(&self.url)?;
        let secret = secrets::read(&self.secret_file)?;
        let body = read_body(&self.body)?;
        let mut headers = given(&self.headers)?;
        let id = match &self.id {
            Some(id) => id.clone(),
            None => random_id()?,
        };
        let parcel = Parcel {
            provider: &self.provider,
            variant: self.variant.as_deref(),
            secret: &secret,
            method: &self.method,
            target: &target,
            url: self.public_url.as_deref().unwrap_or(&self.url),
            headers: &headers,
            body: &body,
            id: &id,
            at: clock::now().wall,
        };
        let signed = parcel.sign()?;
        for (name, value) in signed {
            if self.dry_run {
                output.say(format_args!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
            }
            headers.insert(name, value);
        }
        if self.dry_run {
            return Ok(FINE);
        }
        let lines: Vec<(String, Vec<u8>)> =
            headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let call = Call {
            method: &self.method,
            target: &target,
            host: &host,
            headers: &lines,
            body: &body,
            timeout: Duration::from_secs(self.timeout.max(1)),
        };
        match http_client::call(&door, &call) {
            Ok(reply) => Ok(self.report(&reply, output)),
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                Ok(BAD)
            }
        }
    }

    fn report(&self, reply: &http_client::Reply, output: &mut Output) -> u8 {
        match self.format {
            Format::Json => output.say(serde_json::json!({
                "status": reply.status,
                "request_id": reply.header("x-request-id"),
                "body": reply.text(),
            })),
            Format::Human => {
                output.say(format_args!("{} {}", reply.status, reply.text().trim_end()));
                if let Some(id) = reply.header("x-request-id") {
                    output.say(format_args!("request id: {id}"));
                }
            }
        }
        if (200..300).contains(&reply.status) { FINE } else { BAD }
    }
}

fn read_body(text: &str) -> Result<Vec<u8>, String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.as_bytes().to_vec()) };
    let mut body = Vec::new();
    let outcome = if path == "-" {
        std::io::stdin().lock().take(LARGEST_BODY).read_to_end(&mut body)
    } else {
        std::fs::File::open(Path::new(path)).and_then(|file| file.take(LARGEST_BODY).read_to_end(&mut body))
    };
    outcome.map_err(|error| format!("{path}: cannot read the body: {error}"))?;
    Ok(body)
}

fn given(lines: &[String]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("{line}: a header is `Name: value`"))?;
        let name: HeaderName = name.trim().parse().map_err(|_| format!("{name}: not a header name"))?;
        let value = value.trim().parse().map_err(|_| format!("{name}: not a header value"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn random_id() -> Result<String, String> {
    let mut bytes = [0u8; 12];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
    Ok(format!("msg_{}", data_encoding::HEXLOWER.encode(&bytes)))
}
