//! Why somebody else's segment was sent, as far as its numbers and the packets around
//! it tell.

use super::why::{missing, name, push_sentence, range, since_first};
use super::{Story, duration};
use crate::analysis::{Digest, TcpDigest, Verdicts};

/// What can be concluded of somebody else's segment.
pub(super) fn by_numbers(
    story: Story<'_>,
    index: usize,
    tcp: &TcpDigest,
    digest: &Digest,
) -> String {
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
