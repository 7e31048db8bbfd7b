use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::base::clock::Wall;

/// A fresh directory that no other test uses.
pub(super) fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("sidegate-{name}-{}-{number}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

/// Takes a file whose content begins with `good` and ends with a newline; an optional second file beside it.
struct Toy {
    main: PathBuf,
    second: PathBuf,
    in_force: String,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Source for Toy {
    fn attempt(&mut self, _: u64) -> Attempt {
        let main = fs::read_to_string(&self.main);
        let mut inputs = vec![self.main.clone()];
        let mut text = main.as_deref().unwrap_or_default().to_owned();
        if text.contains("second") {
            inputs.push(self.second.clone());
            text.push_str(&fs::read_to_string(&self.second).unwrap_or_default());
        }
        let complaint = Complaint {
            file: self.main.display().to_string(),
            line: 1,
            column: 1,
            message: format!("{} bytes are no good", text.len()),
            hint: String::new(),
        };
        let result = match text.as_str() {
            "panic\n" => panic!("a defect"),
            good if good.starts_with("good") && good.ends_with('\n') && good == self.in_force => {
                Ok(Taken::Unchanged)
            }
            good if good.starts_with("good") && good.ends_with('\n') => {
                self.taken.lock().unwrap().push(good.to_owned());
                good.clone_into(&mut self.in_force);
                Ok(Taken::Swapped {
                    hash: good.to_owned(),
                    warnings: Vec::new(),
                    needs_restart: if good.contains("listen") { vec!["listen".into()] } else { Vec::new() },
                    changes: String::new(),
                })
            }
            _ => Err(vec![complaint]),
        };
        Attempt { inputs, result }
    }

    fn tidy(&mut self) {}

    fn name(&self) -> String {
        self.main.display().to_string()
    }
}

struct Bench {
    reload: Reload,
    observer: Arc<Observer>,
    main: PathBuf,
    taken: Arc<Mutex<Vec<String>>>,
}

fn bench(main: &Path) -> Bench {
    let bench = bench_with(main, &fs::read_to_string(main).unwrap());
    // Answered once the first look is over.
    assert_eq!(bench.ask(), Outcome::Unchanged { generation: 1 });
    bench
}

fn bench_with(main: &Path, in_force: &str) -> Bench {
    let observer = Arc::new(Observer::new(1, main));
    let status = Status {
        generation: 1,
        hash: in_force.to_owned(),
        taken_at: Wall(0),
        refused: None,
        needs_restart: Vec::new(),
        warnings: Vec::new(),
        watching: Watching::Events,
        pinned: Vec::new(),
    };
    observer.config_applied(1, &status.hash, Wall(0));
    let taken = Arc::default();
    let toy = Toy {
        main: main.to_owned(),
        second: main.with_file_name("second"),
        in_force: in_force.to_owned(),
        taken: Arc::clone(&taken),
    };
    let reload = Reload::start(toy, status, vec![main.to_owned()], Arc::clone(&observer)).unwrap();
    Bench { reload, observer, main: main.to_owned(), taken }
}

fn plain() -> Bench {
    let main = folder("reload").join("config");
    fs::write(&main, "good 1\n").unwrap();
    bench(&main)
}

impl Bench {
    /// Waits until the status is as wanted.
    fn until(&self, what: &str, wanted: impl Fn(&Status) -> bool) {
        for _ in 0..2_000 {
            if wanted(&self.reload.status()) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("never {what}: {:?}", self.reload.status());
    }

    fn until_hash(&self, hash: &str) {
        self.until(hash, |status| status.hash == hash);
    }

    fn ask(&self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.reload.trigger(Cause::Asked)).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.reload.stop();
    }
}

/// Writes a ConfigMap volume the way the kubelet does: a new directory, then `..data` renamed over.
fn kubelet(volume: &Path, version: u32, files: &[(&str, &str)]) {
    let fresh = format!("..2026_{version}");
    fs::create_dir(volume.join(&fresh)).unwrap();
    for (name, text) in files {
        fs::write(volume.join(&fresh).join(name), text).unwrap();
        let link = volume.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(format!("..data/{name}"), link).unwrap();
        }
    }
    let old = fs::read_link(volume.join("..data"));
    std::os::unix::fs::symlink(&fresh, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if let Ok(old) = old {
        fs::remove_dir_all(volume.join(old)).unwrap();
    }
}

#[test]
fn a_changed_file_comes_into_force_without_being_asked() {
    let bench = plain();
    fs::write(&bench.main, "good 2\n").unwrap();
    bench.until_hash("good 2\n");
    let status = bench.reload.status();
    assert_eq!(status.generation, 2);
    assert!(status.taken_at.0 > 0);
    assert_eq!(status.watching, Watching::Events);
    assert!(bench.observer.page().contains("sidegate_config_generation 2"));
}

#[test]
fn a_file_renamed_over_as_editors_do_comes_into_force() {
    let bench = plain();
    let fresh = bench.main.with_extension("new");
    fs::write(&fresh, "good 2\n").unwrap();
    fs::rename(&fresh, &bench.main).unwrap();
    bench.until_hash("good 2\n");
}

#[test]
fn config_map_updates_come_into_force_one_after_the_other() {
    let volume = folder("configmap");
    kubelet(&volume, 1, &[("config", "good 1\n")]);
    let bench = bench(&volume.join("config"));
    for version in 2..6 {
        let text = format!("good {version}\n");
        kubelet(&volume, version, &[("config", &text)]);
        bench.until_hash(&text);
    }
    assert_eq!(bench.reload.status().generation, 5);
}

#[test]
fn a_bad_content_leaves_the_last_good_one_in_force_and_says_where() {
    let bench = plain();
    fs::write(&bench.main, "bad\n").unwrap();
    bench.until("refused", |status| status.refused.is_some());
    let status = bench.reload.status();
    assert_eq!((status.generation, status.hash.as_str()), (1, "good 1\n"));
    let told = status.refused.clone().unwrap().complaints[0].to_string();
    assert!(told.ends_with("config:1:1: 4 bytes are no good"), "{told}");
    assert!(bench.observer.page().contains("sidegate_config_last_reload_successful 0"));
    fs::write(&bench.main, "good 3\n").unwrap();
    bench.until_hash("good 3\n");
    assert_eq!(bench.reload.status().refused, None);
    assert!(bench.observer.page().contains("sidegate_config_last_reload_successful 1"));
}

#[test]
fn a_deleted_or_emptied_file_leaves_the_last_good_one_in_force() {
    let bench = plain();
    fs::remove_file(&bench.main).unwrap();
    bench.until("refused", |status| status.refused.is_some());
    fs::write(&bench.main, "good 1\n").unwrap();
    bench.until("good again", |status| status.refused.is_none());
    fs::write(&bench.main, "").unwrap();
    bench.until("refused", |status| status.refused.is_some());
    assert_eq!(bench.reload.status().generation, 1, "the content was never another");
    assert!(bench.taken.lock().unwrap().is_empty());
}

#[test]
fn the_same_bad_content_is_counted_once_however_often_it_is_asked_for() {
    let bench = plain();
    fs::write(&bench.main, "bad\n").unwrap();
    for _ in 0..3 {
        assert!(matches!(bench.ask(), Outcome::Refused { generation: 1, .. }));
    }
    assert!(bench.observer.page().contains("sidegate_config_reloads_total{result=\"refused\"} 1"));
    fs::write(&bench.main, "worse\n").unwrap();
    assert!(matches!(bench.ask(), Outcome::Refused { .. }));
    assert!(bench.observer.page().contains("sidegate_config_reloads_total{result=\"refused\"} 2"));
}

#[test]
fn asking_tells_the_outcome() {
    let bench = plain();
    assert_eq!(bench.ask(), Outcome::Unchanged { generation: 1 });
    fs::write(&bench.main, "good listen\n").unwrap();
    // The kernel may have told first; the content is in force either way.
    let applied = Outcome::Applied { generation: 2, needs_restart: vec!["listen".into()] };
    assert!([applied, Outcome::Unchanged { generation: 2 }].contains(&bench.ask()));
    assert_eq!(bench.reload.status().needs_restart, ["listen"]);
}

#[test]
fn a_file_written_byte_by_byte_is_taken_once_and_whole() {
    let bench = plain();
    let mut file = fs::File::create(&bench.main).unwrap();
    for byte in b"good\nof many\nlines\n" {
        std::io::Write::write_all(&mut file, &[*byte]).unwrap();
        thread::sleep(Duration::from_millis(40));
    }
    thread::sleep(Duration::from_millis(400));
    assert!(bench.taken.lock().unwrap().is_empty(), "the writer has not closed it yet");
    drop(file);
    bench.until_hash("good\nof many\nlines\n");
    assert_eq!(bench.taken.lock().unwrap().len(), 1);
    assert!(bench.observer.page().contains("sidegate_config_reloads_total{result=\"refused\"} 0"));
}

#[test]
fn a_file_the_new_content_names_is_watched_too() {
    let bench = plain();
    fs::write(&bench.main, "good second\n").unwrap();
    bench.until_hash("good second\n");
    fs::write(bench.main.with_file_name("second"), "more\n").unwrap();
    bench.until_hash("good second\nmore\n");
}

#[test]
fn changes_nobody_tells_of_are_found_by_looking() {
    let main = folder("poll").join("config");
    fs::write(&main, "good 1\n").unwrap();
    let bench = bench(&main);
    bench.reload.stop();
    let taken = Arc::default();
    let toy = Toy {
        main: main.clone(),
        second: main.clone(),
        in_force: "good 1\n".into(),
        taken: Arc::clone(&taken),
    };
    let status = Arc::new(ArcSwap::new(bench.reload.status()));
    let mut keeper = Keeper::new(toy, Arc::clone(&status), vec![main.clone()], Arc::clone(&bench.observer));
    keeper.begin(Err("no inotify here".into()));
    assert!(matches!(&status.load().watching, Watching::Polling { because } if because == "no inotify here"));
    fs::write(&main, "good 2\n").unwrap();
    keeper.look();
    assert_eq!(status.load().hash, "good 2\n");
    keeper.look();
    assert_eq!(taken.lock().unwrap().len(), 1);
}

#[test]
fn a_directory_that_was_replaced_is_watched_anew() {
    let parent = folder("replaced");
    let directory = parent.join("etc");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("config"), "good 1\n").unwrap();
    let bench = bench(&directory.join("config"));
    fs::rename(&directory, parent.join("old")).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("config"), "good 2\n").unwrap();
    bench.until_hash("good 2\n");
    fs::write(directory.join("config"), "good 3\n").unwrap();
    bench.until_hash("good 3\n");
}

#[test]
fn a_defect_while_reading_refuses_and_the_thread_lives_on() {
    let bench = plain();
    fs::write(&bench.main, "panic\n").unwrap();
    bench.until("refused", |status| status.refused.is_some());
    fs::write(&bench.main, "good 2\n").unwrap();
    bench.until_hash("good 2\n");
}

#[test]
fn what_changed_between_start_and_watching_is_found() {
    let main = folder("early").join("config");
    fs::write(&main, "good 2\n").unwrap();
    bench_with(&main, "good 1\n").until_hash("good 2\n");
}

#[test]
fn a_nudge_is_enough() {
    let bench = plain();
    fs::write(&bench.main, "good 2\n").unwrap();
    bench.reload.nudge(Cause::Signal);
    bench.until_hash("good 2\n");
}

#[test]
fn a_stopped_reload_says_so() {
    let bench = plain();
    bench.reload.stop();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(bench.reload.trigger(Cause::Signal)), Err(Ended));
}

#[test]
fn a_neighbour_that_is_written_all_the_time_hides_no_change() {
    use std::io::Write;

    let bench = plain();
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let log = bench.main.with_file_name("access.log");
    let writer = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut log = fs::File::create(log).unwrap();
            while !over.load(Ordering::Relaxed) {
                log.write_all(b"one more line\n").unwrap();
                thread::sleep(Duration::from_millis(2));
            }
        }
    });
    // Under another name the writer is a stranger too, and does not close what it wrote: only looking finds it.
    let alias = bench.main.with_file_name("alias");
    fs::hard_link(&bench.main, &alias).unwrap();
    bench.ask();
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(&alias).unwrap();
    file.write_all(b"good 2\n").unwrap();
    bench.until_hash("good 2\n");
    fs::write(bench.main.with_extension("new"), "good 3\n").unwrap();
    fs::rename(bench.main.with_extension("new"), &bench.main).unwrap();
    bench.until_hash("good 3\n");
    over.store(true, Ordering::Relaxed);
    writer.join().unwrap();
}
