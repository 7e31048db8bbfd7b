//! Turns numbers into the families of the metrics page. Which series there are follows from the configuration alone:
//! see [`most_series`].

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric as Series, MetricFamily, MetricType,
};

use super::channel::lock;
use super::count::{BOUNDS, GATE_BOUNDS, REQUEST_BOUNDS, Timed};
use super::entry::Verdict;
use super::meter::{MeterSet, RouteMeter, Tally, Webhook};
use super::metrics::{Board, ConfigState, LastReload};
use super::names::{self, Kind, Metric};
use super::stage::{Stage, stage};
use crate::base::failure::Failure;
use crate::check::deny::Reason;

/// Most series the page can hold for `routes` routes, `webhooks` of which check a signature or shared secret, with
/// `secrets` secrets among them, `_bucket`, `_sum` and `_count` counted one each. Series of reasons appear when they
/// first happen; everything else is always there.
pub fn most_series(routes: usize, webhooks: usize, secrets: usize) -> usize {
    let histogram = BOUNDS + 3;
    let verdicts = 3 + Reason::ALL.len() + Failure::ALL.len();
    let process = names::ALL.iter().filter(|metric| metric.name.starts_with("process_")).count();
    let others = [
        &names::KEY_ATTEMPTS,
        &names::KEY_FAILURES,
        &names::CONFIG_GENERATION,
        &names::CONFIG_OK,
        &names::CONFIG_OK_AT,
        &names::CONFIG_INFO,
        &names::KEYS_MISSING,
        &names::KEYS_AGE,
        &names::AUDIT_DROPPED,
        &names::ACCESS_LOG_DROPPED,
        &names::CONNECTIONS,
        &names::CONNECTIONS_STALLED,
        &names::CONNECTIONS_EVICTED,
        &names::CONNECTIONS_FLOODING,
        &names::LIMITS_SHARED,
        &names::PANICS,
        &names::IN_FLIGHT,
        &names::BUILD_INFO,
    ]
    .len();
    let reloads_and_fetches = 4;
    let refused = 3;
    (routes + 1) * (verdicts + 3 * histogram)
        + webhooks * (5 + histogram)
        + secrets
        + process
        + others
        + reloads_and_fetches
        + refused
}

/// A family being filled.
pub(super) struct Family {
    metric: &'static Metric,
    series: Vec<Series>,
}

impl Family {
    pub(super) fn new(metric: &'static Metric) -> Self {
        Self { metric, series: Vec::new() }
    }

    /// One counter or gauge; `labels` in the order of the metric's own.
    pub(super) fn value(&mut self, labels: &[&str], value: f64) {
        let mut series = Series::from_label(self.labels(labels));
        match self.metric.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(value);
                series.set_counter(counter);
            }
            Kind::Gauge | Kind::Histogram => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                series.set_gauge(gauge);
            }
        }
        self.series.push(series);
    }

    /// One histogram, in seconds.
    fn timed(&mut self, labels: &[&str], bounds: &[u64; BOUNDS], timed: &Timed) {
        let mut below = 0_u64;
        let mut buckets = Vec::with_capacity(BOUNDS);
        for (bound, size) in bounds.iter().zip(&timed.sizes) {
            below = below.wrapping_add(*size);
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(seconds(*bound));
            bucket.set_cumulative_count(below);
            buckets.push(bucket);
        }
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets);
        histogram.set_sample_count(timed.count());
        histogram.set_sample_sum(seconds(timed.nanos));
        let mut series = Series::from_label(self.labels(labels));
        series.set_histogram(histogram);
        self.series.push(series);
    }

    fn labels(&self, values: &[&str]) -> Vec<LabelPair> {
        let pair = |(name, value): (&&str, &&str)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        };
        self.metric.labels.iter().zip(values).map(pair).collect()
    }

    pub(super) fn done(self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.metric.name.to_owned());
        family.set_help(self.metric.help.to_owned());
        family.set_field_type(match self.metric.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
            Kind::Histogram => MetricType::HISTOGRAM,
        });
        family.set_metric(self.series);
        family
    }
}

/// One series without labels.
pub(super) fn single(metric: &'static Metric, value: f64) -> MetricFamily {
    let mut family = Family::new(metric);
    family.value(&[], value);
    family.done()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the page's format has floating-point values; exact below 2^53"
)]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

fn seconds(nanos: u64) -> f64 {
    float(nanos) / 1e9
}

/// A gauge kept by increases and decreases; the moment between two adds may look below zero.
fn level(sum: u64) -> f64 {
    float(u64::try_from(sum.cast_signed().max(0)).unwrap_or(0))
}

pub(super) fn of_losses(audit: u64, access: u64) -> [MetricFamily; 2] {
    [single(&names::AUDIT_DROPPED, float(audit)), single(&names::ACCESS_LOG_DROPPED, float(access))]
}

pub(super) fn of_board(board: &Board) -> Vec<MetricFamily> {
    let ConfigState { generation, hash, last, taken_at } = lock(&board.config).clone();
    let counts = board.counts();
    let mut build = Family::new(&names::BUILD_INFO);
    build.value(&[env!("CARGO_PKG_VERSION")], 1.0);
    let mut info = Family::new(&names::CONFIG_INFO);
    info.value(&[&hash], 1.0);
    let mut reloads = Family::new(&names::CONFIG_RELOADS);
    reloads.value(&["applied"], float(board.reloads_applied.get()));
    reloads.value(&["refused"], float(board.reloads_refused.get()));
    let mut fetches = Family::new(&names::KEY_FETCHES);
    fetches.value(&["applied"], float(board.fetches_applied.get()));
    fetches.value(&["refused"], float(board.fetches_refused.get()));
    let mut refused = Family::new(&names::CONNECTIONS_REFUSED);
    refused.value(&["connections"], float(counts.refused_full));
    refused.value(&["connections_per_client"], float(counts.refused_client));
    refused.value(&["memory"], float(counts.refused_memory));
    let ok = match last {
        LastReload::Applied => 1.0,
        LastReload::Refused => 0.0,
    };
    let taken_ms = float(u64::try_from(taken_at.0).unwrap_or(0));
    vec![
        single(&names::CONNECTIONS, float(counts.open)),
        refused.done(),
        single(&names::CONNECTIONS_STALLED, float(counts.stalled)),
        single(&names::CONNECTIONS_EVICTED, float(counts.evicted)),
        single(&names::CONNECTIONS_FLOODING, float(counts.floods)),
        single(&names::LIMITS_SHARED, float(counts.shared_limits)),
        single(&names::PANICS, float(counts.panics)),
        single(&names::IN_FLIGHT, level(board.in_flight.sum())),
        single(&names::KEY_ATTEMPTS, float(board.key_attempts.sum())),
        single(&names::KEY_FAILURES, float(board.key_failures.sum())),
        single(&names::CONFIG_GENERATION, float(generation)),
        single(&names::CONFIG_OK, ok),
        single(&names::CONFIG_OK_AT, taken_ms / 1e3),
        info.done(),
        reloads.done(),
        fetches.done(),
        single(&names::KEYS_MISSING, float(counts.keys_missing)),
        single(&names::KEYS_AGE, float(counts.keys_age)),
        build.done(),
    ]
}

/// The families with a `route` or `service` label.
pub(super) fn of_routes(shown: Option<&MeterSet>) -> Vec<MetricFamily> {
    let mut requests = Family::new(&names::REQUESTS);
    let mut request = Family::new(&names::REQUEST_DURATION);
    let mut gate = Family::new(&names::GATE_DURATION);
    let mut upstream = Family::new(&names::UPSTREAM_DURATION);
    let mut secrets = Family::new(&names::SECRET_USED);
    let mut webhooks = Webhooks::new();
    for meter in shown.into_iter().flat_map(MeterSet::all) {
        let Some(tally) = meter.tally() else { continue };
        let name = tally.name().map_or(names::NO_ROUTE, |name| name.as_str());
        verdicts(&mut requests, name, tally);
        request.timed(&[name], &REQUEST_BOUNDS, &tally.request());
        gate.timed(&[name], &GATE_BOUNDS, &tally.gate());
        upstream.timed(&[name], &REQUEST_BOUNDS, &tally.upstream());
        for (id, used) in meter.secret_uses() {
            secrets.value(&[name, id.as_str()], float(used));
        }
        webhooks.add(name, meter, tally);
    }
    let mut families: Vec<_> =
        [requests, request, gate, upstream, secrets].into_iter().map(Family::done).collect();
    families.extend(webhooks.done());
    families
}

fn verdicts(family: &mut Family, route: &str, tally: &Tally) {
    let allowed: u64 = tally.answered().iter().sum();
    family.value(&[route, Verdict::Allow.word(), names::NO_REASON], float(allowed));
    if tally.acknowledged() > 0 {
        family.value(&[route, Verdict::Acknowledge.word(), names::NO_REASON], float(tally.acknowledged()));
    }
    if tally.handshakes() > 0 {
        family.value(&[route, Verdict::Answer.word(), names::NO_REASON], float(tally.handshakes()));
    }
    for (reason, count) in tally.denied().filter(|(_, count)| *count > 0) {
        family.value(&[route, Verdict::Deny.word(), reason.word()], float(count));
    }
    for (failure, count) in tally.failed().filter(|(_, count)| *count > 0) {
        family.value(&[route, Verdict::Error.word(), failure.reason()], float(count));
    }
}

/// The families that tell of webhooks, under the names dashboards of webhook receivers know.
struct Webhooks {
    requests: Family,
    success: Family,
    errors: Family,
    auth_success: Family,
    auth_failed: Family,
    duration: Family,
}

impl Webhooks {
    fn new() -> Self {
        Self {
            requests: Family::new(&names::WEBHOOK_REQUESTS),
            success: Family::new(&names::WEBHOOK_SUCCESS),
            errors: Family::new(&names::WEBHOOK_ERRORS),
            auth_success: Family::new(&names::WEBHOOK_AUTH_SUCCESS),
            auth_failed: Family::new(&names::WEBHOOK_AUTH_FAILED),
            duration: Family::new(&names::WEBHOOK_HANDLER_DURATION),
        }
    }

    fn add(&mut self, service: &str, meter: RouteMeter<'_>, tally: &Tally) {
        match meter.webhook() {
            Webhook::No => return,
            Webhook::Yes => {}
        }
        let [odd, informed, fine, moved, refused, broken] = tally.answered();
        let answered = odd + informed + fine + moved + refused + broken;
        let failed: u64 = tally.failed().map(|(_, count)| count).sum();
        let (mut denied, mut bad, mut later) = (0, 0, 0);
        for (reason, count) in tally.denied() {
            denied += count;
            match stage(reason) {
                Stage::Before => {}
                Stage::Webhook => bad += count,
                Stage::ApiKey | Stage::After => later += count,
            }
        }
        // Failures before the signature was verified (a body that broke off) are neither good nor bad.
        let after =
            tally.failed().filter(|(failure, _)| is_behind_the_checks(*failure)).map(|(_, count)| count);
        let good = answered + tally.acknowledged() + later + after.sum::<u64>();
        let labels = &[service];
        self.requests.value(labels, float(answered + tally.acknowledged() + failed + denied));
        self.success.value(labels, float(informed + fine + moved + tally.acknowledged()));
        self.errors.value(labels, float(odd + refused + broken + failed));
        self.auth_success.value(labels, float(good));
        self.auth_failed.value(labels, float(bad));
        self.duration.timed(labels, &REQUEST_BOUNDS, &tally.upstream());
    }

    fn done(self) -> impl Iterator<Item = MetricFamily> {
        [self.requests, self.success, self.errors, self.auth_success, self.auth_failed, self.duration]
            .into_iter()
            .map(Family::done)
    }
}

fn is_behind_the_checks(failure: Failure) -> bool {
    match failure {
        Failure::UpstreamConnect
        | Failure::UpstreamConnectTimeout
        | Failure::UpstreamOverloaded
        | Failure::UpstreamTimeout
        | Failure::UpstreamReset
        | Failure::UpstreamProtocol => true,
        Failure::ClientBody
        | Failure::ClientBodyTimeout
        | Failure::ClientBodyTooLarge
        | Failure::BufferFull
        | Failure::ClientGone
        | Failure::Internal => false,
    }
}
