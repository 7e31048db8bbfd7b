//! `sidegate send`: signs a body as a webhook provider would and posts it, to try a route or to drive a receiver.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::http_client::{self, Call};
use super::output::Output;
use super::{BAD, FINE, Format, USAGE, secrets};
use crate::base::clock;
use crate::base::secret::Secret;
use crate::scheme::{self, Delivered, Delivery, Plan, SignProblem, SignedHead, Spec};

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
    /// Header that carries the secret, for providers that leave its name to the receiver
    #[arg(long, value_name = "NAME")]
    signature_header: Option<String>,
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
    /// The operator's header, where the provider has none of its own.
    pub(super) own_header: Option<&'a str>,
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
    /// The request as the provider would send it.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub(super) fn sign(&self) -> Result<Delivered, String> {
        let provider = self.provider;
        let preset = scheme::preset(provider)
            .ok_or_else(|| format!("no preset {provider}; `sidegate providers` lists them"))?;
        let mut specs = preset.specs(self.variant).map_err(|unknown| {
            format!("{provider} has no variant {}; it has {}", unknown.asked, unknown.known.join(", "))
        })?;
        if let Some(name) = self.own_header {
            specs.iter_mut().for_each(|spec| spec.set_header(name));
        }
        if specs.iter().any(Spec::asks_for_header) {
            return Err(format!(
                "{provider} leaves the header to the receiver: give --signature-header NAME"
            ));
        }
        let plan = Plan::compile_all(&specs).map_err(|problems| {
            problems
                .first()
                .map_or_else(String::new, |(_, problem)| format!("{}: {}", problem.field, problem.message))
        })?;
        let key = plan.key(self.secret).map_err(|problem| format!("{provider}: {problem}"))?;
        let head = SignedHead {
            method: self.method,
            path_and_query: self.target,
            url: Some(self.url),
            headers: self.headers,
        };
        let delivery = Delivery { head, body: self.body, id: self.id };
        plan.deliver(&key, &delivery, self.at).map_err(|problem| match problem {
            SignProblem::NotInHeader | SignProblem::WrongKey | SignProblem::PublicKey => problem.to_string(),
            SignProblem::NotAHeader => "the signature cannot be a header value".to_owned(),
            SignProblem::Unfit(refusal) => {
                format!("the scheme would refuse it ({refusal:?}); give what it signs with -H, --body, --id or --public-url")
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
            own_header: self.signature_header.as_deref(),
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
        if self.dry_run {
            self.tell(&signed, &target, &body, output);
            return Ok(FINE);
        }
        headers.extend(signed.headers);
        let lines: Vec<(String, Vec<u8>)> =
            headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let call = Call {
            method: &self.method,
            target: &signed.path_and_query,
            host: &host,
            headers: &lines,
            body: &signed.body,
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

    /// What would be sent: headers that are added, and the target and the body where they are changed.
    fn tell(&self, signed: &Delivered, target: &str, body: &[u8], output: &mut Output) {
        for (name, value) in &signed.headers {
            output.say(format_args!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
        if signed.path_and_query != target {
            output.say(format_args!("target: {}", signed.path_and_query));
        }
        if signed.body != body {
            output.say(format_args!("body: {}", String::from_utf8_lossy(&signed.body)));
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
