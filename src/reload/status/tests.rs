use super::*;

#[test]
fn a_complaint_reads_as_place_matter_and_way_out() {
    let complaint = |file: &str, line, column, hint: &str| {
        Complaint { file: file.into(), line, column, message: "bad".into(), hint: hint.into() }.to_string()
    };
    assert_eq!(complaint("a.yaml", 7, 3, "mend it"), "a.yaml:7:3: bad; mend it");
    assert_eq!(complaint("a.yaml", 7, 0, ""), "a.yaml:7: bad");
    assert_eq!(complaint("a.yaml", 0, 3, ""), "a.yaml: bad");
    assert_eq!(complaint("", 7, 3, ""), "bad");
}
