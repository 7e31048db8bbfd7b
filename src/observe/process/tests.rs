use super::*;

#[test]
fn a_process_name_with_spaces_and_parentheses_is_skipped() {
    let text =
        "42 (a b) (c) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 0 5 0 900 8192 33 18446744073709551615 1";
    let stat = Stat::parse(text).unwrap();
    assert_eq!(
        stat,
        Stat { cpu_ticks: 100, threads: 5, start_ticks: 900, virtual_bytes: 8192, resident_pages: 33 }
    );
}

#[test]
fn a_broken_stat_is_left_out() {
    for broken in ["", "42", "42 (x) S 1 2 3", "42 (x) S 1 1 1 0 -1 0 1 2 3 4 x 30 0 0 20 0 5 0 900 8192 33"]
    {
        assert_eq!(Stat::parse(broken), None, "{broken:?}");
    }
}

#[test]
fn the_running_process_can_be_read_whole() {
    let families = families(Path::new("/proc/self"));
    let wanted = names::ALL.iter().filter(|metric| metric.name.starts_with("process_")).count();
    assert_eq!(families.len(), wanted);
}

#[test]
fn where_there_is_no_proc_only_the_limit_is_told() {
    assert_eq!(families(Path::new("/nonexistent")).len(), 1);
}
