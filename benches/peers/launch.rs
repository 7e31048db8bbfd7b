//! Starts a proxy on its core, waits until it answers, ends it.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cores::Cores;
use crate::cpu::Tree;
use crate::load;
use crate::proxies::Launch;
use crate::trouble::{Tried, Trouble};

/// The slowest of them is ready in well under a second on an idle machine.
const READY: Duration = Duration::from_secs(30);
const ENDED: Duration = Duration::from_secs(4);
const FIRST_PORT: u16 = 21_000;
const LAST_PORT: u16 = 32_000;

/// A proxy that runs; dropped, it ends.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) tree: Tree,
    /// From the start of the program to its first good answer.
    pub(crate) ready_after: Duration,
    folder: PathBuf,
}

/// Two ports nobody listens on, below those the system gives to outgoing connections: a gate with a million rules
/// takes seconds until it listens, and one of those could be taken meanwhile.
pub(crate) fn free_ports() -> Tried<(u16, u16)> {
    static NEXT: AtomicU16 = AtomicU16::new(FIRST_PORT);
    let mut free = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .take_while(|port| *port < LAST_PORT)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().zip(free.next()).ok_or_else(|| Trouble::new("no free ports"))
}

impl Running {
    /// Starts `launch` in `folder` and waits until `probe` is answered 200 on `port`.
    pub(crate) fn start(
        launch: &Launch,
        folder: &Path,
        (port, probe): (u16, Option<&[u8]>),
        cores: Cores,
    ) -> Tried<Self> {
        for (name, content) in &launch.files {
            fs::write(folder.join(name), content)?;
        }
        let (out, err) = (File::create(folder.join("stdout.log"))?, File::create(folder.join("stderr.log"))?);
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).current_dir(folder);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        command.envs(launch.environment.iter().map(|(name, value)| (name, value)));
        let begun = Instant::now();
        let child = cores.as_proxy(|| Ok(command.spawn()?))?;
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let tree = Tree::of(child.id());
        let mut running =
            Self { child, address, tree, ready_after: Duration::ZERO, folder: folder.to_owned() };
        running.wait(begun, probe)?;
        running.ready_after = begun.elapsed();
        running.tree = Tree::of(running.child.id());
        Ok(running)
    }

    /// Its processes as they stand now: some fork their workers after their port is open.
    pub(crate) fn tree_now(&self) -> Tree {
        Tree::of(self.child.id())
    }

    fn wait(&mut self, begun: Instant, probe: Option<&[u8]>) -> Tried<()> {
        loop {
            let answered = match probe {
                Some(request) => {
                    load::ask(self.address, self.address.ip(), request).is_ok_and(|it| it.0 == 200)
                }
                None => std::net::TcpStream::connect(self.address).is_ok(),
            };
            if answered {
                return Ok(());
            }
            let has_ended = self.child.try_wait()?.is_some();
            if has_ended || begun.elapsed() > READY {
                let how = if has_ended { "ended" } else { "is not ready" };
                return Err(Trouble::new(format!("it {how}; it said:\n{}", self.said())));
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// The ends of what it wrote.
    pub(crate) fn said(&self) -> String {
        let last = |name| {
            let text = fs::read(self.folder.join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines: Vec<&str> = text.lines().rev().take(8).collect();
            lines.into_iter().rev().fold(String::new(), |all, line| all + "  " + line + "\n")
        };
        ["stdout.log", "stderr.log", "error.log"].into_iter().map(last).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let signal = |pid: u32, signal| {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // It may have gone by itself.
                let _ = kill_process(pid, signal);
            }
        };
        signal(self.child.id(), Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < ENDED {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        for pid in Tree::of(self.child.id()).pids() {
            signal(*pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
