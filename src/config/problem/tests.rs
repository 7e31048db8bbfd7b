use super::*;

fn problem() -> Problem {
    Problem {
        severity: Severity::Error,
        file: "gate.yaml".into(),
        path: "routes[0].path".into(),
        line: 12,
        column: 5,
        message: "expected a path".into(),
        hint: "write /a".into(),
        snippet: Some(Snippet { text: "    path: a".into(), start: 10, width: 1 }),
    }
}

#[test]
fn a_problem_prints_its_place_its_line_and_a_way_out() {
    let text = "gate.yaml:12:5: error: routes[0].path: expected a path\n 12 |     path: a\n    |           ^\n    hint: write /a";
    assert_eq!(problem().to_string(), text);
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = Problem::error_at("gate.yaml", 0, String::new(), "it does not exist".into());
    assert_eq!(bare.to_string(), "gate.yaml: error: it does not exist");
    assert_eq!(Problem { line: 3, ..bare }.headline(), "gate.yaml:3: error: it does not exist");
}

#[test]
fn the_json_form_holds_every_part() {
    let json = problem().to_json();
    for key in ["severity", "file", "path", "line", "column", "message", "hint", "snippet"] {
        assert!(!json[key].is_null(), "{key}");
    }
}

#[test]
fn warnings_are_not_counted_as_errors() {
    let warning = Problem { severity: Severity::Warning, ..problem() };
    let problems = Problems { items: vec![problem(), warning], inputs: Vec::new() };
    assert_eq!(problems.errors(), 1);
    assert!(problems.to_string().contains("warning: "));
}
