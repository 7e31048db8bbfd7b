//! The host keys are fetched from: HTTPS on loopback, one answer at a time, every request counted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::ca::{Authority, VALID};

/// What is answered from now on.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// 200 with this body.
    Good(Vec<u8>),
    /// 200 with the body that belongs to the path, else 404.
    Files(Vec<(String, Vec<u8>)>),
    /// These bytes.
    Raw(Vec<u8>),
    /// The connection ends before TLS.
    Gone,
    /// The head is read and nothing is answered while the test runs.
    Silent,
}

/// A running host.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) addr: SocketAddr,
    reply: Arc<Mutex<Reply>>,
    hits: Arc<AtomicUsize>,
    targets: Arc<Mutex<Vec<String>>>,
}

impl Host {
    /// A host with a certificate for `dns`.
    pub(crate) fn start(authority: &Authority, dns: &str, reply: Reply) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let spki = pair.public_key().as_der().unwrap();
        let certificate = authority.issue(dns, spki.as_ref(), VALID);
        let key =
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.to_pkcs8v1().unwrap().as_ref().to_vec()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let host =
            Self { addr, reply: Arc::new(Mutex::new(reply)), hits: Arc::default(), targets: Arc::default() };
        let (reply, hits, targets) =
            (Arc::clone(&host.reply), Arc::clone(&host.hits), Arc::clone(&host.targets));
        let tls = Arc::new(tls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                hits.fetch_add(1, Ordering::SeqCst);
                let (reply, targets, tls) =
                    (reply.lock().unwrap().clone(), Arc::clone(&targets), Arc::clone(&tls));
                // A caller that goes away is no fault of the test.
                thread::spawn(move || serve(stream, tls, &reply, &targets).unwrap_or_default());
            }
        });
        host
    }

    /// Answers so from now on.
    pub(crate) fn reply(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Connections so far.
    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    /// Targets asked for so far.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    reply: &Reply,
    targets: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    if matches!(reply, Reply::Gone) {
        return Ok(());
    }
    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    targets.lock().unwrap().push(target.clone());
    let good = |body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let answer = match reply {
        Reply::Good(body) => good(body),
        Reply::Files(files) => match files.iter().find(|(path, _)| *path == target) {
            Some((_, body)) => good(body),
            None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        },
        Reply::Raw(bytes) => bytes.clone(),
        Reply::Gone => return Ok(()),
        Reply::Silent => {
            let _ = stream.read(&mut byte)?;
            return Ok(());
        }
    };
    stream.write_all(&answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}
