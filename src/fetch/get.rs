//! One GET over HTTPS, bounded in time and size, to a host that is allowed.
//!
//! Security: no redirect is followed, no proxy of the environment is used, no cookie, credential or connection is kept.
//! What comes back is believed because of the host's certificate and nothing else.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::may_reach;
use super::answer::{Answer, MOST_BYTES, Step};
use crate::config::settings::{AllowedHost, Place};
use crate::state::fetched::Fetched;

/// Longest wait for a connection to one address.
const CONNECT: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried.
const MOST_ADDRESSES: usize = 3;
/// Longest fetch, from the name to the last byte.
const WHOLE: Duration = Duration::from_secs(10);
/// Read at once; a record of TLS.
const PIECE: usize = 16 << 10;

/// Why nothing was fetched. Names hosts and addresses, never what was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It took longer than [`WHOLE`].
    Slow,
    /// The name leads nowhere.
    NoAddress(String),
    /// The name leads only to addresses that may not be reached.
    Private,
    /// No connection.
    Connect(String),
    /// TLS failed, most often because of the certificate.
    Tls(String),
    /// It is no HTTP.
    Http(String),
    /// Another status than 200.
    Status(StatusCode),
    /// The answer is larger than [`MOST_BYTES`].
    TooLarge,
    /// The answer is coded, which was not asked for.
    Coded,
}

/// TLS as each host is believed, made when it is first needed.
#[derive(Clone, Default)]
pub(super) struct Client(Arc<Mutex<Vec<Known>>>);

/// How a host is believed, and the TLS that follows.
type Known = (Option<Arc<[u8]>>, Arc<ClientConfig>);

impl Client {
    /// What lies at `place`.
    ///
    /// # Errors
    /// [`Failed`].
    pub(super) async fn get(&self, place: &Place) -> Result<Vec<u8>, Failed> {
        timeout(WHOLE, self.whole(place)).await.unwrap_or(Err(Failed::Slow))
    }

    /// Forgets TLS that nothing to be fetched needs any longer.
    pub(super) fn forget_idle(&self, sources: &[Arc<Fetched>]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.is_empty() {
            known.clear();
        }
    }

    async fn whole(&self, place: &Place) -> Result<Vec<u8>, Failed> {
        let host = &place.host;
        let tls = self.tls(host)?;
        let name = ServerName::try_from(host.name.clone()).map_err(|error| Failed::Tls(error.to_string()))?;
        let stream = connect(host).await?;
        let mut stream = TlsConnector::from(tls)
            .connect(name, stream)
            .await
            .map_err(|error| Failed::Tls(error.to_string()))?;
        stream.write_all(request(place).as_bytes()).await.map_err(lost)?;
        let mut answer = Answer::default();
        let mut piece = vec![0; PIECE];
        loop {
            let count = stream.read(&mut piece).await.map_err(lost)?;
            let came = piece.get(..count).unwrap_or_default();
            if came.is_empty() {
                return answer.close();
            }
            if answer.take(came)? == Step::Whole {
                return Ok(answer.into_body());
            }
        }
    }

    fn tls(&self, host: &AllowedHost) -> Result<Arc<ClientConfig>, Failed> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tls)) = known.iter().find(|(roots, _)| *roots == host.roots) {
            return Ok(Arc::clone(tls));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failed::Tls(error.to_string()))?
            .with_root_certificates(roots(host))
            .with_no_client_auth();
        let tls = Arc::new(tls);
        known.push((host.roots.clone(), Arc::clone(&tls)));
        Ok(tls)
    }
}

/// The roots a host is believed by: its own alone, where it has some.
pub(super) fn roots(host: &AllowedHost) -> RootCertStore {
    let mut store = RootCertStore::empty();
    match &host.roots {
        Some(pem) => {
            // Read when the configuration was: what cannot be used was an error there, and is missing here.
            store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
        }
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    store
}

/// The request, all of it.
fn request(place: &Place) -> String {
    let Place { host, target } = place;
    let (host, version) = (host.written(), env!("CARGO_PKG_VERSION"));
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sidegate/{version}\r\nAccept: */*\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
}

fn lost(error: std::io::Error) -> Failed {
    Failed::Http(error.to_string())
}

async fn connect(host: &AllowedHost) -> Result<TcpStream, Failed> {
    let all: Vec<SocketAddr> = match host.address {
        Some(address) => vec![address],
        None => tokio::net::lookup_host((host.name.as_str(), host.port))
            .await
            .map_err(|error| Failed::NoAddress(error.to_string()))?
            .collect(),
    };
    if all.is_empty() {
        return Err(Failed::NoAddress("the name has no address".to_owned()));
    }
    let may = all.into_iter().filter(|address| may_reach(address.ip(), host.reach));
    let mut last = Failed::Private;
    for address in may.take(MOST_ADDRESSES) {
        last = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Failed::Connect(format!("{address}: {error}")),
            Err(_) => Failed::Connect(format!("{address}: no connection within {} s", CONNECT.as_secs())),
        };
    }
    Err(last)
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => write!(f, "no whole answer within {} s", WHOLE.as_secs()),
            Self::NoAddress(why) => write!(f, "the host cannot be resolved: {why}"),
            Self::Private => f.write_str(
                "the host leads to loopback, link-local or private addresses only; allow_private permits that",
            ),
            Self::Connect(why) => write!(f, "{why}"),
            Self::Tls(why) => write!(f, "TLS failed: {why}; a private CA is named with ca_file"),
            Self::Http(why) => write!(f, "the answer is broken: {why}"),
            Self::Status(status) if status.is_redirection() => {
                write!(f, "the answer is {}, and redirects are not followed", status.as_u16())
            }
            Self::Status(status) => write!(f, "the answer is {} and not 200", status.as_u16()),
            Self::TooLarge => write!(f, "the answer is larger than {} KiB", MOST_BYTES >> 10),
            Self::Coded => f.write_str("the answer has a Content-Encoding, which was not asked for"),
        }
    }
}
