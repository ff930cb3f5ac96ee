//! What claiming, resolving and the applications tell, step by step.

use super::{ConnId, FrameId};
use crate::wire::MacAddr;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};

/// The steps of claiming an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimStep {
    /// Probe `number` of `of` goes out.
    Probe {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
    /// Nobody answered: announcement `number` of `of` goes out.
    Announce {
        /// Counted from 1.
        number: u8,
        /// How many there will be.
        of: u8,
    },
    /// The address may be used from now on. `rfc_timings` is false for the
    /// lab's quick claim, which is not the RFC's.
    Granted {
        /// Whether RFC 5227's own timings were kept.
        rfc_timings: bool,
    },
    /// Somebody has the address: the claim is given up before it was used.
    InUse {
        /// Whose frame said so.
        by: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// Somebody else used our address; we say once that it is ours.
    Defended {
        /// Whose frame challenged us.
        against: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// Challenged again: we give way, and every connection ends.
    Lost {
        /// To whom.
        to: MacAddr,
        /// Which frame.
        frame: FrameId,
    },
    /// The application gave the address back.
    Released,
}

/// The steps of an address resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeighbourStep {
    /// Request `attempt` goes out; packets for the neighbour wait.
    Asking {
        /// Counted from 1.
        attempt: u8,
    },
    /// The answer came.
    Resolved {
        /// The neighbour's MAC address.
        mac: MacAddr,
        /// The frame that told it.
        frame: FrameId,
    },
    /// Nobody answered; what waited was dropped.
    Failed,
    /// The entry grew old.
    Expired,
}

/// What the applications on top of the stack say of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppEvent {
    /// A name is asked for.
    DnsQuery {
        /// The name.
        name: String,
        /// Counted from 1.
        attempt: u8,
        /// Whether over TCP (after a truncated answer).
        tcp: bool,
    },
    /// A name was resolved; CNAMEs followed.
    DnsAnswer {
        /// The name.
        name: String,
        /// Its addresses.
        addrs: Vec<Ipv4Addr>,
    },
    /// A name was not resolved.
    DnsFailed {
        /// The name.
        name: String,
        /// In words.
        why: String,
    },
    /// A request was written to a connection.
    HttpRequest {
        /// On which connection.
        conn: ConnId,
        /// Method.
        method: String,
        /// The whole URL.
        url: String,
    },
    /// A response's head is complete.
    HttpResponse {
        /// On which connection.
        conn: ConnId,
        /// Status code.
        status: u16,
    },
    /// A response's body is complete.
    HttpDone {
        /// On which connection.
        conn: ConnId,
        /// Body bytes after de-chunking.
        body_len: u64,
    },
    /// A redirect is followed.
    HttpRedirect {
        /// Where to.
        to: String,
    },
    /// A fetch ended without a whole response.
    HttpFailed {
        /// In words.
        why: String,
    },
    /// A client's request was read.
    HttpAsked {
        /// On which connection.
        conn: ConnId,
        /// Method; empty if it could not be made out.
        method: String,
        /// What was asked for, as it came.
        target: String,
    },
    /// A client is answered.
    HttpAnswered {
        /// On which connection.
        conn: ConnId,
        /// Status code.
        status: u16,
        /// Bytes of the body that follow.
        body_len: u64,
    },
}
