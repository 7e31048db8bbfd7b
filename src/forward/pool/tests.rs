use std::time::Duration;

use crate::config::settings::Upstream;
use crate::forward::Target;
use crate::forward::upstream::bench::{App, Gate, run, upstream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const GET: &str = "GET / HTTP/1.1\r\nHost: app\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody";

/// An app that takes its time.
async fn slow_app(span: Duration) -> App {
    App::start(move |mut session| async move {
        while session.request().await.is_some() {
            tokio::time::sleep(span).await;
            session.say(OK).await;
        }
    })
    .await
}

fn bounded(app: &App, max_connections: usize) -> Upstream {
    Upstream { max_connections, ..upstream(app.address) }
}

#[test]
fn who_finds_all_connections_busy_gets_the_next_one() {
    run(async {
        let app = slow_app(Duration::from_millis(20)).await;
        let gate = Gate::new(&bounded(&app, 1));
        let (one, two, three) = tokio::join!(gate.ask(GET), gate.ask(POST), gate.ask(GET));
        for answer in [one, two, three] {
            assert!(answer.ends_with("hi"), "{answer}");
        }
        assert_eq!(app.accepted.get(), 1, "handed from request to request");
        assert_eq!(gate.target.waiting(), 0);
    });
}

#[test]
fn the_bound_holds_and_the_waiting_room_too() {
    run(async {
        let app = slow_app(Duration::from_millis(60)).await;
        let gate = Gate::new(&bounded(&app, 2));
        let asking: Vec<_> = (0..80)
            .map(|_| {
                let gate = std::rc::Rc::clone(&gate);
                tokio::task::spawn_local(async move { gate.ask(GET).await })
            })
            .collect();
        let mut refused = 0;
        for answer in asking {
            let answer = answer.await.unwrap();
            if answer.starts_with("HTTP/1.1 503") {
                assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
                refused += 1;
            }
        }
        // Two at once, 64 wait, the rest is refused, except those that came when the first had been served.
        assert!((1..=14).contains(&refused), "{refused}");
        assert_eq!(gate.told("error", "upstream_overloaded"), refused);
        assert_eq!(app.accepted.get(), 2);
        assert_eq!(gate.target.waiting(), 0);
    });
}

#[test]
fn a_connection_idle_in_one_worker_gives_way_to_another() {
    run(async {
        let app = App::answering(OK).await;
        let target = Target::new(&bounded(&app, 1));
        let (one, other) = (Gate::sharing(target.clone()), Gate::sharing(target));
        for gate in [&one, &other, &one, &other] {
            assert!(gate.ask(GET).await.ends_with("hi"));
        }
        assert_eq!(app.accepted.get(), 4);
    });
}

#[test]
fn an_idle_connection_too_old_for_a_post_makes_room_for_a_new_one() {
    run(async {
        let app = App::answering(OK).await;
        let gate = Gate::new(&bounded(&app, 1));
        assert!(gate.ask(GET).await.ends_with("hi"));
        tokio::time::sleep(Duration::from_millis(520)).await;
        assert!(gate.ask(POST).await.ends_with("hi"));
        assert_eq!(app.accepted.get(), 2);
    });
}

#[test]
fn pools_of_forgotten_apps_are_forgotten() {
    run(async {
        let app = App::answering(OK).await;
        let idle_timeout = Duration::from_millis(50);
        let target = Target::new(&Upstream { idle_timeout, ..upstream(app.address) });
        let gate = Gate::sharing(target.clone());
        assert!(gate.ask(GET).await.ends_with("hi"));
        let forwarder = std::rc::Rc::clone(&gate.forwarder);
        assert_eq!(forwarder.pools.borrow().len(), 1);
        drop((gate, target));
        crate::forward::upstream::bench::eventually(|| forwarder.pools.borrow().is_empty()).await;
    });
}

#[test]
fn an_app_on_a_unix_socket_is_an_app() {
    use crate::config::settings::UpstreamTarget;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    run(async {
        let path = std::env::temp_dir().join(format!("sidegate-pool-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4096];
            while stream.read(&mut bytes).await.unwrap() > 0 {
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        });
        let address = "127.0.0.1:1".parse().unwrap();
        let gate = Gate::new(&Upstream { target: UpstreamTarget::Unix(path.clone()), ..upstream(address) });
        for request in [GET, POST, GET] {
            assert!(gate.ask(request).await.ends_with("hi"));
        }
        std::fs::remove_file(path).unwrap();
    });
}
