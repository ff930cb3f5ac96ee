//! What the program and its lab child say to each other: one JSON message per packet of a local
//! SOCK_SEQPACKET pair, with at most one descriptor beside it.

use super::impair::Way;
use super::plan::Place;
use super::{KernelTcp, LabOptions, Neighbour};
use crate::error::Failure;
use crate::io::{OpenOptions, Passport};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};

/// No message is longer.
const MAX_MESSAGE: usize = 64 * 1024;

/// What the program asks of its child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// First of all: build this network, and pass the stack's socket out.
    Build(Box<LabOptions>),
    /// Open a packet socket there, and pass it out.
    PacketSocket(Place, OpenOptions),
    /// Make a socket of the kernel's own there, and pass it out.
    KernelSocket(Place, Transport),
    /// Let the kernel there forward packets, or not.
    IpForward(Place, bool),
    /// Switch the offloads of all wires.
    Offloads(bool),
    /// Let the kernel there forget who has this address.
    ForgetNeighbour(Place, Ipv4Addr),
    /// What the kernel there knows of its neighbours.
    Neighbours(Place),
    /// Let the other host use this address from now on, and say so.
    TakeAddress(Ipv4Addr),
    /// Let the other host leave this address.
    LeaveAddress(Ipv4Addr),
    /// Keep the wire's kernel away from packets to these addresses (none: no longer).
    Guard(Vec<Ipv4Addr>),
    /// Let the way to the servers be this one from now on.
    Way(Box<Way>),
    /// Let the servers' TCP behave so.
    ServerTcp(KernelTcp),
    /// Bring the wire's interface up, or down.
    Carrier(bool),
}

/// What the child answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Done; if a socket was asked for, it is beside this.
    Done,
    /// The packet socket beside this is this one.
    Opened(Passport),
    /// The neighbours.
    Neighbours(Vec<Neighbour>),
    /// It did not work.
    Failed(Failure),
}

/// A socket of the kernel's own, over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// SOCK_STREAM
    Tcp,
    /// SOCK_DGRAM
    Udp,
}

/// Sends one message.
pub(super) fn send(
    to: impl AsFd,
    message: &impl Serialize,
    fd: Option<&OwnedFd>,
) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = fd.map(|fd| [fd.as_fd()]);
    if let Some(fds) = &fds {
        let fits = control.push(SendAncillaryMessage::ScmRights(fds));
        debug_assert!(fits, "room for one descriptor");
    }
    sendmsg(
        to,
        &[IoSlice::new(&json)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

/// Receives one message; `None` when the other side is gone.
pub(super) fn receive<T: DeserializeOwned>(
    from: impl AsFd,
) -> io::Result<Option<(T, Option<OwnedFd>)>> {
    let mut bytes = vec![0; MAX_MESSAGE];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let flags = RecvFlags::CMSG_CLOEXEC;
        match recvmsg(
            &from,
            &mut [IoSliceMut::new(&mut bytes)],
            &mut control,
            flags,
        ) {
            Err(rustix::io::Errno::INTR) => {}
            outcome => break outcome?,
        }
    };
    let fd = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    match received.bytes {
        0 => Ok(None),
        len => Ok(Some((serde_json::from_slice(&bytes[..len])?, fd))),
    }
}
