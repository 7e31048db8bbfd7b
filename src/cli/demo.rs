//! `sidegate demo`: the whole product in one command, on loopback, with nothing else installed.
//!
//! Starts a sample app and a real gate with a shown config, sends recorded and freshly signed deliveries, and tells
//! each verdict and why, read from the audit as an operator would.

mod app;
mod config;
mod story;
mod verdict;

use std::path::{Path, PathBuf};
use std::time::Duration;

use owo_colors::OwoColorize;

use super::http_client::{self, Call, Door, Reply};
use super::output::Output;
use super::{BAD, FINE};
use crate::app::{Running, start};
use crate::config::env::{self, Environment};
use app::SampleApp;
use config::Stage;
use story::Delivery;

/// How long the demo waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Start a sample app and a gate, send deliveries, explain each verdict.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// End after the deliveries instead of serving on
    #[arg(long)]
    once: bool,
}

/// Everything the demo has started.
struct Scene {
    directory: PathBuf,
    stage: Stage,
    app: SampleApp,
    gate: Running,
}

impl Demo {
    pub(super) fn run(&self, output: &mut Output) -> u8 {
        match self.play(output) {
            Ok(code) => code,
            Err(problem) => {
                output.complain(format_args!("error: {problem}"));
                BAD
            }
        }
    }

    fn play(&self, output: &mut Output) -> Result<u8, String> {
        let scene = Scene::set()?;
        output.say(format_args!("{}", "The gate's whole configuration".bold()));
        for line in scene.stage.yaml(false).lines() {
            output.say(format_args!("  {}", line.dimmed()));
        }
        output.say(format_args!("\n{}", "Deliveries".bold()));
        let mut surprises = 0u32;
        for (at, delivery) in story::deliveries()?.iter().enumerate() {
            surprises = surprises.saturating_add(scene.send(at.saturating_add(1), delivery, output)?);
        }
        scene.maintenance(true)?;
        let last = story::during_maintenance();
        surprises = surprises.saturating_add(scene.send(usize::MAX, &last, output)?);
        scene.maintenance(false)?;
        output.say(format_args!(
            "\nThe app saw {} requests; everything else ended at the gate.",
            scene.app.seen()
        ));
        if surprises > 0 {
            output.complain(format_args!("{surprises} answers were not as expected"));
        }
        if !self.once {
            scene.stage.invite(output);
        }
        scene.end(self.once);
        Ok(if surprises == 0 { FINE } else { BAD })
    }
}

impl Scene {
    fn set() -> Result<Self, String> {
        let app = SampleApp::start().map_err(|error| format!("the sample app cannot start: {error}"))?;
        let directory = env::scratch_directory().join(format!("sidegate-demo-{}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let stage = Stage::new(&directory, app.address)?;
        stage.write(false)?;
        let gate = start(&stage.file, Environment::from_pairs::<String, String>([]))
            .map_err(|problem| format!("the gate cannot start: {problem}"))?;
        Ok(Self { directory, stage, app, gate })
    }

    /// Sends one delivery and tells what became of it; 1 when the answer was not the expected one.
    fn send(&self, number: usize, delivery: &Delivery, output: &mut Output) -> Result<u32, String> {
        let Delivery { title, method, target, headers, body, expected } = delivery;
        let host = self.stage.listen.to_string();
        let call = Call { method, target, host: &host, headers, body, timeout: PATIENCE };
        let reply = http_client::call(&Door::Tcp(host.clone()), &call)?;
        let why = self.why(&reply);
        let number = if number == usize::MAX { "  ".to_owned() } else { format!("{number:>2}") };
        output.say(format_args!("\n{number}  {title}"));
        let status = if reply.status < 300 {
            reply.status.green().to_string()
        } else {
            reply.status.yellow().to_string()
        };
        output.say(format_args!("    {method} {target} → {status}  {why}"));
        Ok(u32::from(reply.status != *expected))
    }

    fn why(&self, reply: &Reply) -> String {
        match reply.header("x-request-id") {
            Some(id) => verdict::of(&self.stage.audit, id).unwrap_or_else(|| "no audit line yet".to_owned()),
            None => "no request id".to_owned(),
        }
    }

    /// Rewrites the config as an operator would and reloads it.
    fn maintenance(&self, on: bool) -> Result<(), String> {
        self.stage.write(on)?;
        let door = self.stage.admin.to_string();
        let call = Call {
            method: "POST",
            target: "/reload",
            host: &door,
            headers: &[],
            body: &[],
            timeout: PATIENCE,
        };
        match http_client::call(&Door::Tcp(door.clone()), &call)? {
            reply if reply.status == 200 => Ok(()),
            reply => Err(format!("the reload failed: {} {}", reply.status, reply.text())),
        }
    }

    fn end(self, at_once: bool) {
        let Self { directory, gate, .. } = self;
        if at_once {
            gate.stop()
        } else {
            gate.serve_until_signalled()
        }
        remove(&directory);
    }
}

/// The directory is ours alone; what cannot be removed is left to the system's clean-up.
fn remove(directory: &Path) {
    let _ = std::fs::remove_dir_all(directory);
}
