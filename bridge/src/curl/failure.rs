//! What can go wrong with a fetch, as the person at the terminal reads it.

use crate::error::{Exit, Failure};
use std::io;
use std::net::Ipv4Addr;
use synema_core::app::session::{ClaimRefusal, FetchError, FetchErrorKind};
use synema_core::wire::MacAddr;

pub(crate) fn wire_failed(interface: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NetworkDown => Failure::new(
            Exit::NoInterface,
            format!("the interface {interface} went down"),
            format!("bring it up (sudo ip link set {interface} up), and start again"),
        ),
        _ => Failure::new(
            Exit::NoInterface,
            format!("the wire at {interface} failed: {error}"),
            "look at `synema interfaces`, and start again",
        ),
    }
}

pub(crate) fn in_use(addr: Ipv4Addr, by: MacAddr) -> Failure {
    Failure::new(
        Exit::AddressRefused,
        format!("{addr} is in use by {by}"),
        "choose another address: this one belongs to that machine",
    )
}

pub(crate) fn lost(addr: Ipv4Addr, to: MacAddr) -> Failure {
    Failure::new(
        Exit::AddressRefused,
        format!("{addr} was taken by {to}, who insists on it: nothing more is sent"),
        "choose another address; what was captured so far has been kept",
    )
}

pub(crate) fn claim_refused(addr: Ipv4Addr, why: ClaimRefusal) -> Failure {
    match why {
        ClaimRefusal::InUse { by } => in_use(addr, by),
        why => Failure::new(
            Exit::AddressRefused,
            format!("{addr} cannot be claimed: {why}"),
            why.next_step(),
        ),
    }
}

pub(super) fn fetch_failed(error: &FetchError) -> Failure {
    let exit = match error.kind() {
        FetchErrorKind::Url => Exit::Usage,
        FetchErrorKind::Unsupported => Exit::Unsupported,
        FetchErrorKind::Address => Exit::AddressRefused,
        FetchErrorKind::Name => Exit::NameUnresolved,
        FetchErrorKind::Refused => Exit::Refused,
        FetchErrorKind::Unreachable => Exit::Unreachable,
        FetchErrorKind::CutOff | FetchErrorKind::BadResponse => Exit::BadResponse,
        FetchErrorKind::Cancelled | FetchErrorKind::Busy => Exit::Other,
    };
    Failure::new(exit, error.to_string(), error.next_step())
}

pub(super) fn given_up() -> Failure {
    Failure::new(
        Exit::Other,
        "the fetch was interrupted",
        "fetch again when you like; what was captured so far has been kept",
    )
}

/// The writer says what really happened; this is only why the fetch stopped.
pub(super) fn output_gone() -> Failure {
    Failure::new(
        Exit::LocalIo,
        "the body cannot be written any more",
        "look where it goes to",
    )
}
