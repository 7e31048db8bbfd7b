//! Where the programs are: installed by `benches/peers/run`, looked for, never fetched from here.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::proxies::Peer;
use crate::trouble::{Tried, Trouble};

/// The folder of downloads and of what a run writes.
pub(crate) fn workshop() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

/// The programs.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub(crate) own: PathBuf,
    /// What `SIDEGATE_BINARY` names, else `plain`.
    pub(crate) sidegate: PathBuf,
    /// What cargo builds by itself.
    pub(crate) plain: PathBuf,
    pub(crate) nginx: PathBuf,
    pub(crate) haproxy: PathBuf,
    pub(crate) envoy: PathBuf,
    pub(crate) traefik: PathBuf,
    pub(crate) caddy: PathBuf,
    pub(crate) h2load: PathBuf,
}

impl Tools {
    /// Looks for all of them.
    ///
    /// # Errors
    /// Names every one that is missing.
    pub(crate) fn find() -> Tried<Self> {
        let venv = workshop().join("venv");
        let packages = std::fs::read_dir(venv.join("lib")).ok().and_then(|mut all| all.next()?.ok());
        let packages = packages.map(|python| python.path().join("site-packages")).unwrap_or_default();
        let plain = PathBuf::from(env!("CARGO_BIN_EXE_sidegate"));
        let tools = Self {
            own: std::fs::read_link("/proc/self/exe")?,
            sidegate: std::env::var_os("SIDEGATE_BINARY").map_or_else(|| plain.clone(), PathBuf::from),
            plain,
            nginx: PathBuf::from("/usr/sbin/nginx"),
            haproxy: PathBuf::from("/usr/sbin/haproxy"),
            // The command of the same name is a Python program that starts this one.
            envoy: packages.join("envoy/_bin/envoy"),
            traefik: venv.join("bin/traefik"),
            caddy: venv.join("bin/caddy"),
            h2load: PathBuf::from("/usr/bin/h2load"),
        };
        let all = [&tools.sidegate, &tools.nginx, &tools.haproxy, &tools.envoy, &tools.traefik, &tools.caddy];
        let missing: Vec<String> =
            all.iter().filter(|path| !path.exists()).map(|path| path.display().to_string()).collect();
        if missing.is_empty() {
            return Ok(tools);
        }
        Err(Trouble::new(format!("not installed: {}; run benches/peers/run", missing.join(", "))))
    }

    /// Which build of the gate is measured.
    pub(crate) fn build(&self) -> &'static str {
        if self.sidegate == self.plain {
            "what cargo builds by itself, not the program as it is released"
        } else {
            "the program as it is released (`release/build`); the others are as their distributors build them"
        }
    }

    pub(crate) fn program(&self, peer: Peer) -> &Path {
        match peer {
            Peer::Relay => &self.own,
            Peer::Sidegate => &self.sidegate,
            Peer::Nginx => &self.nginx,
            Peer::Haproxy => &self.haproxy,
            Peer::Envoy => &self.envoy,
            Peer::Traefik => &self.traefik,
            Peer::Caddy => &self.caddy,
        }
    }

    /// The version a peer tells: the first word of its answer that begins with digits and a dot.
    pub(crate) fn version(&self, peer: Peer) -> String {
        let argument = match peer {
            Peer::Relay => return env!("CARGO_PKG_VERSION").to_owned(),
            Peer::Nginx | Peer::Haproxy => "-v",
            Peer::Caddy | Peer::Traefik => "version",
            Peer::Sidegate | Peer::Envoy => "--version",
        };
        let Ok(output) = Command::new(self.program(peer)).arg(argument).output() else {
            return "unknown".to_owned();
        };
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let words = text.split(|c: char| c.is_whitespace() || c == '/');
        let version = words
            .map(|word| word.trim_start_matches('v'))
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
        version.unwrap_or("unknown").to_owned()
    }
}
