//! Dropped privileges are gone on every thread, and do not come back.
//!
//! Not under the test harness, which starts threads before any test does: this program runs itself
//! again, with every capability that it can get (as root, or as the owner of a user namespace).
#[cfg(target_os = "linux")]
use synema_bridge::{
    error::{Exit, Failure},
    io::{OpenOptions, RawSocket},
    privilege,
};

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("drop") => drop_and_look(),
        Some("drop-late") => drop_with_threads(),
        _ => {
            run_again("drop");
            run_again("drop-late");
            println!("privilege: dropped on every thread, refused with threads ... ok");
        }
    }
}

#[cfg(target_os = "linux")]
fn run_again(part: &str) {
    let me = std::env::current_exe().expect("a running program has a path");
    let mut command = if rustix::process::geteuid().is_root() {
        std::process::Command::new(me)
    } else {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net"]).arg(me);
        command
    };
    let status = command.arg(part).status().expect("it starts");
    assert!(status.success(), "{part}: {status}");
}

/// The capability lines of every thread, from the kernel's own account.
#[cfg(target_os = "linux")]
fn capabilities() -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").expect("/proc is mounted") {
        let path = task.expect("a thread").path().join("status");
        let status = std::fs::read_to_string(path).expect("our own threads may be read");
        let wanted = |line: &&str| line.starts_with("Cap") || line.starts_with("NoNewPrivs");
        lines.extend(status.lines().filter(wanted).filter_map(|line| {
            let (name, value) = line.split_once(":\t")?;
            Some((name.to_owned(), value.to_owned()))
        }));
    }
    lines
}

#[cfg(target_os = "linux")]
fn drop_and_look() {
    let held = capabilities();
    let effective = held
        .iter()
        .find(|(name, _)| name == "CapEff")
        .expect("every kernel tells");
    assert_ne!(
        effective.1.trim_start_matches('0'),
        "",
        "nothing to drop: the test proves nothing"
    );

    privilege::drop_all().expect("one thread, all capabilities");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .expect("a runtime needs no privilege");
    runtime.block_on(async {
        tokio::task::spawn_blocking(capabilities)
            .await
            .expect("it does not panic");
    });
    let now = capabilities();
    assert_eq!(now.len() % 6, 0);
    assert!(
        now.len() >= 5 * 6,
        "main, three workers and a blocking thread: {now:?}"
    );
    for (name, value) in now {
        match name.as_str() {
            "NoNewPrivs" => assert_eq!(value, "1"),
            _ => assert_eq!(value, "0000000000000000", "{name}"),
        }
    }
    let refused = RawSocket::open(&OpenOptions::stack("lo", None)).expect_err("no capability");
    let failure = Failure::from(refused);
    assert_eq!(failure.exit, Exit::NoPrivilege);
    assert!(failure.next_step.contains("setcap") && failure.next_step.contains("synema lab"));
}

#[cfg(target_os = "linux")]
fn drop_with_threads() {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || ended.recv());
    let failure = privilege::drop_all().expect_err("the other thread would keep them");
    assert!(failure.cause.contains("threads"), "{failure}");
    drop(end);
    assert!(thread.join().expect("it does not panic").is_err());
}
