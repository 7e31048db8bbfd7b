//! Each check through the socket: allowed, refused, malformed, at its boundary.

mod addresses;
mod challenges;
mod greetings;
mod handshakes;
mod keys;
mod maintenance;
mod places;
mod quotas;
mod replay;
mod resign;
mod routing;
mod senders;
mod signatures;
mod sizes;
mod telling;

use crate::gate::Gate;
use crate::origin::{Origin, Seen};
use crate::wire::{Answer, Ask};

/// A gate before an origin that answers 200 to everything.
struct Scene {
    origin: Origin,
    gate: Gate,
}

impl Scene {
    fn set(config: &str) -> Self {
        let origin = Origin::start();
        let gate = Gate::start(origin.addr, config);
        Self { origin, gate }
    }

    /// Asks, expects 200 from the app, and returns what the app saw.
    fn passes(&self, ask: &Ask) -> Seen {
        let before = self.origin.count();
        let answer = self.gate.ask(ask);
        assert_eq!(answer.status, 200, "{ask:?}: {}", self.gate.record(answer.id()).raw);
        assert_eq!(answer.body, b"ok", "from the app");
        let mut seen = self.origin.seen();
        assert_eq!(seen.len(), before + 1, "one request at the app");
        seen.pop().unwrap()
    }

    /// Asks, expects this status and this reason in the audit record, and nothing at the app.
    fn refuses(&self, ask: &Ask, status: u16, reason: &str) -> Answer {
        let before = self.origin.count();
        let answer = self.gate.ask(ask);
        let record = self.gate.record(answer.id());
        assert_eq!((answer.status, record.reason()), (status, reason), "{ask:?}: {}", record.raw);
        assert_eq!(record.result(), "deny");
        assert_eq!(self.origin.count(), before, "nothing at the app");
        answer
    }
}
