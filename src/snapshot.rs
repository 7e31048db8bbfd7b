//! One generation of everything compiled: rules, targets, counters, rendered answers. Swapped whole, loaded once per
//! request. Compiled by `app` at start and by `reload` after; never changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, Once, PoisonError};

use arc_swap::ArcSwap;
use http::{HeaderValue, Version};

use crate::base::name::RouteName;
use crate::check::Policy;
use crate::config::Loaded;
use crate::config::problem::{Problem, Severity};
use crate::config::settings::{KeyLocation, PathRule, Route, Settings, Upstream};
use crate::config::show::Shown;
use crate::forward::answer::{Extras, Maintenance, Told};
use crate::forward::body::{CollectRules, Ending, PaceRules};
use crate::forward::{ForwardRules, Target};
use crate::identify::route::RouteConflict;
use crate::observe::{MeterSet, Observer};
use crate::scheme::handshake;

/// One generation.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts up from 1 with every configuration that came into force.
    pub generation: u64,
    /// What was compiled.
    pub settings: Arc<Settings>,
    /// The effective configuration as an operator may see it: origins told, secrets masked.
    pub shown: Shown,
    /// What someone should look at, of all stages.
    pub warnings: Vec<Problem>,
    /// The rules.
    pub policy: Policy,
    /// Counters of the routes.
    pub meters: MeterSet,
    /// Bounds and names for forwarding.
    pub forward_rules: Arc<ForwardRules>,
    default_target: Arc<Target>,
    route_targets: Vec<Option<Arc<Target>>>,
    answers: Vec<RouteAnswers>,
    maintenance: Maintenance,
    undeclared_proxy: Once,
}

/// The generation in force; one per process.
#[derive(Debug)]
pub struct Snapshots {
    current: ArcSwap<Snapshot>,
    /// Generations that were in force and may still judge requests.
    retired: Mutex<Vec<Arc<Snapshot>>>,
}

/// What refusals of one route add.
#[derive(Debug)]
struct RouteAnswers {
    challenge: Option<HeaderValue>,
    allow: Option<HeaderValue>,
    told: Told,
}

impl Snapshots {
    /// Starts with `first` in force.
    pub fn new(first: Snapshot) -> Self {
        Self { current: ArcSwap::from_pointee(first), retired: Mutex::new(Vec::new()) }
    }

    /// The generation in force.
    pub fn load(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Puts `next` in force for every head that completes from now on. The one before is kept until [`Self::sweep`].
    pub fn store(&self, next: Snapshot) {
        let before = self.current.swap(Arc::new(next));
        self.retired.lock().unwrap_or_else(PoisonError::into_inner).push(before);
    }

    /// Frees the generations that no request is judged by any more, on the caller's thread.
    ///
    /// Whoever lets go of a generation last frees it, and a large one has hundreds of thousands of pieces: a worker
    /// would make its callers wait for that.
    pub fn sweep(&self) {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can get hold of one that only this list holds.
        let done: Vec<_> = retired.extract_if(.., |one| Arc::strong_count(one) == 1).collect();
        drop(retired);
        drop(done);
    }
}

impl Snapshot {
    /// Compiles `loaded` as the generation after `previous`. Targets and counters that did not change are taken over,
    /// and with them their connections and numbers.
    ///
    /// # Errors
    /// What can only be found by compiling: routes that could both win.
    pub fn compile(
        loaded: Loaded,
        previous: Option<&Self>,
        observer: &Observer,
    ) -> Result<Self, Vec<Problem>> {
        let Loaded { settings, shown, mut warnings } = loaded;
        let policy = Policy::from_settings(&settings).map_err(|conflicts| {
            let told = conflicts.iter().map(|conflict| conflict_problem(&settings, conflict));
            told.collect::<Vec<_>>()
        })?;
        warnings.extend(
            policy.unreachable(&settings).into_iter().map(|route| unreachable_warning(&settings, route)),
        );
        if let Some(before) = previous {
            policy.adopt(&before.policy);
        }
        let generation = previous.map_or(1, |before| before.generation.saturating_add(1));
        let default_target = reuse(previous.into_iter().flat_map(Self::targets), &settings.upstream);
        let route_targets = settings
            .routes
            .iter()
            .map(|route| {
                let known = previous.into_iter().flat_map(Self::targets).chain([&default_target]);
                route.upstream.as_ref().map(|upstream| reuse(known, upstream))
            })
            .collect();
        let operational = &settings.operational;
        Ok(Self {
            generation,
            warnings,
            policy,
            meters: observer.plan(generation, &settings.routes),
            forward_rules: Arc::new(ForwardRules::from_settings(&settings)),
            default_target,
            route_targets,
            answers: route_answers(&settings.routes),
            maintenance: Maintenance::new(
                &operational.maintenance_message,
                operational.maintenance_retry_after,
            ),
            undeclared_proxy: Once::new(),
            shown,
            settings: Arc::new(settings),
        })
    }

    /// The app for a route, or for a request without one.
    pub fn target(&self, route: Option<usize>) -> &Arc<Target> {
        let own = route.and_then(|index| self.route_targets.get(index)).and_then(Option::as_ref);
        own.unwrap_or(&self.default_target)
    }

    /// Every app, the default one first.
    pub fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        [&self.default_target].into_iter().chain(self.route_targets.iter().flatten())
    }

    /// The name of a route.
    pub fn route_name(&self, route: usize) -> Option<&RouteName> {
        self.settings.routes.get(route).map(|route| &route.name)
    }

    /// The bounds of a body that is collected whole.
    pub fn collect_rules(&self, max: u64, version: Version) -> CollectRules {
        let limits = &self.settings.limits;
        let pace =
            PaceRules { idle: limits.body_idle, rate: limits.body_rate, grace: limits.body_rate_grace };
        CollectRules { max, pace, whole: limits.buffered_body_timeout, ending: Ending::of(version) }
    }

    /// Tells once a generation that the flood guard cannot count.
    pub fn warn_of_undeclared_proxy(&self) {
        self.undeclared_proxy.call_once(|| {
            tracing::warn!(
                hint = "write security.trusted_proxies",
                "a proxy nobody declared forwards callers: the flood guard does not count their failures, because \
                 one of them could lock out all; until its address stands in trusted_proxies, guessing is not slowed"
            );
        });
    }

    /// What a refusal on this route adds to its answer.
    pub fn extras(&self, route: Option<usize>) -> Extras<'_> {
        let answers = route.and_then(|index| self.answers.get(index));
        Extras {
            challenge: answers.and_then(|answers| answers.challenge.as_ref()),
            allow: answers.and_then(|answers| answers.allow.as_ref()),
            maintenance: Some(&self.maintenance),
            told: answers.map(|answers| answers.told).unwrap_or_default(),
        }
    }
}

fn conflict_problem(settings: &Settings, conflict: &RouteConflict) -> Problem {
    about_route(settings, conflict.second, conflict.why.clone())
}

fn unreachable_warning(settings: &Settings, route: usize) -> Problem {
    let message =
        "no request can reach this route: another one differs only in case or trailing slash".to_owned();
    let hint = "an app could read either path as the other; give them paths that differ in more".to_owned();
    let problem = about_route(settings, route, message).with_hint(hint);
    Problem { severity: Severity::Warning, ..problem }
}

fn about_route(settings: &Settings, route: usize, message: String) -> Problem {
    let file = settings.inputs.first().map(|file| file.display().to_string()).unwrap_or_default();
    let line = settings.routes.get(route).map_or(0, |route| route.line);
    Problem::error_at(&file, line, format!("routes[{route}]"), message)
}

/// The target of `known` that means the same app, or a new one.
fn reuse<'a>(mut known: impl Iterator<Item = &'a Arc<Target>>, upstream: &Upstream) -> Arc<Target> {
    let same = known.find(|target| target.upstream() == upstream);
    same.map_or_else(|| Target::new(upstream), Arc::clone)
}

/// One for each route. Routes of one path are found by it, not by looking at all: there may be thousands.
fn route_answers(routes: &[Route]) -> Vec<RouteAnswers> {
    let mut methods: HashMap<&PathRule, BTreeSet<&str>> = HashMap::new();
    for route in routes {
        methods.entry(&route.path).or_default().extend(route.methods.iter().map(http::Method::as_str));
    }
    routes.iter().map(|route| RouteAnswers::new(route, methods.get(&route.path))).collect()
}

impl RouteAnswers {
    /// `methods` are those of every route with this path.
    fn new(route: &Route, methods: Option<&BTreeSet<&str>>) -> Self {
        let methods: Vec<&str> = methods.into_iter().flatten().copied().collect();
        let allow = (!methods.is_empty()).then(|| methods.join(", "));
        let scheme =
            route.api_key.iter().flat_map(|key| &key.locations).find_map(|location| match location {
                KeyLocation::Bearer => Some("Bearer"),
                KeyLocation::Basic => Some("Basic realm=\"api\""),
                KeyLocation::Header(_) | KeyLocation::Cookie(_) | KeyLocation::Query(_) => None,
            });
        let is_silent =
            route.signature.as_ref().is_some_and(|signature| handshake::is_silent(&signature.provider));
        Self {
            told: if is_silent { Told::Nothing } else { Told::Text },
            challenge: scheme.map(HeaderValue::from_static),
            allow: allow.and_then(|allow| allow.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests;
