use crate::observe::Pulse;
use crate::ops::tests::{bench, bench_of};

#[test]
fn a_live_gate_says_so_under_every_name() {
    let bench = bench();
    for path in ["/health", "/healthz", "/livez"] {
        let heard = bench.ops(&format!("GET {path}"));
        assert_eq!(heard.status, 200);
        let told = heard.json();
        assert_eq!(told["status"], "healthy");
        assert!(told["timestamp"].as_str().unwrap().ends_with('Z'));
        assert!(told["uptime_seconds"].is_u64());
        assert_eq!(told.as_object().unwrap().len(), 3);
    }
    let lines = bench.ops("GET /livez?verbose");
    assert_eq!(lines.body, "[+] workers: all turn\nhealth: healthy\n");
}

#[test]
fn a_stuck_worker_makes_it_unhealthy_and_unready_and_is_named() {
    let bench = bench_of(Pulse::stopped());
    let heard = bench.ops("GET /health");
    assert_eq!((heard.status, heard.json()["status"].as_str().unwrap()), (503, "unhealthy"));
    assert!(heard.json()["message"].as_str().unwrap().starts_with("worker 0 has not turned for"));
    assert_eq!(bench.ops("GET /ready").status, 503);
    assert_eq!(bench.ops("GET /livez?verbose").status, 503);
}

#[test]
fn startup_follows_the_listeners_and_never_the_app() {
    let mut bench = bench();
    bench.app = None;
    for path in ["/startup", "/startupz"] {
        let heard = bench.ops(&format!("GET {path}"));
        assert_eq!((heard.status, heard.json()["status"].as_str().unwrap()), (200, "started"));
    }
    bench.running.startup.0.store(false, std::sync::atomic::Ordering::Release);
    let heard = bench.ops("GET /startup");
    assert_eq!((heard.status, heard.json()["status"].as_str().unwrap()), (503, "starting"));
    assert_eq!(bench.ops("GET /ready").status, 503, "nor is it ready");
}

#[test]
fn the_metrics_page_is_text_and_bounded_in_how_many_read_it() {
    let bench = bench();
    let heard = bench.ops("GET /metrics");
    assert_eq!(heard.status, 200);
    assert!(heard.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{}", heard.head);
    assert!(heard.body.contains("sidegate_build_info{version="));
}

#[test]
fn every_answer_forbids_sniffing_and_keeping() {
    let bench = bench();
    for line in ["GET /health", "GET /ready", "GET /metrics", "GET /nothing", "POST /ready", "GET /startup"] {
        let head = bench.ops(line).head;
        assert!(head.contains("x-content-type-options: nosniff"), "{line}: {head}");
        assert!(head.contains("cache-control: no-store"), "{line}: {head}");
    }
}

#[test]
fn head_is_like_get_without_a_body() {
    let bench = bench();
    for path in ["/health", "/ready", "/startup", "/metrics"] {
        let heard = bench.ops(&format!("HEAD {path}"));
        assert_eq!((heard.status, heard.body.as_str()), (200, ""), "{path}");
        assert!(heard.head.contains("content-length: "), "{path}");
    }
}

#[test]
fn other_methods_and_paths_are_refused() {
    let bench = bench();
    for path in ["/health", "/healthz", "/livez", "/ready", "/readyz", "/startup", "/startupz", "/metrics"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let heard = bench.ops(&format!("{method} {path}"));
            assert_eq!(heard.status, 405, "{method} {path}");
            assert!(heard.head.contains("allow: get, head"), "{}", heard.head);
        }
    }
    for path in
        ["/", "/nothing", "/reload", "/drain", "/config", "/health/", "//health", "/Health", "/metrics/x"]
    {
        assert_eq!(bench.ops(&format!("GET {path}")).status, 404, "{path}");
        assert_eq!(bench.ops(&format!("POST {path}")).status, 404, "{path}");
    }
}
