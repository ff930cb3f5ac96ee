//! `TCP_INFO`, laid out as `linux/tcp.h` lays out `struct tcp_info`.

use crate::calls;
use crate::errno::{Answer, Errno};
use crate::host::Host;
use std::os::fd::RawFd;
use synema_core::tcp::Info;
use synema_core::tcp::info::Repair;
use synema_core::time::Duration;
use synema_core::trace::TcpState;

/// Bytes of the structure.
const LEN: usize = 280;

/// Where its fields stand, in bytes from the start.
mod at {
    pub(super) const RTO: usize = 8;
    pub(super) const SND_MSS: usize = 16;
    pub(super) const UNACKED: usize = 24;
    pub(super) const SACKED: usize = 28;
    pub(super) const LOST: usize = 32;
    pub(super) const RETRANS: usize = 36;
    pub(super) const LAST_DATA_RECV: usize = 52;
    pub(super) const PMTU: usize = 60;
    pub(super) const RTT: usize = 68;
    pub(super) const RTTVAR: usize = 72;
    pub(super) const SND_SSTHRESH: usize = 76;
    pub(super) const SND_CWND: usize = 80;
    pub(super) const ADVMSS: usize = 84;
    pub(super) const REORDERING: usize = 88;
    pub(super) const NOTSENT_BYTES: usize = 144;
    pub(super) const BUSY_TIME: usize = 168;
    pub(super) const RWND_LIMITED: usize = 176;
    pub(super) const SNDBUF_LIMITED: usize = 184;
    pub(super) const REORD_SEEN: usize = 220;
    pub(super) const SND_WND: usize = 228;
    pub(super) const RCV_WND: usize = 232;
}

/// `TCP_INFINITE_SSTHRESH`
const NO_SSTHRESH: u32 = 0x7fff_ffff;

/// The structure for a socket.
pub(crate) fn tcp_info(host: &mut Host, fd: RawFd) -> Answer<Vec<u8>> {
    host.socket(fd)?;
    let socket = host.sockets.get(&fd).ok_or(Errno(libc::EBADF))?;
    let mut bytes = vec![0; LEN];
    bytes[0] = state_number(calls::state(host, socket));
    let told = socket
        .conn()
        .and_then(|conn| host.stack.info(host.now, conn));
    if let Some(info) = told.or(socket.last_info) {
        fill(&mut bytes, &info);
    }
    Ok(bytes)
}

fn fill(bytes: &mut [u8], info: &Info) {
    bytes[1] = match info.repair {
        Repair::Open => 0,
        Repair::Disorder => 1,
        Repair::Recovery => 3,
        Repair::Loss => 4,
    };
    bytes[2] = narrow(info.timeouts);
    bytes[3] = narrow(info.unanswered_probes);
    bytes[4] = narrow(info.timeouts);
    bytes[5] = u8::from(info.timestamps)
        | u8::from(info.sack) << 1
        | u8::from(info.window_scales.is_some()) << 2;
    let (snd_scale, rcv_scale) = info.window_scales.unwrap_or_default();
    bytes[6] = (snd_scale & 0xf) | rcv_scale << 4;
    let mss = u64::from(info.send_mss);
    let segments = |len: u64| u32::try_from(len / mss).unwrap_or(u32::MAX);
    let fields = [
        (at::RTO, micros(info.rto)),
        (at::SND_MSS, info.send_mss),
        (at::UNACKED, info.outstanding_segments),
        (at::SACKED, info.sacked_segments),
        (at::LOST, info.lost_segments),
        (at::RETRANS, info.resent_segments),
        (at::LAST_DATA_RECV, micros(info.since_last_data) / 1000),
        (at::PMTU, info.path_mtu.into()),
        (at::RTT, info.srtt.map_or(0, micros)),
        (at::RTTVAR, micros(info.rttvar)),
        (
            at::SND_SSTHRESH,
            info.ssthresh.map_or(NO_SSTHRESH, segments),
        ),
        (at::SND_CWND, segments(info.cwnd)),
        (at::ADVMSS, info.announced_mss.into()),
        (
            at::REORDERING,
            info.overtaken_by.div_ceil(info.send_mss).max(3),
        ),
        (at::REORD_SEEN, info.overtaken),
        (at::NOTSENT_BYTES, info.unsent_len),
        (at::SND_WND, info.peer_window),
        (at::RCV_WND, info.own_window),
    ];
    for (offset, number) in fields {
        bytes[offset..offset + 4].copy_from_slice(&number.to_ne_bytes());
    }
    let limited = [
        (at::BUSY_TIME, info.limited.busy),
        (at::RWND_LIMITED, info.limited.by_peer_window),
        (at::SNDBUF_LIMITED, info.limited.by_send_buffer),
    ];
    for (offset, time) in limited {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        bytes[offset..offset + 8].copy_from_slice(&us.to_ne_bytes());
    }
}

fn narrow(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The states' numbers in Linux.
fn state_number(state: TcpState) -> u8 {
    match state {
        TcpState::Established => 1,
        TcpState::SynSent => 2,
        TcpState::SynReceived => 3,
        TcpState::FinWait1 => 4,
        TcpState::FinWait2 => 5,
        TcpState::TimeWait => 6,
        TcpState::Closed => 7,
        TcpState::CloseWait => 8,
        TcpState::LastAck => 9,
        TcpState::Listen => 10,
        TcpState::Closing => 11,
    }
}
