//! `sidegate send`: signs a body as a webhook provider would and posts it, to try a route or to drive a receiver.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::HOST;
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
    #[arg(long, value_name = "FILE", required_unless_present = "private_key_file")]
    secret_file: Option<PathBuf>,
    /// File that holds the private key in PEM (PKCS#8), for providers whose keys are public; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    private_key_file: Option<PathBuf>,
    /// Option of the scheme as under `options:` of a route; may be repeated
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
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
    /// URL the receiver verifies, where the provider signs it, with the query of URL; default: URL
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
    /// The secret, or the private key in PEM.
    pub(super) secret: &'a Secret,
    /// `NAME=VALUE`, as under `options:` of a route.
    pub(super) options: &'a [String],
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
        let told = told(self.options)?;
        for spec in &mut specs {
            if let Some(taken) = spec.add_options(&told) {
                return Err(format!("{taken} is fixed by {provider}"));
            }
        }
        let plan = Plan::compile_all(&specs).map_err(|problems| {
            let first = problems.into_iter().next();
            first.map_or_else(String::new, |(_, problem)| match problem.field {
                "options" => format!("{}; give --option NAME=VALUE ({})", problem.message, problem.hint),
                field => format!("{field}: {}", problem.message),
            })
        })?;
        let key = plan.signing_key(self.secret).map_err(|problem| match plan.is_public_key() {
            true => format!("{provider}: {problem}; give --private-key-file"),
            false => format!("{provider}: {problem}"),
        })?;
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
        let files = [&self.private_key_file, &self.secret_file];
        let file = files.into_iter().flatten().next().ok_or("give --secret-file or --private-key-file")?;
        let secret = secrets::read(file)?;
        let body = read_body(&self.body)?;
        let mut headers = given(&self.headers)?;
        let host = match headers.remove(HOST) {
            Some(own) => own.to_str().map_err(|_| "host: not a header value")?.to_owned(),
            None => host,
        };
        headers.insert(HOST, host.parse().map_err(|_| format!("{host}: not a header value"))?);
        let id = match &self.id {
            Some(id) => id.clone(),
            None => random_id()?,
        };
        let parcel = Parcel {
            provider: &self.provider,
            variant: self.variant.as_deref(),
            own_header: self.signature_header.as_deref(),
            secret: &secret,
            options: &self.options,
            method: &self.method,
            target: &target,
            url: &self.called(&target),
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
        headers.remove(HOST);
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

    /// The URL the receiver takes the request to be for: as in its own `public_url`, the query is that of the request.
    fn called(&self, target: &str) -> String {
        let Some(url) = &self.public_url else { return self.url.clone() };
        match target.split_once('?') {
            Some((_, query)) if !url.contains('?') => format!("{url}?{query}"),
            Some(_) | None => url.clone(),
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

fn told(options: &[String]) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for option in options {
        let (name, value) =
            option.split_once('=').ok_or_else(|| format!("{option}: an option is NAME=VALUE"))?;
        match told.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => told.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    Ok(told)
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
