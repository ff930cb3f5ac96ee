//! `synema serve-http --lab`, as somebody outside of the lab meets it.
#![allow(unreachable_pub, reason = "a module of several test programs")]

use rustix::process::{Pid, Signal, kill_process};
use std::io::Read as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that runs.
pub struct Served {
    /// Where its door is, on loopback.
    pub address: String,
    server: Child,
}

impl Served {
    /// Serves this folder in a lab that is told of by `further`.
    pub fn start(folder: &Path, further: &[&str]) -> Self {
        let mut server = Command::new("timeout")
            .args(["60", env!("CARGO_BIN_EXE_synema"), "serve-http", "--lab"])
            .args(["--listen", "127.0.0.1:0"])
            .arg(folder)
            .args(further)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = String::new();
        let mut out = server.stdout.take().expect("a pipe");
        let address = loop {
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).expect("a word"), 1, "it ended: {said}");
            said.push(char::from(byte[0]));
            let address = said
                .rsplit_once("in the lab: http://")
                .map(|(_, address)| address);
            if let Some(address) = address.and_then(|address| address.strip_suffix("/\n")) {
                break address.to_owned();
            }
        };
        Self { address, server }
    }

    /// A connection to the door.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("the door is open")
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(mut self) {
        // `timeout` hands the signal on.
        kill_process(Pid::from_child(&self.server), Signal::TERM).expect("it runs");
        assert!(self.server.wait().is_ok());
    }
}
