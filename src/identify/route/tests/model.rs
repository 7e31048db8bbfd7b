//! Apps, each with its own way to read a path, and the rule they must not break: what we send on as route *i*, no app
//! takes for another route. Written apart from the code under test: strings, lists, no tables.

use http::Method;
use proptest::prelude::*;

use super::{Found, RouteTable, route};
use crate::config::settings::PathRule;

/// What an app does to a path before it looks at its routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    Decode,
    DecodeButSlash,
    DecodeUnreserved,
    Backslash,
    Parameters,
    Merge,
    Dots,
    Fold,
    Query,
    Semicolon,
}

fn decode(path: &str, keep: impl Fn(char) -> bool) -> String {
    let chars: Vec<char> = path.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    while i < chars.len() {
        let code = chars.get(i + 1..i + 3).map(|two| two.iter().collect::<String>());
        let byte = code.and_then(|two| u8::from_str_radix(&two, 16).ok()).map(char::from);
        match byte {
            Some(byte) if chars[i] == '%' && !keep(byte) => {
                out.push(byte);
                i += 3;
            }
            _ => {
                out.push(chars[i]);
                i += 1;
            }
        }
    }
    out
}

fn dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    for part in &parts[1..] {
        match *part {
            "." => {}
            ".." => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    let open = matches!(parts.last(), Some(&"." | &".."));
    format!("/{}{}", out.join("/"), if open && !out.is_empty() { "/" } else { "" })
}

fn apply(habit: Habit, path: &str) -> String {
    match habit {
        Habit::Decode => decode(path, |_| false),
        Habit::DecodeButSlash => decode(path, |c| c == '/'),
        Habit::DecodeUnreserved => decode(path, |c| !(c.is_ascii_alphanumeric() || "-._~".contains(c))),
        Habit::Backslash => path.replace('\\', "/"),
        Habit::Parameters => {
            path.split('/').map(|part| part.split(';').next().unwrap()).collect::<Vec<_>>().join("/")
        }
        Habit::Merge => {
            let mut merged = path.to_owned();
            while merged.contains("//") {
                merged = merged.replace("//", "/");
            }
            merged
        }
        Habit::Dots => dots(path),
        Habit::Fold => path.to_ascii_lowercase(),
        Habit::Query => path.split(['?', '#']).next().unwrap().to_owned(),
        Habit::Semicolon => path.split(';').next().unwrap().to_owned(),
    }
}

fn reads(habits: &[Habit], path: &str) -> String {
    habits.iter().fold(path.to_owned(), |path, habit| apply(*habit, &path))
}

fn cut(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// How specific a match is: level, then length.
fn fit(rule: &PathRule, path: &str, habits: &[Habit], slash_matters: bool) -> Option<(u8, usize)> {
    let shape = |text: &str| if slash_matters { text.to_owned() } else { cut(text).to_owned() };
    match rule {
        PathRule::Exact(wanted) => (shape(&reads(habits, wanted)) == shape(path)).then_some((2, 0)),
        PathRule::Template(wanted) => {
            let wanted = shape(&reads(habits, wanted));
            let path = shape(path);
            let (wanted, path): (Vec<&str>, Vec<&str>) =
                (wanted.split('/').collect(), path.split('/').collect());
            let same = |(w, p): (&&str, &&str)| if w.starts_with('{') { !p.is_empty() } else { w == p };
            (wanted.len() == path.len() && wanted.iter().zip(&path).all(same)).then_some((1, 0))
        }
        PathRule::Prefix(wanted) => {
            let wanted = reads(habits, wanted);
            let below = path.starts_with(&format!("{}/", cut(&wanted)));
            let equal = cut(path) == cut(&wanted) && !slash_matters || path == wanted;
            (below || equal).then_some((0, wanted.len()))
        }
    }
}

/// All routes the app could choose: the most specific ones.
fn app_selects(rules: &[PathRule], path: &str, habits: &[Habit], slash_matters: bool) -> Vec<usize> {
    let path = reads(habits, path);
    let fits: Vec<_> = rules.iter().map(|rule| fit(rule, &path, habits, slash_matters)).collect();
    let best = fits.iter().flatten().max().copied();
    let best_of = |fit: &Option<(u8, usize)>| fit.is_some() && *fit == best;
    (0..rules.len()).filter(|index| best_of(&fits[*index])).collect()
}

const PLAIN: [&str; 17] = [
    "prefix /",
    "/admin",
    "/Admin",
    "prefix /admin",
    "prefix /admin/",
    "prefix /a/",
    "prefix /a/b/",
    "/a/{x}",
    "/a/{x}/b",
    "/{x}/c",
    "/a/b",
    "/a/b/",
    "/",
    "prefix /A/b",
    "prefix /a%20b/",
    "/a",
    "/b%20c",
];
const ODD: [&str; 4] = ["/a%2Fb", "/a;x=1", "/b/../c", "/c%41"];

fn sets_of_routes(of: &[&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    let choice = prop::sample::subsequence(of.to_vec(), 1..6);
    choice.prop_filter("compiles", |texts| {
        let routes: Vec<_> = texts.iter().map(|text| route(text, &[], &[])).collect();
        RouteTable::compile(&routes).is_ok()
    })
}

fn requests() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "A",
        "admin",
        "ADMIN",
        "..",
        ".",
        "%2e%2e",
        "%2e",
        "%252e%252e",
        ".%2E",
        "..;",
        ";x=1",
        "a;x=1",
        "%61",
        "%2561",
        "%41dmin",
        "a%2Fb",
        "a%20b",
        "b%20c",
        "x",
        "%3b",
        "%3Fq",
        "%23",
        "%5c..",
        "%255c",
        "c%41",
        "",
        "%2f..",
    ]);
    let joint = prop::sample::select(vec![
        "/", "/", "/", "/", "//", "\\", "%2f", "%5C", "%252F", "/./", ";/", "/../",
    ]);
    (prop::collection::vec((joint, piece), 1..6), prop::bool::ANY).prop_map(|(parts, slash)| {
        let mut path = String::new();
        for (joint, piece) in parts {
            path.push_str(joint);
            path.push_str(piece);
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if slash {
            path.push('/');
        }
        path
    })
}

fn habits() -> impl Strategy<Value = Vec<Habit>> {
    use Habit::{
        Backslash, Decode, DecodeButSlash, DecodeUnreserved, Dots, Fold, Merge, Parameters, Query, Semicolon,
    };
    let all =
        vec![Decode, DecodeButSlash, DecodeUnreserved, Backslash, Parameters, Merge, Dots, Query, Semicolon];
    let decodes = |habit: &Habit| matches!(habit, Decode | DecodeButSlash | DecodeUnreserved);
    (prop::collection::vec(prop::sample::select(all), 0..6), any::<bool>())
        .prop_filter("decodes at most twice", move |(habits, _)| {
            habits.iter().filter(|h| decodes(h)).count() <= 2
        })
        .prop_map(|(mut habits, folds)| {
            if folds {
                habits.push(Fold);
            }
            habits
        })
}

fn compiled(texts: &[&str]) -> (RouteTable, Vec<PathRule>) {
    let routes: Vec<_> = texts.iter().map(|text| route(text, &[], &[])).collect();
    let rules = routes.iter().map(|route| route.path.clone()).collect();
    (RouteTable::compile(&routes).unwrap(), rules)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn what_passes_as_one_route_no_app_takes_for_another(
        texts in sets_of_routes(&[&PLAIN[..], &ODD].concat()),
        path in requests(),
        apps in prop::collection::vec((habits(), any::<bool>()), 24),
    ) {
        let (table, rules) = compiled(&texts);
        let expected = match table.find(&Method::GET, "h", &path) {
            Found::Route(index) => vec![index],
            Found::Unmatched => vec![],
            Found::Ambiguous | Found::WrongMethod(_) | Found::WrongHost(_) => return Ok(()),
        };
        prop_assert_eq!(app_selects(&rules, &path, &[], true), expected.clone(), "by its bytes");
        for (habits, slash_matters) in apps {
            let chosen = app_selects(&rules, &path, &habits, slash_matters);
            prop_assert_eq!(
                &chosen, &expected,
                "{:?} sends {} to {:?}; an app that does {:?} reads {}", texts, path, expected, habits,
                reads(&habits, &path)
            );
        }
    }

    #[test]
    fn what_is_refused_some_app_takes_for_another_route(texts in sets_of_routes(&PLAIN), path in requests()) {
        let (table, rules) = compiled(&texts);
        if table.find(&Method::GET, "h", &path) != Found::Ambiguous {
            return Ok(());
        }
        let plain = app_selects(&rules, &path, &[], true);
        prop_assert!(
            plain.len() > 1 || some_app_differs(&rules, &path, &plain),
            "{:?} refuses {} though every app agrees", texts, path
        );
    }

    #[test]
    fn no_bytes_make_the_table_stumble(path in "\\PC{0,40}", bytes in "/[ -~]{0,60}") {
        let (table, _) = compiled(&["prefix /a/", "/a/{b}", "/", "prefix /"]);
        let _ = table.find(&Method::GET, "h", &path);
        let _ = table.find(&Method::GET, "h", &bytes);
    }
}

/// Tries every app: all sequences of habits that change the path, and the blanks our code also drops.
fn some_app_differs(rules: &[PathRule], path: &str, plain: &[usize]) -> bool {
    use Habit::{
        Backslash, Decode, DecodeButSlash, DecodeUnreserved, Dots, Fold, Merge, Parameters, Query, Semicolon,
    };
    let all =
        [Decode, DecodeButSlash, DecodeUnreserved, Backslash, Parameters, Merge, Dots, Query, Semicolon];
    let differs =
        |app: &[Habit]| [true, false].into_iter().any(|s| app_selects(rules, path, app, s) != plain);
    let mut queue: Vec<(Vec<Habit>, String, usize)> = vec![(vec![], path.to_owned(), 0)];
    let mut seen: Vec<(String, usize)> = Vec::new();
    while let Some((habits, text, decoded)) = queue.pop() {
        for folds in [false, true] {
            let mut app = habits.clone();
            if folds {
                app.push(Fold);
            }
            if differs(&app) {
                return true;
            }
        }
        // Our bound on readings, which also counts blanks, may be met from here on.
        if seen.len() > 30 {
            return true;
        }
        for habit in all {
            let decodes = usize::from(matches!(habit, Decode | DecodeButSlash | DecodeUnreserved));
            let made = apply(habit, &text);
            if decoded + decodes <= 2 && made != text && !seen.contains(&(made.clone(), decoded + decodes)) {
                seen.push((made.clone(), decoded + decodes));
                let habits = habits.iter().copied().chain([habit]).collect();
                queue.push((habits, made, decoded + decodes));
            }
        }
    }
    false
}
