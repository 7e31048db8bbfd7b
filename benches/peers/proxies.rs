//! The proxies: each file says how one of them does the work of a scenario by its own means, or that it cannot.
//!
//! In doubt a peer is given the cheaper of its ways: the better directive, no request id, no log where the scenario
//! asks for none, keep-alive without end on both sides.

use std::path::{Path, PathBuf};

use crate::scenario::Scenario;
use crate::tools::Tools;

mod caddy;
mod envoy;
mod haproxy;
mod nginx;
mod relay;
mod sidegate;
mod traefik;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Relay,
    Sidegate,
    Nginx,
    Haproxy,
    Envoy,
    Traefik,
    Caddy,
}

/// Where a proxy stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// A folder of its own.
    pub(crate) folder: &'a Path,
    pub(crate) port: u16,
    /// A second port, for health and such.
    pub(crate) side: u16,
    pub(crate) origin: u16,
    pub(crate) tools: &'a Tools,
}

/// How to start a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Written into the folder before: name and content.
    pub(crate) files: Vec<(&'static str, String)>,
}

/// What a proxy says to a scenario.
pub(crate) enum Plan {
    Run(Launch),
    /// Not by its own means; why.
    Cannot(&'static str),
}

impl Peer {
    pub(crate) const ALL: [Self; 7] =
        [Self::Relay, Self::Sidegate, Self::Nginx, Self::Haproxy, Self::Envoy, Self::Traefik, Self::Caddy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "L4 relay",
            Self::Sidegate => "Sidegate",
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Envoy => "Envoy",
            Self::Traefik => "Traefik",
            Self::Caddy => "Caddy",
        }
    }

    /// How this proxy does the work of `scenario` at `site`.
    pub(crate) fn plan(self, scenario: Scenario, site: Site<'_>) -> Plan {
        match self {
            Self::Relay => relay::plan(scenario, site),
            Self::Sidegate => Plan::Run(sidegate::launch(scenario, site)),
            Self::Nginx => Plan::Run(nginx::launch(scenario, site)),
            Self::Haproxy => Plan::Run(haproxy::launch(scenario, site)),
            Self::Envoy => envoy::plan(scenario, site),
            Self::Traefik => traefik::plan(scenario, site),
            Self::Caddy => caddy::plan(scenario, site),
        }
    }
}

impl Site<'_> {
    /// A template with this site's numbers in place.
    fn fill(&self, template: &str) -> String {
        template
            .replace("@PORT@", &self.port.to_string())
            .replace("@SIDE@", &self.side.to_string())
            .replace("@ORIGIN@", &self.origin.to_string())
            .replace("@FOLDER@", &self.folder.display().to_string())
    }

    /// The path of a file in this site's folder.
    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

impl Launch {
    fn new(program: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program: program.to_owned(), arguments, environment: Vec::new(), files: Vec::new() }
    }

    fn with_file(mut self, name: &'static str, content: String) -> Self {
        self.files.push((name, content));
        self
    }

    fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }
}
