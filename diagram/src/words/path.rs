//! What a packet meant for what our stack knows of the way: a router's message, a
//! retransmission that suspects a black hole, a larger packet that is tried again.

use super::recovery::since_last_sent;
use super::{Language, Story, say};
use crate::capture::Frame;
use synema_core::trace::{Event, Record, Trigger};

/// A sentence for what was learnt with the packet.
pub(super) fn learnt(story: Story<'_>, frame: &Frame, is_again: bool) -> Option<String> {
    let language = story.language;
    let records = story.capture.records();
    let of_frame = |record: &Record| match record.event {
        Event::PathMtu { mtu, by, .. } => match by {
            Trigger::Icmp(id) if id == frame.id => Some(say!(
                language,
                "Our stack believes it: packets of more than {mtu} bytes do not get through \
                 whole, and what was too large goes out again (RFC 1191).",
                "このスタックはこれに従います。{mtu} バイトを超えるパケットは分割なしには通らない\
                 ので、大きすぎたものを送り直します (RFC 1191)。"
            )),
            Trigger::Frame(id) if id == frame.id => Some(say!(
                language,
                "The way was found too narrow ten minutes ago and may be another one by now: \
                 packets of up to {mtu} bytes are tried again (RFC 1191 §6.3).",
                "10 分前に経路の狭い所が見つかりましたが、経路が変わったかもしれません。{mtu} バイト\
                 までのパケットをもう一度試します (RFC 1191 §6.3)。"
            )),
            _ => None,
        },
        Event::SoftError { frame: id, .. } if id == frame.id => Some(
            language
                .pick(
                    "Our stack takes note and goes on: such errors often pass (RFC 5461 §3).",
                    "このスタックは記録して続けます。こうしたエラーはたいてい一時的です \
                     (RFC 5461 §3)。",
                )
                .to_owned(),
        ),
        _ => None,
    };
    records
        .iter()
        .find_map(of_frame)
        .or_else(|| suspected(language, records, frame).filter(|_| is_again))
}

/// The timer ran out once more, and smaller packets are tried.
fn suspected(language: Language, records: &[Record], frame: &Frame) -> Option<String> {
    let (own, since) = since_last_sent(records, frame.id)?;
    records[since].iter().find_map(|record| match record.event {
        Event::PathMtu {
            conn,
            mtu,
            by: Trigger::Timer(_),
        } if conn == own => Some(say!(
            language,
            "Full-sized packets vanish again and again and no router says why: perhaps the \
             way takes smaller ones only, and {mtu} bytes are tried (RFC 4821 §7.7).",
            "最大長のパケットが何度も消え、理由を知らせるルーターもありません。小さいものしか\
             通らない経路かもしれないので、{mtu} バイトを試します (RFC 4821 §7.7)。"
        )),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::testing::{PAGE, ROUTER, Seg, Story as Made, icmp_frame, tcp_frame};
    use crate::view::View;
    use synema_core::trace::{Cause, ConnId, TimerKind};
    use synema_core::wire::icmpv4::{Message, Unreachable};
    use synema_core::wire::tcp::{Flags, Options};

    const CONN: ConnId = ConnId(1);

    fn data() -> Vec<u8> {
        let seg = Seg::new(Flags::ACK, 1, 1, 1_400);
        tcp_frame(true, seg, Options::NONE, b"")
    }

    /// Data goes out, then `make`; what the panel says of the last packet.
    fn last(make: impl FnOnce(&mut Made, &[u8])) -> String {
        let mut made = Made::new();
        let bytes = data();
        made.sends(0, Cause::Data, &bytes);
        make(&mut made, &bytes);
        let number = made.capture.frames().len() as u64;
        let document = Document::open(made.capture, View::default());
        document.detail(number).expect("it is there").why
    }

    fn router_says(made: &mut Made, reason: Unreachable, sent: &[u8]) -> Trigger {
        let quote = &sent[14..42];
        let message = Message::DestinationUnreachable { reason, quote };
        Trigger::Icmp(made.receives(10_000, &icmp_frame(ROUTER, PAGE, message)))
    }

    #[test]
    fn a_router_is_believed_or_noted() {
        let why = last(|made, sent| {
            let next_hop_mtu = 1_000;
            let reason = Unreachable::FragmentationNeeded { next_hop_mtu };
            let (conn, mtu, by) = (CONN, next_hop_mtu, router_says(made, reason, sent));
            made.tells(10_001, Event::PathMtu { conn, mtu, by });
        });
        assert!(
            why.ends_with(
                "Our stack believes it: packets of more than 1000 bytes do not get through \
                 whole, and what was too large goes out again (RFC 1191)."
            ),
            "{why}"
        );
        let why = last(|made, sent| {
            let Trigger::Icmp(frame) = router_says(made, Unreachable::Host, sent) else {
                return;
            };
            let (conn, code) = (CONN, Some(1));
            made.tells(10_001, Event::SoftError { conn, frame, code });
        });
        assert!(
            why.ends_with("such errors often pass (RFC 5461 §3)."),
            "{why}"
        );
        // A message that changed nothing says nothing more.
        let why = last(|made, sent| {
            router_says(made, Unreachable::Host, sent);
        });
        assert!(why.ends_with("it quotes its beginning."), "{why}");
    }

    #[test]
    fn a_black_hole_is_told_with_what_goes_out_then_and_the_end_of_it_too() {
        let timer = TimerKind::Retransmission;
        let why = last(|made, sent| {
            let (conn, mtu, by) = (CONN, 1_064, Trigger::Timer(timer));
            made.tells(7_000_000, Event::PathMtu { conn, mtu, by });
            made.sends(7_000_000, Cause::RetransmissionTimeout, sent);
        });
        assert!(
            why.ends_with("and 1064 bytes are tried (RFC 4821 §7.7)."),
            "{why}"
        );
        let why = last(|made, _| {
            let seg = Seg::new(Flags::ACK, 1_401, 1, 1_400);
            let more = tcp_frame(true, seg, Options::NONE, b"");
            let frame = made.sends(700_000_000, Cause::Data, &more);
            let (conn, mtu, by) = (CONN, 1_500, Trigger::Frame(frame));
            made.tells(700_000_000, Event::PathMtu { conn, mtu, by });
        });
        assert!(
            why.ends_with("packets of up to 1500 bytes are tried again (RFC 1191 §6.3)."),
            "{why}"
        );
    }
}
