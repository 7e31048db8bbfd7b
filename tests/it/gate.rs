//! The binary under test: started with a config of its own, watched, stopped, and never left behind.

mod audit;
mod lines;
mod nest;
mod turn;

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

pub(crate) use audit::Audit;
pub(crate) use lines::Lines;
pub(crate) use nest::Nest;
pub(crate) use turn::alone;

use crate::pace::{SOON, until};
use crate::wire::{Answer, Ask, Wire};

/// A running gate.
#[derive(Debug)]
pub(crate) struct Gate {
    child: Option<Child>,
    /// Where callers reach it.
    pub(crate) data: SocketAddr,
    /// Health, readiness, metrics.
    pub(crate) ops: SocketAddr,
    /// Admin API.
    pub(crate) admin: SocketAddr,
    /// Its files; the config is `gate.yaml`.
    pub(crate) nest: Nest,
    /// Standard output: audit lines.
    pub(crate) out: Lines,
    /// Standard error: log lines.
    pub(crate) err: Lines,
    _turn: turn::Turn,
}

/// What a gate left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit status.
    pub(crate) status: ExitStatus,
    /// Standard output.
    pub(crate) out: Vec<String>,
    /// Standard error.
    pub(crate) err: Vec<String>,
    /// Records of requests on standard output.
    pub(crate) audit: Vec<Audit>,
    /// Its files.
    pub(crate) nest: Nest,
}

/// A whole config file: what `rest` leaves out is filled in, every port by the kernel.
pub(crate) fn config(upstream: SocketAddr, rest: &str) -> String {
    let mut text = String::new();
    let mut fill = |key: &str, line: &str| {
        if !rest.lines().any(|written| written.starts_with(key)) {
            writeln!(text, "{line}").unwrap();
        }
    };
    fill("version:", "version: 1");
    fill("listen:", "listen: 127.0.0.1:0");
    fill("ops:", "ops: 127.0.0.1:0");
    fill("admin:", "admin: 127.0.0.1:0");
    fill("workers:", "workers: 2");
    fill("upstream:", &format!("upstream: http://{upstream}"));
    text.push_str(rest);
    text
}

/// The command under test, with an environment of its own.
pub(crate) fn sidegate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidegate"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Gate {
    /// Starts with `rest` completed by [`config`].
    pub(crate) fn start(upstream: SocketAddr, rest: &str) -> Self {
        Self::start_in(Nest::new(), &config(upstream, rest))
    }

    /// Starts with `text` as its config, in a directory that may hold files already.
    pub(crate) fn start_in(nest: Nest, text: &str) -> Self {
        nest.write("gate.yaml", text);
        let path = nest.path("gate.yaml");
        Self::start_at(nest, path, &[])
    }

    /// Starts with the config file at `path` and more environment.
    pub(crate) fn start_at(nest: Nest, path: PathBuf, env: &[(&str, &str)]) -> Self {
        let turn = turn::Turn::take();
        let mut command = sidegate();
        command.arg("run").arg("--config").arg(path).envs(env.iter().copied());
        let mut child = command.spawn().unwrap();
        let out = Lines::collect(child.stdout.take().unwrap());
        let err = Lines::collect(child.stderr.take().unwrap());
        let none = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut gate =
            Self { child: Some(child), data: none, ops: none, admin: none, nest, out, err, _turn: turn };
        let found = gate.err.find(SOON, |lines| {
            Some([listening(lines, "data")?, listening(lines, "ops")?, listening(lines, "admin")?])
        });
        let Some([data, ops, admin]) = found else {
            panic!("the gate did not listen; it said:\n{}", gate.err.all().join("\n"));
        };
        (gate.data, gate.ops, gate.admin) = (data, ops, admin);
        until(SOON, "the gate is ready", || (gate.look("/ready")?.status == 200).then_some(()));
        gate
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        Wire::to(self.data).ask(ask)
    }

    /// One GET on the ops port; `None` when it cannot be reached.
    pub(crate) fn look(&self, path: &str) -> Option<Answer> {
        let mut wire = Wire::try_to(self.ops)?;
        wire.send(&Ask::new("GET", path).bytes()).ok()?;
        wire.answer("GET").ok()
    }

    /// The JSON of `/ready`.
    pub(crate) fn ready(&self) -> Value {
        self.look("/ready").expect("ops answers").json()
    }

    /// The config generation `/ready` reports.
    pub(crate) fn generation(&self) -> u64 {
        self.ready()["config"]["generation"].as_u64().expect("config.generation is a number")
    }

    /// Replaces the config file in one step and waits until `/ready` tells of a newer generation.
    pub(crate) fn reload(&self, text: &str) -> u64 {
        let before = self.generation();
        self.nest.write("gate.yaml", text);
        until(SOON, "a newer generation", || Some(self.generation()).filter(|now| *now > before))
    }

    /// The whole text of `/metrics`.
    pub(crate) fn metrics(&self) -> String {
        self.look("/metrics").expect("ops answers").text()
    }

    /// Sum of the samples of a metric whose labels contain every one of `labels`.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        self.metrics()
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// Waits for the audit record of the request with this id.
    pub(crate) fn record(&self, id: &str) -> Audit {
        self.out
            .find(SOON, |lines| {
                let line = lines.iter().rev().find(|line| line.contains(id))?;
                Audit::of_request(line)
            })
            .unwrap_or_else(|| panic!("no audit record of request {id}"))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Resident memory in KiB, now.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Open descriptors, now.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Sends SIGTERM and waits for the end, at most 40 s.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.ended(Duration::from_secs(40))
    }

    /// Waits for the end without asking for it.
    pub(crate) fn ended(mut self, within: Duration) -> Ended {
        let mut child = self.child.take().unwrap();
        let status = crate::pace::attempt(within, || child.try_wait().unwrap());
        let Some(status) = status else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the gate did not end within {within:?}:\n{}", self.err.all().join("\n"));
        };
        let (out, err) = (self.out.to_end(SOON), self.err.to_end(SOON));
        no_panic(&err);
        let audit = Audit::of(&out);
        let nest = std::mem::replace(&mut self.nest, Nest::new());
        Ended { status, out, err, audit, nest }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let _ = child.wait();
        if std::thread::panicking() {
            let lines = self.err.to_end(SOON);
            let tail = lines.len().saturating_sub(30);
            println!("the gate said last:\n{}", lines[tail..].join("\n"));
        } else {
            no_panic(&self.err.to_end(SOON));
        }
    }
}

fn no_panic(err: &[String]) {
    let panicked: Vec<_> = err.iter().filter(|line| line.contains("panicked at")).collect();
    assert!(panicked.is_empty(), "the gate panicked: {panicked:?}");
}

/// The address of `port` in the log lines, wherever the fields stand.
fn listening(lines: &[String], port: &str) -> Option<SocketAddr> {
    lines.iter().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let field = |name: &str| {
            let found = line.get(name).or_else(|| line.get("fields")?.get(name))?;
            found.as_str().map(str::to_owned)
        };
        if field("message")? != "listening" || field("port")? != port {
            return None;
        }
        field("address")?.parse().ok()
    })
}
