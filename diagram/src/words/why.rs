//! What a packet is and why it was sent, in plain words.
//!
//! The trace knows the cause of what our own stack sent; of everybody else's
//! packets the reason is concluded from the packets around them, and the sentence
//! says so by its wording ("probably", "looks like").

use super::app::app_line;
use super::{Story, duration};
use crate::analysis::{Digest, HostId, TcpDigest, Verdicts};
use crate::capture::{Fate, Frame};
use crate::layout::scene::Kind;
use synema_core::trace::{Cause, DropReason, ResetReason};

/// What a packet is: `Retransmission`, `Duplicate ACK 2`, `ARP probe 1`.
pub fn title(story: Story<'_>, index: usize) -> String {
    let Some((frame, digest)) = story.packet(index) else {
        return String::new();
    };
    let Some(tcp) = &digest.tcp else {
        return other_title(story, frame, digest);
    };
    let has = |verdict| tcp.verdicts.has(verdict);
    let name = if tcp.flags.rst() {
        "Reset"
    } else if tcp.flags.syn() {
        match (tcp.flags.ack(), digest.is_retransmission()) {
            (false, false) => "SYN: a connection is opened",
            (false, true) => "SYN, sent again",
            (true, false) => "SYN-ACK: the SYN is answered",
            (true, true) => "SYN-ACK, sent again",
        }
    } else if has(Verdicts::FAST_RETRANSMISSION) {
        "Fast retransmission"
    } else if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        "Spurious retransmission"
    } else if digest.is_retransmission() {
        "Retransmission"
    } else if has(Verdicts::ZERO_WINDOW_PROBE) {
        "Window probe"
    } else if has(Verdicts::KEEP_ALIVE) {
        "Keep-alive"
    } else if has(Verdicts::OUT_OF_ORDER) {
        "Data, out of order"
    } else if has(Verdicts::LOST_SEGMENT) && tcp.len > 0 {
        "Data, with some missing before it"
    } else if tcp.len > 0 {
        if tcp.flags.fin() {
            "Data and FIN"
        } else {
            "Data"
        }
    } else if tcp.flags.fin() {
        "FIN: nothing more will be sent"
    } else if tcp.duplicate_ack > 0 {
        return format!("Duplicate ACK {}", tcp.duplicate_ack);
    } else if has(Verdicts::ZERO_WINDOW) {
        "ACK: the window is closed"
    } else if has(Verdicts::WINDOW_UPDATE) {
        "Window update"
    } else if has(Verdicts::KEEP_ALIVE_ACK) {
        "ACK of a keep-alive"
    } else {
        "ACK"
    };
    name.to_owned()
}

fn other_title(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let packet = story.dissect(frame);
    if let Some(arp) = packet.arp() {
        return if arp.is_probe() {
            "ARP probe"
        } else if arp.is_announcement() {
            "ARP announcement"
        } else if digest.answers().is_some() {
            "ARP reply"
        } else {
            "ARP request"
        }
        .to_owned();
    }
    match (digest.kind, digest.answers()) {
        (Kind::Dns, None) => "DNS question".into(),
        (Kind::Dns, Some(_)) => "DNS answer".into(),
        (Kind::Icmp, _) => "ICMP".into(),
        _ => match packet.udp() {
            Some(_) => "UDP datagram".into(),
            None => "Frame".into(),
        },
    }
}

/// Why the packet was sent and what it does, in one or two sentences.
pub fn why(story: Story<'_>, index: usize) -> String {
    let Some((frame, digest)) = story.packet(index) else {
        return String::new();
    };
    let mut text = match (frame.cause, &digest.tcp) {
        (Some(cause), _) => by_cause(story, index, cause, frame, digest),
        (None, Some(tcp)) => by_numbers(story, index, tcp, digest),
        (None, None) => other(story, frame, digest),
    };
    if let Some(reason) = frame.dropped {
        push_sentence(&mut text, &dropped(reason));
    }
    match &frame.fate {
        Fate::Seen => {}
        Fate::LostLater => push_sentence(&mut text, "It was lost on its way."),
        Fate::NeverSeen => push_sentence(&mut text, "It was lost before it came here."),
        Fate::Refused(why) => {
            push_sentence(&mut text, &format!("The bridge did not send it: {why}."));
        }
    }
    if frame.drops_before > 0 {
        let lost = format!(
            "Just before it the capture itself lost {} frames to a full queue.",
            frame.drops_before
        );
        push_sentence(&mut text, &lost);
    }
    text
}

fn push_sentence(text: &mut String, sentence: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
}

fn range(tcp: &TcpDigest) -> String {
    match tcp.len {
        0 => format!("number {}", tcp.seq),
        1 => format!("byte {}", tcp.seq),
        len => format!("bytes {}–{}", tcp.seq, tcp.seq + i64::from(len) - 1),
    }
}

/// Which bytes are still missing when this ACK is sent, as far as SACK tells.
fn missing(story: Story<'_>, frame: &Frame, tcp: &TcpDigest) -> String {
    let packet = story.dissect(frame);
    let first = packet.tcp().and_then(|segment| {
        let blocks = segment.options().sack;
        let ahead = blocks
            .iter()
            .map(|block| block.start.signed_distance(segment.ack()));
        ahead.filter(|&ahead| ahead > 0).min()
    });
    match first {
        Some(ahead) => format!("bytes {}–{}", tcp.ack, tcp.ack + i64::from(ahead) - 1),
        None => format!("what comes from byte {} on", tcp.ack),
    }
}

fn since_first(story: Story<'_>, index: usize, digest: &Digest) -> String {
    let Some(first) = digest.first_sent() else {
        return "The first time it was sent it never came by here.".into();
    };
    let at = |index: usize| {
        story
            .capture
            .frames()
            .get(index)
            .map_or(0, |frame| frame.at.as_nanos())
    };
    let ago = duration(at(index).saturating_sub(at(first)));
    format!("First sent {ago} earlier, in packet {}.", first + 1)
}

#[expect(
    clippy::too_many_lines,
    reason = "one sentence for each cause: a table"
)]
fn by_cause(
    story: Story<'_>,
    index: usize,
    cause: Cause,
    frame: &Frame,
    digest: &Digest,
) -> String {
    let tcp = digest.tcp.unwrap_or(EMPTY);
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
            "A router said that the packet was too big; sent again in smaller ones. {}",
            again()
        ),
        Cause::Reset(reason) => reset(reason).into(),
    }
}

const EMPTY: TcpDigest = TcpDigest {
    stream: 0,
    from_client: true,
    flags: synema_core::wire::tcp::Flags::NONE,
    seq: 0,
    ack: 0,
    len: 0,
    window: 0,
    verdicts: Verdicts::NONE,
    duplicate_ack: 0,
    ack_rtt_ns: 0,
    in_flight: 0,
    first_sent: u32::MAX,
    unseen_before: u32::MAX,
    same_sender_before: u32::MAX,
};

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

/// What can be concluded of somebody else's segment.
fn by_numbers(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest) -> String {
    let has = |verdict| tcp.verdicts.has(verdict);
    let who = name(story, digest.from);
    if tcp.flags.rst() {
        return format!("{who} cuts the connection. Nothing sent after this is read.");
    }
    if tcp.flags.syn() {
        return syn(story, index, tcp, digest, &who);
    }
    if has(Verdicts::FAST_RETRANSMISSION) {
        return format!(
            "{who} sends {} again: duplicate ACKs asked for it, so it did not wait for its \
             timer. {}",
            range(tcp),
            since_first(story, index, digest)
        );
    }
    if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        return format!(
            "{who} sends {} again although it was acknowledged: the ACK was lost or came too \
             late. {}",
            range(tcp),
            since_first(story, index, digest)
        );
    }
    if has(Verdicts::RETRANSMISSION) {
        return format!(
            "{who} sends {} again: no ACK for it came in time, so its timer probably ran out. {}",
            range(tcp),
            since_first(story, index, digest)
        );
    }
    if has(Verdicts::ZERO_WINDOW_PROBE) {
        return format!("The window is closed; {who} tries one byte to learn whether it opened.");
    }
    if has(Verdicts::KEEP_ALIVE) {
        return format!("{who} asks whether the other end is still there.");
    }
    let mut text = if tcp.len > 0 {
        data(tcp, &who)
    } else if tcp.flags.fin() {
        format!(
            "{who} has nothing more to send. The FIN takes number {}.",
            tcp.seq
        )
    } else {
        ack(story, index, tcp, digest, &who)
    };
    if has(Verdicts::LOST_SEGMENT) {
        push_sentence(
            &mut text,
            "Data before it is missing here: lost, or still on its way.",
        );
    }
    if has(Verdicts::OUT_OF_ORDER) {
        push_sentence(
            &mut text,
            "It comes after what follows it, too soon to have been sent again: overtaken on the way.",
        );
    }
    if has(Verdicts::WINDOW_FULL) {
        push_sentence(
            &mut text,
            "It fills the receiver's window to the last byte.",
        );
    }
    text
}

fn syn(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    if digest.is_retransmission() {
        return format!(
            "{who} got no answer and asks again. {}",
            since_first(story, index, digest)
        );
    }
    let mut text = if tcp.flags.ack() {
        format!(
            "{who} takes the call: acknowledges the SYN (next wanted: {}) and says where its own \
             numbering begins.",
            tcp.ack
        )
    } else {
        format!("{who} calls, and says where its numbering begins. The SYN takes number 0.")
    };
    if tcp.verdicts.has(Verdicts::REUSED_PORTS) {
        push_sentence(
            &mut text,
            "The same ports were used by an earlier conversation.",
        );
    }
    text
}

fn data(tcp: &TcpDigest, who: &str) -> String {
    let also = if tcp.flags.fin() {
        ", and says that it was the last"
    } else {
        ""
    };
    format!("{who} sends {}, {} bytes{also}.", range(tcp), tcp.len)
}

fn ack(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    let has = |verdict| tcp.verdicts.has(verdict);
    if tcp.duplicate_ack > 0 {
        let frame = story.capture.frames().get(index);
        let missing = frame.map_or_else(String::new, |frame| missing(story, frame, tcp));
        return format!(
            "{who} repeats itself: {missing} are missing, and something after that came \
             (duplicate ACK {}).",
            tcp.duplicate_ack
        );
    }
    if has(Verdicts::ZERO_WINDOW) {
        return format!("{who} has no room left: nothing may be sent until it says otherwise.");
    }
    if has(Verdicts::WINDOW_UPDATE) {
        return format!("{who} has room again: {} bytes.", tcp.window);
    }
    if has(Verdicts::KEEP_ALIVE_ACK) {
        return format!("{who} is still there.");
    }
    let mut text = format!(
        "{who} has all before {}, and wants that byte next.",
        tcp.ack
    );
    if let Some(question) = digest.answers()
        && tcp.ack_rtt_ns > 0
    {
        let answer = format!(
            "It answers packet {}, {} after it was seen.",
            question + 1,
            duration(tcp.ack_rtt_ns)
        );
        push_sentence(&mut text, &answer);
    }
    if has(Verdicts::ACK_LOST_SEGMENT) {
        push_sentence(
            &mut text,
            "It acknowledges data that this capture never saw.",
        );
    }
    text
}

fn name(story: Story<'_>, host: HostId) -> String {
    match story.analysis.hosts().at(host) {
        Some(host) if host.is_page => "This page".into(),
        Some(host) => host.name.clone().unwrap_or_else(|| host.address()),
        None => "Somebody".into(),
    }
}

fn other(story: Story<'_>, frame: &Frame, digest: &Digest) -> String {
    let packet = story.dissect(frame);
    let who = name(story, digest.from);
    if let Some(arp) = packet.arp() {
        let (sender, target) = (arp.sender_ip, arp.target_ip);
        return if arp.is_probe() {
            format!("Asks whether anybody has {target}, before it is used (RFC 5227).")
        } else if arp.is_announcement() {
            format!(
                "Tells everybody that {sender} is at {} now.",
                arp.sender_mac
            )
        } else if digest.answers().is_some() {
            format!("{who} answers: {sender} is at {}.", arp.sender_mac)
        } else {
            format!("{who} wants to send something to {target} and asks for its MAC address.")
        };
    }
    let Some(line) = app_line(&packet) else {
        return match packet.icmpv4() {
            Some(_) if packet.quoted_layers().next().is_some() => {
                format!(
                    "{who} reports that a packet could not be delivered; it quotes its beginning."
                )
            }
            _ => String::new(),
        };
    };
    match digest.answers() {
        Some(question) => format!("{who} answers packet {}: {line}.", question + 1),
        None => format!("{who} asks: {line}"),
    }
}

fn dropped(reason: DropReason) -> String {
    let why = match reason {
        DropReason::Malformed => "a header is cut off or contradicts itself",
        DropReason::BadChecksum => "its checksum is wrong",
        DropReason::OtherMac => "it is not for our MAC address",
        DropReason::OtherAddress => "it is not for our address",
        DropReason::NoAddress => "no address was claimed yet",
        DropReason::UnknownEtherType => "nobody here speaks its EtherType",
        DropReason::UnknownProtocol => "nobody here speaks its protocol",
        DropReason::BadSource => "no packet may come from its source address",
        DropReason::ArpNotForUs => "it does not concern us",
        DropReason::FragmentLimit => "too many fragments wait already",
        DropReason::FragmentTimeout => "the other fragments never came",
        DropReason::NoNeighbour => "the next hop does not answer ARP",
        DropReason::FragmentOverlap => "its fragments overlap",
        DropReason::NoListener => "nobody listens on its port",
        DropReason::QueueFull => "a queue was full",
        DropReason::RateLimited => "we answer no more often than this",
        DropReason::IcmpNotOurs => "it quotes nothing of ours",
        DropReason::NoConnection => "no connection has these addresses and ports",
        DropReason::OutsideWindow => "it lies outside the receive window",
        DropReason::DuplicateData => "all of its data was here already",
        DropReason::OldTimestamp => "its timestamp is older than one already seen",
        DropReason::NoAck => "it has no ACK where there must be one",
        DropReason::AckOfUnsent => "it acknowledges what was never sent",
        DropReason::OldAck => "it acknowledges what was acknowledged long ago",
        DropReason::ResetNotExact => "a RST must carry exactly the next number",
        DropReason::SynInWindow => "a SYN has no place in the middle of a connection",
        DropReason::NoRoom => "no memory was left for data out of order",
        DropReason::PolicyOutOfOrder { .. } => "the policy keeps nothing that is out of order",
        DropReason::PolicyOverlooked => "the policy overlooks such segments",
        DropReason::AfterFin => "the peer had said that it was done",
        DropReason::ReceiverGone => "the connection is closing and takes no more data",
        DropReason::AcceptQueueFull => {
            "the application has not yet accepted the connections that wait for it"
        }
    };
    format!("Our stack made nothing of it: {why}.")
}
