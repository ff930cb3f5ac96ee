//! What surrounds a fetch ends before it does: signals, readers that go away or fall asleep, full
//! disks. It always ends, soon, in words, and what was captured so far is kept.
#![cfg(target_os = "linux")]

mod terminal;

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::fs::FileTypeExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use synema_bridge::error::Exit;
use synema_bridge::lab::content;
use synema_diagram::capture::file::read;
use terminal::{Folder, PROGRAM, capture, curl_in_lab, failed, is_sound, program, said, succeeded};

/// Longer than any of these fetches may take to end once there is a reason to.
const PATIENCE: Duration = Duration::from_secs(15);

/// A fetch that runs, telling its steps; killed when the test ends before it.
struct Running {
    child: Child,
    steps: Option<BufReader<std::process::ChildStderr>>,
}

impl Running {
    fn start(arguments: &[&str], stdout: impl Into<Stdio>, stderr: impl Into<Stdio>) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["curl", "--lab", "-v"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("it starts");
        let steps = child.stderr.take().map(BufReader::new);
        Self { child, steps }
    }

    /// Reads what it tells until a line begins so.
    fn until(&mut self, step: &str) {
        let steps = self.steps.as_mut().expect("its steps are piped");
        let mut told = String::new();
        while !told.lines().any(|line| line.starts_with(step)) {
            let more = steps.read_line(&mut told).expect("text");
            assert!(more > 0, "it ended before {step:?}, having told:\n{told}");
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("it runs");
    }

    /// Waits for its end, and fails when that does not come.
    fn end(mut self) -> Output {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        if let Some(mut out) = self.child.stdout.take() {
            out.read_to_end(&mut stdout)
                .expect("its end of the pipe is closed");
        }
        if let Some(steps) = &mut self.steps {
            steps
                .read_to_end(&mut stderr)
                .expect("its end of the pipe is closed");
        }
        Output {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// It was interrupted, said so last, and kept its capture.
fn was_interrupted(output: &Output, file: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(Exit::Other as i32), "{said}");
    let last = "synema: the fetch was interrupted\n  next: fetch again when you like; \
                what was captured so far has been kept\n";
    assert!(said.ends_with(last), "{said}");
    is_sound(file);
}

#[test]
fn each_signal_in_each_phase_ends_a_fetch_and_its_capture_is_kept() {
    let folder = Folder::new("signals");
    let file = folder.file("run.pcapng");
    for (url, step) in [
        ("http://www.lab.test/hang", "* probe 2 of 3"),
        ("http://203.0.113.80:81/", "* connecting to"),
        ("http://www.lab.test/hang", "* connected to"),
        ("http://www.lab.test/slow", "< HTTP/1.1 200 OK"),
    ] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            let _ = fs::remove_file(&file);
            let arguments = [url, "--capture", &file];
            let mut fetch = Running::start(&arguments, Stdio::piped(), Stdio::piped());
            fetch.until(step);
            let begun = Instant::now();
            fetch.signal(signal);
            let output = fetch.end();
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(5), "{step}: {took:?}");
            was_interrupted(&output, &file);
        }
    }
}

#[test]
fn a_reader_that_sleeps_keeps_no_fetch_from_being_interrupted() {
    let folder = Folder::new("sleeping");
    let file = folder.file("run.pcapng");
    for (bytes, step) in [
        // The body waits in the pipe, in our queue, and at the server.
        ("100000000", "< HTTP/1.1 200 OK"),
        // All of it has come; more than the pipe holds waits in our queue.
        ("100000", "* 100000 bytes of body"),
    ] {
        let (sleeper, asleep) = pipe().expect("a pipe");
        let url = format!("http://www.lab.test/size/{bytes}");
        let mut fetch = Running::start(&[&url, "--capture", &file], asleep, Stdio::piped());
        fetch.until(step);
        std::thread::sleep(Duration::from_millis(300));
        fetch.signal(Signal::TERM);
        was_interrupted(&fetch.end(), &file);
        drop(sleeper);
    }
}

#[test]
fn a_second_signal_ends_it_on_the_spot() {
    // The capture goes into a pipe that nobody empties: no way out but this.
    let folder = Folder::new("second");
    let fifo = folder.file("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo is everywhere").success());
    let asleep = std::thread::spawn({
        let fifo = fifo.clone();
        move || File::open(fifo)
    });
    let url = "http://www.lab.test/size/1000000";
    let arguments = [url, "-o", "/dev/null", "--capture", &fifo];
    let mut fetch = Running::start(&arguments, Stdio::null(), Stdio::piped());
    let sleeper = asleep.join().expect("no panic").expect("it is opened");
    fetch.until("* 1000000 bytes of body");
    let deadline = Instant::now() + PATIENCE;
    while fetch.child.try_wait().expect("it is ours").is_none() {
        assert!(Instant::now() < deadline, "it does not end");
        fetch.signal(Signal::INT);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(fetch.end().status.code(), Some(Exit::Other as i32));
    drop(sleeper);
}

/// A pipe into which nothing goes any more.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("a pipe may be so");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("a pipe may be so");
    (reader, writer)
}

#[test]
fn nobody_need_read_what_is_told() {
    let folder = Folder::new("unread");
    let (body, file) = (folder.file("body"), folder.file("run.pcapng"));
    let url = "http://www.lab.test/size/1000000";
    let arguments = [url, "-o", &body, "--capture", &file];
    let (sleeper, unread) = full_pipe();
    let (gone, closed) = pipe().expect("a pipe");
    drop(gone);
    let full = File::create("/dev/full").expect("Linux has it");
    let told_to: [Stdio; 3] = [unread.into(), closed.into(), full.into()];
    for stderr in told_to {
        let _ = fs::remove_file(&file);
        let output = Running::start(&arguments, Stdio::piped(), stderr).end();
        assert_eq!(output.status.code(), Some(0));
        let came = fs::read(&body).expect("it was written");
        assert_eq!(hex(&came), content::sha256_hex(1_000_000));
        is_sound(&file);
    }
    drop(sleeper);
    // The exit code tells, when the words find nobody.
    let (sleeper, unread) = full_pipe();
    let output = Running::start(&["http://203.0.113.80:82/"], Stdio::piped(), unread).end();
    assert_eq!(output.status.code(), Some(Exit::Refused as i32));
    drop(sleeper);
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_fetch_that_was_stopped_goes_on() {
    let folder = Folder::new("stopped");
    let (body, file) = (folder.file("body"), folder.file("run.pcapng"));
    let url = "http://www.lab.test/size/30000000";
    let arguments = [url, "-o", &body, "--capture", &file];
    let mut fetch = Running::start(&arguments, Stdio::null(), Stdio::piped());
    fetch.until("< HTTP/1.1 200 OK");
    fetch.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(2));
    fetch.signal(Signal::CONT);
    succeeded(&fetch.end());
    let came = fs::read(&body).expect("it was written");
    assert_eq!(hex(&came), content::sha256_hex(30_000_000));
    is_sound(&file);
}

#[test]
fn files_that_cannot_be_written_are_told() {
    let exit = Exit::LocalIo;
    let next = "its folder, its rights, and the space";
    let url = "http://www.lab.test/size/1000000";
    for option in ["-o", "--capture", "--record"] {
        let output = curl_in_lab(&[url, option, "/nowhere/at/all"]);
        failed(&output, exit, &["/nowhere/at/all"], next);
    }
    let folder = Folder::new("full");
    let full = folder.file("full");
    std::os::unix::fs::symlink("/dev/full", &full).expect("a link");
    for option in ["-o", "--capture", "--record"] {
        let output = curl_in_lab(&[url, option, &full]);
        failed(&output, exit, &[&full, "No space left"], next);
        // A device is written to, not replaced by a file.
        let kept = fs::metadata(&full).expect("it is still there");
        assert!(kept.file_type().is_char_device(), "{option}");
    }
    // A reader that goes away, before and after the body began; a full disk behind it.
    let file = folder.file("run.pcapng");
    let mut child = program()
        .args(["curl", "--lab", url, "--capture", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    failed(&output, exit, &["standard output", "Broken pipe"], next);
    is_sound(&file);
    let (mut reader, writer) = pipe().expect("a pipe");
    let fetch = Running::start(&[url, "--capture", &file], writer, Stdio::piped());
    let mut some = [0; 1000];
    reader.read_exact(&mut some).expect("the body comes");
    drop(reader);
    let output = fetch.end();
    assert_eq!(output.status.code(), Some(exit as i32), "{}", said(&output));
    is_sound(&file);
}

#[test]
fn a_capture_goes_through_a_pipe_as_well() {
    let folder = Folder::new("fifo");
    let (fifo, file) = (folder.file("fifo"), folder.file("run.pcapng"));
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo is everywhere").success());
    let reader = std::thread::spawn({
        let (fifo, file) = (fifo.clone(), file.clone());
        move || fs::write(file, fs::read(fifo)?)
    });
    succeeded(&curl_in_lab(&["http://www.lab.test/", "--capture", &fifo]));
    reader.join().expect("no panic").expect("it was written");
    is_sound(&file);
    let kept = fs::symlink_metadata(&fifo).expect("it is still there");
    assert!(kept.file_type().is_fifo());
}

/// In a disk of its own with this much room, as `$DISK`.
fn on_a_small_disk(folder: &Folder, size: &str, script: &str) -> Output {
    let disk = folder.file("disk");
    fs::create_dir_all(&disk).expect("there is room");
    let script = format!("mount -t tmpfs -o size={size} none $DISK && {script}");
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .env("SYNEMA", PROGRAM)
        .env("DISK", &disk)
        .env("OUT", folder.file("out"))
        .output()
        .expect("unshare is everywhere")
}

#[test]
fn of_a_capture_for_which_there_is_no_room_the_part_that_fits_is_kept() {
    let folder = Folder::new("small-disk");
    let curl = "timeout 120 $SYNEMA curl --lab http://www.lab.test/size/1000000";
    let script = format!(
        "{{ {curl} -o /dev/null --capture $DISK/run.pcapng; code=$?; \
         cp $DISK/run.pcapng.tmp $OUT; exit $code; }}"
    );
    let output = on_a_small_disk(&folder, "256k", &script);
    let causes = ["disk/run.pcapng", "No space left"];
    let next = "the part that fitted is in";
    failed(&output, Exit::LocalIo, &causes, next);
    let part = fs::read(folder.file("out")).expect("it was copied");
    let opened = read(&part).expect("the beginning of a capture");
    assert!(opened.capture.frames().len() > 100);

    // When the body fills the disk, that is told first, and then that the capture is lost too.
    let script = format!("exec {curl} -o $DISK/body --capture $DISK/run.pcapng");
    let output = on_a_small_disk(&folder, "256k", &script);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(Exit::LocalIo as i32), "{said}");
    assert!(said.contains("disk/body cannot be written"), "{said}");
    assert!(
        said.contains("the capture") && said.contains("run.pcapng"),
        "{said}"
    );

    // And a capture elsewhere is kept.
    let script = format!("exec {curl} -o $DISK/body --capture $OUT.pcapng");
    let output = on_a_small_disk(&folder, "256k", &script);
    failed(&output, Exit::LocalIo, &["disk/body"], "space");
    is_sound(&folder.file("out.pcapng"));
    assert!(capture(&folder.file("out.pcapng")).frames().len() > 100);
}
