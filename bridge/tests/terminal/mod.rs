//! `synema` as somebody at a terminal uses it: what it prints, how it ends, what it leaves behind.
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use synema_bridge::error::Exit;
use synema_diagram::capture::Capture;
use synema_diagram::capture::file::read;

/// The program itself.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_synema");

/// The program, with an end set to it should it hang.
pub fn program() -> Command {
    let mut command = Command::new("timeout");
    command.args(["120", PROGRAM]).stdin(Stdio::null());
    command
}

/// `synema curl --lab`, run to its end.
pub fn curl_in_lab(arguments: &[&str]) -> Output {
    program()
        .args(["curl", "--lab"])
        .args(arguments)
        .output()
        .expect("it starts")
}

/// A folder for one test's files, gone with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("synema-{name}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("our own names").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// It failed in this way, named this cause, and said to do this.
pub fn failed(output: &Output, exit: Exit, causes: &[&str], next: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(exit as i32), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let (cause, step) = said
        .strip_prefix("synema: ")
        .and_then(|said| said.split_once("\n  next: "))
        .unwrap_or_else(|| panic!("a cause and a next step, not {said:?}"));
    for word in causes {
        assert!(cause.contains(word), "{word}: {said}");
    }
    assert!(step.contains(next), "{next}: {said}");
}

/// The capture at `path`, whole.
pub fn capture(path: &str) -> Capture {
    let bytes = fs::read(path).expect("it was written");
    let opened = read(&bytes).expect("a capture");
    assert!(opened.stopped.is_none(), "{:?}", opened.stopped);
    opened.capture
}

/// tshark opens the capture at `path`, and holds nothing against it.
pub fn is_sound(path: &str) {
    let complaints = judge::complaints(Path::new(path)).expect("tshark opens it");
    assert!(complaints.is_empty(), "{path}: {}", complaints.join(", "));
    assert!(!Path::new(&format!("{path}.tmp")).exists());
}
