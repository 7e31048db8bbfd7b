//! One judged request on its way: to the app, perhaps a second time, and back with the head of the answer.
//!
//! Security: decides when a request may be sent again, and what an absent caller changes. A request that is not
//! idempotent reaches the app at most once. Once all of it has been handed over, the app's answer decides about the
//! record and the reservation, whether or not the caller is still there; before that, the caller's going ends it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, response};

use crate::base::clock::{self, Mono};
use crate::base::failure::Failure;
use crate::base::request_id::RequestId;
use crate::base::turn::others_first;
use crate::check::{Granted, Payload, Permit, Upgrade, is_idempotent};
use crate::forward::OutBody;
use crate::forward::body::{Ending, Metered};
use crate::forward::budget::Lease;
use crate::forward::desk::Desk;
use crate::forward::names::PeerTrust;
use crate::forward::outgoing::{Framing, Outgoing};
use crate::forward::pool::{Got, Pool, Risk};
use crate::forward::request::{self, Origin, Reuse, Weight};
use crate::forward::response::{Follows, Question, clean};
use crate::forward::rules::ForwardRules;
use crate::forward::upgrade::Tunnel;
use crate::forward::upload::{self, UpBody, Upload};
use crate::forward::upstream::{Begun, Care, Link, Reply, Unanswered};
use crate::forward::wire_body::WireBody;
use crate::observe::Record;
use crate::state::replay::Reservation;

/// A request that may be sent, with all that is needed to send it.
#[derive(Debug)]
pub struct Errand {
    /// The judged request.
    pub permit: Permit<WireBody>,
    /// Its record.
    pub record: Record,
    /// The rules of its generation.
    pub rules: Arc<ForwardRules>,
    /// What its buffered body costs.
    pub lease: Option<Lease>,
    /// When it was judged.
    pub at: Mono,
}

/// What became of a request that was sent.
#[derive(Debug)]
pub enum Sent {
    /// The app answered; the body follows as it arrives.
    Response(Response<OutBody>),
    /// The app agreed to a WebSocket; the tunnel begins when this head has been sent.
    Switched(Response<OutBody>, Tunnel),
    /// Something failed; the record is still open.
    Failed(Failure, Record),
}

/// A request whose permit has been spent.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) granted: Box<Granted<WireBody>>,
    pub(super) record: Record,
    pub(super) rules: Arc<ForwardRules>,
    pub(super) lease: Option<Lease>,
    pub(super) at: Mono,
}

/// What is left of an errand once the request is on its way.
struct Flight {
    rules: Arc<ForwardRules>,
    pool: Rc<Pool>,
    desk: Rc<Desk>,
    upload: Rc<Upload>,
    id: RequestId,
    method: Method,
    upgrade: Upgrade,
    reservation: Option<Reservation>,
}

/// A request written down.
struct Letter {
    way: Way,
    risk: Risk,
    /// Its body again, should a connection that was used before prove to be closed.
    spare: Option<UpBody>,
    reuse: Reuse,
}

/// How a letter goes.
enum Way {
    /// By an idle connection, which holds it.
    Idle(Box<Link>),
    /// By one that is still to be had.
    Any(Box<Outgoing<UpBody>>),
}

/// A flight that survives its caller.
pub(super) struct InFlight {
    flight: Option<Pin<Box<dyn Future<Output = Sent>>>>,
    upload: Rc<Upload>,
    desk: Rc<Desk>,
}

impl InFlight {
    /// Nothing happens before the first poll.
    pub(super) fn new(judged: Judged, pool: Rc<Pool>, desk: Rc<Desk>) -> Self {
        let upload = Upload::new(judged.at);
        let flight = fly(judged, pool, Rc::clone(&desk), Rc::clone(&upload));
        Self { flight: Some(Box::pin(flight)), upload, desk }
    }
}

impl Future for InFlight {
    type Output = Sent;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Sent> {
        let Some(flight) = &mut self.flight else { return Poll::Pending };
        let sent = std::task::ready!(flight.as_mut().poll(cx));
        self.flight = None;
        Poll::Ready(sent)
    }
}

impl Drop for InFlight {
    /// The caller has gone. What the app has been given whole is finished by someone else; the rest ends here, which
    /// closes the connection, so that the app sees a message that broke off.
    fn drop(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        if self.upload.is_handed_over() && !std::thread::panicking() {
            self.desk.adopt(Box::pin(async move {
                match flight.await {
                    Sent::Response(_) | Sent::Switched(..) => {}
                    Sent::Failed(failure, record) => record.failed(failure, clock::mono()),
                }
            }));
        }
    }
}

async fn fly(judged: Judged, pool: Rc<Pool>, desk: Rc<Desk>, upload: Rc<Upload>) -> Sent {
    let (mut flight, letter, mut record) = match pack(judged, pool, desk, upload) {
        Ok(packed) => packed,
        Err((failure, record)) => return Sent::Failed(failure, record),
    };
    let reuse = letter.reuse;
    match flight.send(letter, &mut record).await {
        Ok((answer, mut link)) => {
            if reuse == Reuse::Close {
                link.retire();
            }
            flight.arrive(answer, link, record)
        }
        Err(failure) => Sent::Failed(failure, record),
    }
}

/// Writes the request down, ready to be sent. Waits for nothing, so that what is only needed here is not kept while the
/// request is under way.
fn pack(
    judged: Judged,
    pool: Rc<Pool>,
    desk: Rc<Desk>,
    upload: Rc<Upload>,
) -> Result<(Flight, Letter, Record), (Failure, Record)> {
    let Judged { granted, record, rules, lease, at } = judged;
    let Granted { mut parts, payload, identity, client, peer, reservation, max_body, upgrade } = *granted;
    let id = record.request_id();
    let weight = Weight::of(&payload);
    let ending = Ending::of(parts.version);
    let trust = if client.peer_trusted { PeerTrust::Trusted } else { PeerTrust::Untrusted };
    let told = desk.address(client.ip);
    let other = (client.ip != peer).then(|| desk.address(peer));
    let peer = other.as_ref().unwrap_or(&told);
    let origin = Origin { identity: &identity, client: &told, peer, trust, id: &id, upgrade };
    let risk = risk_of(&parts.method, weight);
    let mut idle = pool.take_idle(risk, Care::Later, at);
    let mut head = idle.as_mut().map(|link| link.take_room()).unwrap_or_default();
    let (framing, reuse) = match request::write(&mut head, &mut parts, &rules, &origin, weight) {
        Ok(written) => written,
        // The connection taken for it closes: put back, it would pass for one that was used just now.
        Err(failure) => return Err((failure, record)),
    };
    let body = match payload {
        _ if weight == Weight::None => UpBody::empty(&upload),
        Payload::Whole { bytes, trailers } => {
            whole(framing, upload::leased(bytes, lease), trailers, &rules, &upload)
        }
        Payload::Stream(body) => {
            let metered = Metered::new(body, max_body, rules.pace, ending, desk.watchdog());
            UpBody::stream(metered, Arc::clone(&rules), &upload)
        }
    };
    let spare = match risk {
        Risk::Repeatable => body.copy(),
        Risk::Once => None,
    };
    let request = Outgoing::new(head, framing, body);
    let way = match idle {
        Some(mut link) => {
            link.load(request);
            Way::Idle(link)
        }
        None => Way::Any(Box::new(request)),
    };
    let letter = Letter { way, risk, spare, reuse };
    let method = parts.method;
    Ok((Flight { rules, pool, desk, upload, id, method, upgrade, reservation }, letter, record))
}

/// A body in memory. One of no bytes is a body only where the caller's framing was chunked.
fn whole(
    framing: Framing,
    bytes: Bytes,
    trailers: Option<HeaderMap>,
    rules: &ForwardRules,
    upload: &Rc<Upload>,
) -> UpBody {
    let chunked = framing == Framing::Chunked;
    let trailers = trailers.filter(|_| chunked).and_then(|mut trailers| {
        request::clean_trailers(&mut trailers, &rules.names);
        (!trailers.is_empty()).then_some(trailers)
    });
    if bytes.is_empty() && !chunked {
        return UpBody::empty(upload);
    }
    UpBody::whole(bytes, trailers, upload)
}

/// Whether the request may be sent again after the app may have seen it: it says the same thing twice, and all of it is
/// still here (RFC 9110 §9.2.2).
fn risk_of(method: &Method, weight: Weight) -> Risk {
    match weight {
        Weight::Stream => Risk::Once,
        Weight::None | Weight::Whole(_) | Weight::WholeWithTrailers(_) if is_idempotent(method) => {
            Risk::Repeatable
        }
        Weight::None | Weight::Whole(_) | Weight::WholeWithTrailers(_) => Risk::Once,
    }
}

impl Flight {
    /// Sends the request after what else is ready has been judged; a second time where that is allowed. What is seldom
    /// waited for is kept on a block of its own: it would be room that every request takes.
    async fn send(
        &mut self,
        letter: Letter,
        record: &mut Record,
    ) -> Result<(response::Parts, Box<Link>), Failure> {
        let Letter { way, risk, spare, reuse: _ } = letter;
        if matches!(way, Way::Idle(_)) {
            others_first().await;
        }
        let mut now = clock::mono();
        let way = self.look(way, risk, now);
        let (mut link, spare) = match way {
            Way::Idle(link) => (link, spare),
            Way::Any(request) => {
                let (mut link, spare) = match Box::pin(self.pool.get(risk)).await? {
                    Got::Reused(link) => (link, spare),
                    Got::New(link) => {
                        // It would keep the body in memory until the app answers.
                        drop(spare);
                        (link, None)
                    }
                };
                link.load(*request);
                now = clock::mono();
                (link, spare)
            }
        };
        record.sent(now);
        let request = match link.ask(&self.upload, self.pool.target(), now).await {
            Ok(answer) => return Ok((answer, link)),
            Err(Unanswered::Unsent(request)) => request,
            Err(Unanswered::Silent(failure, request)) => Box::new(request.again(spare.ok_or(failure)?)),
            Err(Unanswered::Failed(failure)) => return Err(failure),
        };
        drop(link);
        Box::pin(self.send_again(request)).await
    }

    /// Looks at an idle connection right before it is used, and not earlier: while others were judged the app may have
    /// closed it, or it has grown old. Another idle one takes its place, or whichever is to be had.
    fn look(&self, way: Way, risk: Risk, now: Mono) -> Way {
        match way {
            Way::Idle(link) if self.pool.is_fresh(&link, risk, now) && link.is_usable(risk.care()) => {
                Way::Idle(link)
            }
            Way::Idle(mut link) => {
                let request = link.take_out();
                drop(link);
                match self.pool.take_idle(risk, risk.care(), now) {
                    Some(mut other) => {
                        other.load(*request);
                        Way::Idle(other)
                    }
                    None => Way::Any(request),
                }
            }
            Way::Any(request) => Way::Any(request),
        }
    }

    async fn send_again(
        &self,
        request: Box<Outgoing<UpBody>>,
    ) -> Result<(response::Parts, Box<Link>), Failure> {
        let mut link = self.pool.get_new().await?;
        link.load(*request);
        match link.ask(&self.upload, self.pool.target(), clock::mono()).await {
            Ok(answer) => Ok((answer, link)),
            Err(Unanswered::Unsent(_)) => Err(Failure::UpstreamReset),
            Err(Unanswered::Silent(failure, _) | Unanswered::Failed(failure)) => Err(failure),
        }
    }

    /// The head of the answer is there: settles the reservation and the record.
    fn arrive(&mut self, mut parts: response::Parts, mut link: Box<Link>, record: Record) -> Sent {
        let question = Question { method: &self.method, upgrade: self.upgrade, id: &self.id };
        let follows = match clean(&mut parts, question) {
            Ok(follows) => follows,
            Err(failure) => return Sent::Failed(failure, record),
        };
        let now = clock::mono();
        if follows == Follows::Tunnel {
            return match link.switch() {
                Ok(switched) => {
                    let tunnel = Tunnel::new(switched, self.rules.silence, self.desk.watchdog());
                    let tail = record.forwarded(parts.status, now);
                    Sent::Switched(Response::from_parts(parts, OutBody::empty().with_tail(tail)), tunnel)
                }
                Err(failure) => Sent::Failed(failure, record),
            };
        }
        if self.upgrade == Upgrade::WebSocket {
            link.retire();
        }
        // The head decides: an app that says 2xx took the message, even if the rest of its answer breaks off.
        if let Some(reservation) = self.reservation.take()
            && parts.status.is_success()
        {
            reservation.commit(now);
        }
        let body = match follows {
            Follows::Body(framing) => {
                let (pool, upload) = (Rc::clone(&self.pool), Rc::clone(&self.upload));
                match Reply::begin(framing, link, pool, upload, (self.rules.silence, now)) {
                    Ok(Begun::Stream(reply)) => OutBody::stream(reply),
                    Ok(Begun::Whole(bytes)) => OutBody::full(bytes),
                    Err(failure) => return Sent::Failed(failure, record),
                }
            }
            Follows::DeclaredOnly => {
                self.pool.put_back(link, now);
                OutBody::declared()
            }
            Follows::Nothing | Follows::Tunnel => {
                self.pool.put_back(link, now);
                OutBody::empty()
            }
        };
        let tail = record.forwarded(parts.status, now);
        Sent::Response(Response::from_parts(parts, body.with_tail(tail)))
    }
}

#[cfg(test)]
mod tests;
