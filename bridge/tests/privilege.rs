//! Dropped privileges are gone on every thread, and do not come back.
//!
//! Not under the test harness, which starts threads before any test does: this program runs itself
//! again, with every capability that it can get (as root, or as the owner of a user namespace).
#[cfg(target_os = "linux")]
use synema_bridge::{
    error::{Exit, Failure},
    io::{OpenOptions, RawSocket},
    privilege::{self, Successor},
};

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("drop") => drop_and_look(),
        Some("drop-late") => drop_with_threads(),
        _ => {
            run_again("drop", None);
            run_again("drop", Some(1234));
            run_again("drop-late", None);
            println!("privilege: dropped on every thread, refused with threads ... ok");
        }
    }
}

#[cfg(target_os = "linux")]
fn run_again(part: &str, sudo_user: Option<u32>) {
    let me = std::env::current_exe().expect("a running program has a path");
    let mut command = if rustix::process::geteuid().is_root() {
        std::process::Command::new(me)
    } else {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net"]).arg(me);
        command
    };
    for name in ["SUDO_UID", "SUDO_GID"] {
        match sudo_user {
            Some(id) => command.env(name, id.to_string()),
            None => command.env_remove(name),
        };
    }
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
        let wanted = |line: &&str| {
            ["Cap", "NoNewPrivs", "Uid", "Gid", "Groups"]
                .iter()
                .any(|name| line.starts_with(name))
        };
        lines.extend(status.lines().filter(wanted).filter_map(|line| {
            let (name, value) = line.split_once(":\t")?;
            Some((name.to_owned(), value.to_owned()))
        }));
    }
    lines
}

/// Lines that are looked at for each thread: five sets, no_new_privs, user, group, groups.
#[cfg(target_os = "linux")]
const LINES: usize = 9;

/// Root becomes who called sudo, or nobody, if there is somebody else in its namespace at all.
#[cfg(target_os = "linux")]
fn whom_to_be() -> String {
    let map = std::fs::read_to_string("/proc/self/uid_map").expect("/proc is mounted");
    match map.split_whitespace().last() {
        Some("1") => "0".to_owned(),
        _ => std::env::var("SUDO_UID").unwrap_or_else(|_| "65534".to_owned()),
    }
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

    let user = whom_to_be();
    privilege::drop_all(Successor::Nobody).expect("one thread, all capabilities");
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
    assert_eq!(now.len() % LINES, 0);
    assert!(
        now.len() >= 5 * LINES,
        "main, three workers and a blocking thread: {now:?}"
    );
    for (name, value) in now {
        match name.as_str() {
            "NoNewPrivs" => assert_eq!(value, "1"),
            "Uid" | "Gid" => assert_eq!(value, [user.as_str(); 4].join("\t"), "{name}"),
            "Groups" => assert!(user == "0" || value.trim() == user, "{value}"),
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
    let failure =
        privilege::drop_all(Successor::Nobody).expect_err("the other thread would keep them");
    assert!(failure.cause.contains("threads"), "{failure}");
    drop(end);
    assert!(thread.join().expect("it does not panic").is_err());
}
