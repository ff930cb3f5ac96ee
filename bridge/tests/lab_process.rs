//! The lab and the processes around it: made by nobody special, forbidden, killed.
//!
//! Not under the test harness: this program runs itself again, as the other parts that it knows.
//! Each part panics when what it shows is not so, and its exit status tells the first process.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    use linux::{fetch, hold, in_forbidding_systems, killed, nobody};
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("hold"), Some(program)) => hold(&program),
        (Some("fetch"), Some(program)) => fetch(&program),
        // The harness' own arguments (a filter, --nocapture) change nothing here.
        _ => {
            killed();
            println!("lab: nothing is left after kill -9 ... ok");
            nobody();
            println!("lab: made by uid 65534 without groups and capabilities ... ok");
            in_forbidding_systems();
            println!("lab: a system that forbids namespaces is told so ... ok");
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    use synema_bridge::error::Exit;
    use synema_bridge::lab::{self, LabOptions, Place, content, plan};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_synema");

    fn options(program: &str) -> LabOptions {
        LabOptions {
            program: Some(program.into()),
            die_with_thread: true,
            ..LabOptions::default()
        }
    }

    fn me() -> PathBuf {
        std::env::current_exe().expect("a running program has a path")
    }

    /// Holds a lab until this process is killed.
    pub(crate) fn hold(program: &str) {
        let (lab, _socket) = lab::start(&options(program)).expect("namespaces are allowed");
        println!("{}", lab.child_id());
        std::thread::sleep(Duration::from_secs(60));
    }

    pub(crate) fn killed() {
        let mut holder = Command::new(me())
            .args(["hold", PROGRAM])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = holder.stdout.take().expect("it is piped");
        let mut child = String::new();
        BufReader::new(output)
            .read_line(&mut child)
            .expect("it tells its child");
        let status = format!("/proc/{}/status", child.trim());
        let alive = || std::fs::read_to_string(&status).is_ok_and(|s| !s.contains("State:\tZ"));
        assert!(alive(), "no lab to be killed: {child:?}");
        holder.kill().expect("it runs");
        holder.wait().expect("it was started here");
        let until = Instant::now() + Duration::from_secs(3);
        while alive() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!alive(), "the lab's process {child} outlived its parent");
    }

    /// Makes a lab and fetches a page in it, through the gateway, with the kernel's TCP.
    pub(crate) fn fetch(program: &str) {
        let (lab, _socket) = lab::start(&options(program)).expect("namespaces are allowed");
        let web = (plan::WEB_IP, plan::HTTP_PORT).into();
        let mut stream = lab
            .connect(Place::Wire, web)
            .expect("the web server listens");
        stream
            .write_all(b"GET /size/100000 HTTP/1.0\r\n\r\n")
            .expect("it reads");
        let mut response = Vec::new();
        stream.read_to_end(&mut response).expect("it answers");
        let body: Vec<u8> = content::blocks(100_000).flatten().collect();
        assert!(response.starts_with(b"HTTP/1.0 200 OK\r\n") && response.ends_with(&body));
    }

    pub(crate) fn nobody() {
        // Where the build lies, nobody may be forbidden to read.
        let place = std::env::temp_dir().join(format!("synema-lab-{}", std::process::id()));
        std::fs::create_dir(&place).expect("there is room for temporary files");
        let copy = |from: &Path, name: &str| {
            let to = place.join(name);
            std::fs::copy(from, &to).expect("there is room for temporary files");
            to
        };
        let (me, program) = (copy(&me(), "test"), copy(PROGRAM.as_ref(), "synema"));
        let readable = Command::new("chmod")
            .args(["-R", "a+rX"])
            .arg(&place)
            .status();
        assert!(readable.expect("chmod is everywhere").success());
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .args(["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"])
                .arg(me);
            command
        } else {
            // Whoever runs this is nobody special already.
            Command::new(me)
        };
        let status = command
            .arg("fetch")
            .arg(program)
            .status()
            .expect("it starts");
        std::fs::remove_dir_all(&place).expect("it was made here");
        assert!(status.success(), "{status}");
    }

    /// What a system does that lets no lab be made, and what is said of it.
    struct Ban {
        /// Options of `unshare` for the namespace that stands for the system.
        system: &'static [&'static str],
        /// What its owner sets.
        rule: &'static str,
        cause: &'static str,
        next: &'static str,
    }

    /// Somebody who is not root, but may write the limits of a namespace of their own.
    const SOMEBODY: &[&str] = &[
        "--user",
        "--map-user=1000",
        "--map-group=1000",
        "--keep-caps",
    ];
    const ROOT: &[&str] = &["--user", "--map-root-user"];

    const BANS: [Ban; 5] = [
        Ban {
            system: SOMEBODY,
            rule: "echo 0 > /proc/sys/user/max_user_namespaces",
            cause: "making a user namespace failed: no more of them are allowed",
            next: "run `sudo sysctl user.max_user_namespaces=15000`, or `sudo synema lab`",
        },
        Ban {
            system: ROOT,
            rule: "echo 0 > /proc/sys/user/max_user_namespaces",
            cause: "making a user namespace failed: no more of them are allowed",
            next: "run `sudo sysctl user.max_user_namespaces=15000`",
        },
        // Enough for the first namespace of the lab, not for all; and none at all.
        Ban {
            system: SOMEBODY,
            rule: "echo 3 > /proc/sys/user/max_net_namespaces",
            cause: "making a network namespace failed: no more of them are allowed",
            next: "run `sudo sysctl user.max_net_namespaces=15000`",
        },
        Ban {
            system: SOMEBODY,
            rule: "echo 0 > /proc/sys/user/max_net_namespaces",
            cause: "making a network namespace failed: no more of them are allowed",
            next: "run `sudo sysctl user.max_net_namespaces=15000`",
        },
        // A container's root without capabilities.
        Ban {
            system: ROOT,
            rule: "true",
            cause: "writing /proc/self/uid_map failed: Operation not permitted",
            next: "run it as somebody else than root, or leave root its capability SETFCAP",
        },
    ];

    pub(crate) fn in_forbidding_systems() {
        let site = std::env::temp_dir().join(format!("synema-banned-{}", std::process::id()));
        std::fs::create_dir_all(&site).expect("there is room for temporary files");
        std::fs::write(site.join("index.html"), "<!doctype html>").expect("a page");
        let www = site.to_str().expect("our own name");
        for ban in &BANS {
            // Neither privilege nor a way to one is left to the program.
            let script = format!(
                "{} && exec setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all \
                 --no-new-privs \"$0\" \"$@\"",
                ban.rule
            );
            for arguments in [
                &["curl", "--lab", "http://www.lab.test/"][..],
                &["lab", "--listen", "127.0.0.1:0", "--www", www],
            ] {
                let output = Command::new("unshare")
                    .args(ban.system)
                    .args(["sh", "-c", &script, PROGRAM])
                    .args(arguments)
                    .output()
                    .expect("unshare is everywhere");
                let said = String::from_utf8_lossy(&output.stderr);
                let code = Some(Exit::NamespacesForbidden as i32);
                assert_eq!(output.status.code(), code, "{}: {said}", ban.rule);
                let cause = "synema: this system does not let the lab make its namespaces: ";
                let expected = format!("{cause}{}", ban.cause);
                assert!(said.starts_with(&expected), "{}: {said}", ban.rule);
                let next = format!("\n  next: {}", ban.next);
                assert!(said.contains(&next), "{}: {said}", ban.rule);
                assert!(output.stdout.is_empty());
            }
        }
        std::fs::remove_dir_all(&site).expect("it was made here");
    }
}
