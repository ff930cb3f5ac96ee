//! The lab and the processes around it: made by nobody special, forbidden, killed.
//!
//! Not under the test harness: this program runs itself again, as the other parts that it knows.
//! Each part panics when what it shows is not so, and its exit status tells the first process.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    use linux::{fetch, forbidden, hold, in_forbidding_system, killed, nobody};
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("hold"), Some(program)) => hold(&program),
        (Some("fetch"), Some(program)) => fetch(&program),
        (Some("forbidden"), Some(program)) => forbidden(&program),
        // The harness' own arguments (a filter, --nocapture) change nothing here.
        _ => {
            killed();
            println!("lab: nothing is left after kill -9 ... ok");
            nobody();
            println!("lab: made by uid 65534 without groups and capabilities ... ok");
            in_forbidding_system();
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

    pub(crate) fn in_forbidding_system() {
        // A user namespace whose owner allows no further ones, and no capability to do without.
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && \
                      exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \"$0\" \"$@\"";
        let status = Command::new("unshare")
            .args(["--user", "--map-root-user", "sh", "-c", script])
            .arg(me())
            .args(["forbidden", PROGRAM])
            .status()
            .expect("unshare is everywhere");
        assert!(status.success(), "{status}");
    }

    /// Where namespaces are forbidden: the failure names the rule and what to do.
    pub(crate) fn forbidden(program: &str) {
        let failure = lab::start(&options(program)).expect_err("namespaces are forbidden here");
        assert_eq!(failure.exit, Exit::NamespacesForbidden);
        assert!(
            failure
                .next_step
                .contains("sudo sysctl user.max_user_namespaces"),
            "{failure}"
        );
    }
}
