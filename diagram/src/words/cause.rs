//! Why our own stack sent what it sent: the trace knows, and this puts it in words.

use super::Story;
use super::app::app_line;
use super::why::{missing, range, since_first};
use crate::analysis::{Digest, TcpDigest};
use crate::capture::Frame;
use synema_core::trace::{Cause, ResetReason};

#[expect(
    clippy::too_many_lines,
    reason = "one sentence for each cause: a table"
)]
/// The sentence for a cause.
pub(super) fn by_cause(
    story: Story<'_>,
    index: usize,
    cause: Cause,
    frame: &Frame,
    digest: &Digest,
) -> String {
    let tcp = digest.tcp.unwrap_or(TcpDigest::EMPTY);
    let again = || since_first(story, index, digest);
    match cause {
        Cause::ArpProbe => "Asks whether anybody has this address, before it is used. The \
             question names no sender, so that nobody's table is spoilt if somebody does \
             (RFC 5227)."
            .into(),
        Cause::ArpAnnounce => "Nobody answered the probes: the address is taken, and everybody \
             is told which MAC address has it now (RFC 5227)."
            .into(),
        Cause::ArpDefend => "Somebody else used our address; this says, once, that it is ours \
             (RFC 5227 §2.4)."
            .into(),
        Cause::ArpRequest => "Packets wait for this neighbour: its MAC address must be known \
             before the first can go out (RFC 826)."
            .into(),
        Cause::ArpReply => "Somebody asked who has our address; this is the answer.".into(),
        Cause::EchoReply => "Answers a ping with the same bytes.".into(),
        Cause::PortUnreachable => "A datagram came for a port on which nobody listens; its \
             sender is told."
            .into(),
        Cause::ProtocolUnreachable => "A packet came with a protocol that nobody here speaks; \
             its sender is told."
            .into(),
        Cause::ReassemblyTimeExceeded => "Some fragments of a packet came and the others did \
             not, for too long; their sender is told."
            .into(),
        Cause::Datagram => match app_line(&story.dissect(frame)) {
            Some(line) => format!("The application asks: {line}"),
            None => "The application sent this datagram.".into(),
        },
        Cause::Syn => "The application called: this opens the connection and says where our \
             numbering begins. The SYN takes a number of its own."
            .into(),
        Cause::SynAck => {
            "Answers a SYN: acknowledges its number and says where ours begins.".into()
        }
        Cause::SynCookie => "Answers a SYN although too many handshakes are under way to \
             remember another: our number is a cookie that holds what must be known of this \
             one, and nothing is kept until it comes back (RFC 4987)."
            .into(),
        Cause::HandshakeAck => format!(
            "Completes the handshake: the peer's SYN is acknowledged, {} is the first byte \
             wanted. From now on both ends are ESTABLISHED here.",
            tcp.ack
        ),
        Cause::Data => format!(
            "New data that fits both windows: {}, {} bytes.",
            range(&tcp),
            tcp.len
        ),
        Cause::Fin => "The application has nothing more to send. The FIN takes a number of its \
             own and is acknowledged like a byte."
            .into(),
        Cause::EverySecondSegment => format!(
            "Two full-sized segments have come since the last ACK, so one is due now: all \
             before {} is here (RFC 9293 §3.8.6.3).",
            tcp.ack
        ),
        Cause::DelayedAckTimer => format!(
            "Waited for a second segment or data of our own to ride on; neither came before the \
             delayed-ACK timer ran out. All before {} is here.",
            tcp.ack
        ),
        Cause::QuickAck => format!(
            "Sent at once: the peer has only begun, and each ACK lets it send more. All before \
             {} is here.",
            tcp.ack
        ),
        Cause::OutOfOrder => format!(
            "Sent at once: {} are missing, and this says so{}.",
            missing(story, frame, &tcp),
            match tcp.duplicate_ack {
                0 => String::new(),
                number => format!(" (duplicate ACK {number})"),
            }
        ),
        Cause::GapFilled => format!(
            "A gap was filled, so the sender is told at once: all before {} is here now \
             (RFC 5681 §4.2).",
            tcp.ack
        ),
        Cause::Duplicate => "What came was here already; SACK says which bytes, so that the \
             sender learns that it need not have sent them again (RFC 2883)."
            .into(),
        Cause::Unacceptable => "A segment from outside the window came; this tells its sender \
             where we are (RFC 9293 §3.10.7.4)."
            .into(),
        Cause::FinReceived => "The peer's FIN is acknowledged: it will send nothing more.".into(),
        Cause::AllRead => {
            "The application has read all that came and answers nothing, so that there is \
             nothing to wait for."
                .into()
        }
        Cause::WindowUpdate => format!(
            "The application has read; there is room again, and worth saying so: {} bytes.",
            tcp.window
        ),
        Cause::ProbeAnswered => {
            "The peer probed our closed window; this says how it is now.".into()
        }
        Cause::KeepAliveAnswered => "The peer asked whether we are still here. We are.".into(),
        Cause::ChallengeAck => "Something suspicious came; a true peer will answer this, an \
             impostor never sees it (RFC 5961)."
            .into(),
        Cause::RetransmissionTimeout => format!(
            "Nothing acknowledged {} before the retransmission timer ran out, so it is sent \
             again (RFC 6298). {}",
            range(&tcp),
            again()
        ),
        Cause::FastRetransmit => format!(
            "The peer keeps asking for {}: that is taken for a loss without waiting for the \
             timer (RFC 5681 §3.2). {}",
            range(&tcp),
            again()
        ),
        Cause::Recovery => format!(
            "The next hole in a recovery under way: {} (RFC 6582, RFC 6675). {}",
            range(&tcp),
            again()
        ),
        Cause::Rack => format!(
            "What was sent later has arrived, and {} has not for a quarter of a round trip: \
             judged lost by time (RFC 8985). {}",
            range(&tcp),
            again()
        ),
        Cause::TailLossProbe => format!(
            "No ACK has come for two round trips. If the last of a flight is lost nobody can \
             tell; this asks (RFC 8985 §7). {}",
            again()
        ),
        Cause::LimitedTransmit => "New data on the first duplicate ACKs, so that enough of them \
             come to tell a loss (RFC 3042)."
            .into(),
        Cause::WindowProbe => "The peer's window is closed and the persist timer ran out: one \
             byte, to learn whether it opened (RFC 9293 §3.8.6.1)."
            .into(),
        Cause::KeepAlive => "Nothing was heard for long: are you still there?".into(),
        Cause::PathMtu => format!(
            "A router said that the packet was too big; sent again so that it gets through. {}",
            again()
        ),
        Cause::Reset(reason) => reset(reason).into(),
    }
}

const fn reset(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::NoConnection => {
            "The segment before it belongs to no connection here, so its sender is told to \
             give up (RFC 9293 §3.10.7.1)."
        }
        ResetReason::UnacceptableAck => {
            "What was acknowledged was never sent: the two ends do not speak of the same \
             connection (RFC 9293 §3.10.7.3)."
        }
        ResetReason::Aborted => "The application aborted the connection.",
        ResetReason::DataAfterClose => {
            "Data came after the application had closed: nobody is left to read it."
        }
        ResetReason::TimedOut => "The peer did not answer for too long: given up.",
    }
}
