//! How the program fails: a cause, a next step, and an exit code of its own.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::process::ExitCode;

/// What the process ends with; each kind of failure has its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Exit {
    /// Something that has no number of its own.
    Other = 1,
    /// The command line, or a URL on it, cannot be understood (clap uses the same).
    Usage = 2,
    /// Raw sockets are not permitted to us.
    NoPrivilege = 3,
    /// The interface does not exist, is down, or is not an Ethernet.
    NoInterface = 4,
    /// The address is in use, outside the subnet, the host's own, or was taken later.
    AddressRefused = 5,
    /// The host name does not resolve.
    NameUnresolved = 6,
    /// The peer refused or reset the connection.
    Refused = 7,
    /// Nobody answered in time, or a router says that there is no way.
    Unreachable = 8,
    /// The response was cut off, too large, or is not HTTP.
    BadResponse = 9,
    /// What was asked for is not there yet (TLS).
    Unsupported = 10,
    /// This system does not let us make user namespaces.
    NamespacesForbidden = 11,
    /// A file could not be read or written, or a port could not be listened on.
    LocalIo = 12,
    /// A capture is none, or is damaged.
    BadCapture = 13,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure as the person at the terminal reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, in one sentence without a full stop.
    pub cause: String,
    /// What to do now, in one sentence without a full stop.
    pub next_step: String,
}

impl Failure {
    /// A failure of this kind, with its cause and the next step.
    pub fn new(exit: Exit, cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            exit,
            cause: cause.into(),
            next_step: next_step.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "synema: {}\n  next: {}", self.cause, self.next_step)
    }
}

impl std::error::Error for Failure {}
