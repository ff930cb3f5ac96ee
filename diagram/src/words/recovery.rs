//! What a packet meant for our stack's loss recovery: one that came may begin or end
//! it; one that a timer sent again begins it.
//!
//! ```text
//!   came    Received --> Recovery{by: that frame} --> Congestion
//!   sent    TimerFired --> Recovery{by: the timer} --> Congestion --> Sent
//! ```

use super::why::{bytes, push_sentence};
use super::{Language, Story, grouped, say};
use crate::analysis::Digest;
use crate::capture::Frame;
use core::ops::Range;
use synema_core::trace::{
    ConnId, Event, FrameId, Record, RecoveryStep, SlowReason, Trigger, UndoReason,
};
use synema_core::wire::SeqNum;

/// A sentence for each step that the packet brought.
pub(super) fn steps(story: Story<'_>, frame: &Frame, digest: &Digest) -> Vec<String> {
    let Some(tcp) = digest.tcp else {
        return Vec::new();
    };
    let [sender, receiver] = story.told_by(frame);
    let sender = sender.filter(|_| digest.is_retransmission());
    let sent = sender.map(|records| (records, before_sent(records, frame.id)));
    let came = receiver.map(|records| (records, brought_by(records, frame.id)));
    if [&sent, &came]
        .iter()
        .all(|it| it.as_ref().is_none_or(|(_, found)| found.is_empty()))
    {
        return Vec::new();
    }
    let packet = story.dissect(frame);
    let Some(segment) = packet.tcp() else {
        return Vec::new();
    };
    // Of whom a segment came to, the numbers are those that it acknowledges.
    let by_seq = sent.map(|it| (it, (segment.seq(), tcp.seq)));
    let by_ack = came.map(|it| (it, (segment.ack(), tcp.ack)));
    let mut sentences = Vec::new();
    for ((records, found), known) in by_seq.into_iter().chain(by_ack) {
        let number = |seq: SeqNum| known.1 + i64::from(seq.signed_distance(known.0));
        let sentence = |index: usize| sentence(story.language, records, index, &number);
        sentences.extend(found.into_iter().filter_map(sentence));
    }
    sentences
}

/// The steps that a frame has brought, by their place in the trace.
fn brought_by(records: &[Record], frame: FrameId) -> Vec<usize> {
    let is_its = |record: &Record| matches!(record.event, Event::Recovery { by: Trigger::Frame(by), .. } if by == frame);
    (0..records.len())
        .filter(|&index| is_its(&records[index]))
        .collect()
}

/// The steps that a timer brought before this frame went out.
fn before_sent(records: &[Record], frame: FrameId) -> Vec<usize> {
    let Some((own, since)) = since_last_sent(records, frame) else {
        return Vec::new();
    };
    let by_timer = |record: &Record| {
        matches!(
            record.event,
            Event::Recovery { conn, by: Trigger::Timer(_), .. } if conn == own
        )
    };
    since.filter(|&index| by_timer(&records[index])).collect()
}

/// The connection that has sent this frame, and the trace since its last one before.
pub(super) fn since_last_sent(
    records: &[Record],
    frame: FrameId,
) -> Option<(ConnId, Range<usize>)> {
    let sent = |record: &Record| match record.event {
        Event::Sent { frame, conn, .. } => Some((frame, conn)),
        _ => None,
    };
    let is_it = |record: &Record| sent(record).is_some_and(|(id, _)| id == frame);
    let at = records.iter().rposition(is_it)?;
    let own = sent(&records[at])?.1?;
    let of_own = |record: &Record| sent(record).is_some_and(|(_, conn)| conn == Some(own));
    let since = records[..at].iter().rposition(of_own).unwrap_or(0);
    Some((own, since..at))
}

/// cwnd before and after a step, and ssthresh after it, bytes, as far as the trace
/// has kept them.
#[derive(Clone, Copy, Debug)]
struct Change {
    before: Option<u64>,
    after: Option<(u64, u64)>,
}

impl Change {
    fn of(records: &[Record], index: usize, own: ConnId) -> Self {
        let window = |record: &Record| match record.event {
            Event::Congestion {
                conn,
                cwnd,
                ssthresh,
                ..
            } if conn == own && cwnd < u64::MAX => Some((cwnd, ssthresh)),
            _ => None,
        };
        let is_step = |record: &&Record| matches!(record.event, Event::Recovery { .. });
        let next = records[index..].iter().find(|record| !is_step(record));
        let before = records[..index].iter().rev().find_map(window);
        Self {
            before: before.map(|(cwnd, _)| cwnd),
            after: next.and_then(window),
        }
    }

    /// `The congestion window falls from 20 to 14 bytes`, without a full stop.
    fn fall(self, language: Language, to: fn((u64, u64)) -> u64) -> String {
        match (self.before, self.after.map(to)) {
            (Some(before), Some(after)) if after < before => say!(
                language,
                "The congestion window falls from {before} to {after} bytes",
                "輻輳ウィンドウは {before} バイトから {after} バイトに減ります",
                before = grouped(before),
                after = grouped(after)
            ),
            (_, Some(after)) => say!(
                language,
                "The congestion window is {after} bytes",
                "輻輳ウィンドウは {after} バイトになります",
                after = grouped(after)
            ),
            _ => language
                .pick(
                    "The congestion window falls",
                    "輻輳ウィンドウが小さくなります",
                )
                .into(),
        }
    }

    /// `The congestion window is 20 bytes from here on.`
    fn now(self, language: Language) -> Option<String> {
        let (cwnd, _) = self.after?;
        Some(say!(
            language,
            "The congestion window is {cwnd} bytes from here on.",
            "輻輳ウィンドウはここから {cwnd} バイトです。",
            cwnd = grouped(cwnd)
        ))
    }
}

fn sentence(
    language: Language,
    records: &[Record],
    index: usize,
    number: &dyn Fn(SeqNum) -> i64,
) -> Option<String> {
    let Event::Recovery { conn, step, by } = records[index].event else {
        return None;
    };
    let change = Change::of(records, index, conn);
    let mut text = match step {
        RecoveryStep::Began { until } => {
            let how = match by {
                Trigger::Timer(_) => language.pick(
                    "With it a recovery begins",
                    "ここから損失の回復が始まります",
                ),
                _ => language.pick(
                    "It tells of a loss, and a recovery begins",
                    "損失を示すもので、ここから回復が始まります",
                ),
            };
            say!(
                language,
                "{how}: until all before {until} is acknowledged, what is lost goes out first. \
                 {fall} (RFC 5681 §3.2).",
                "{how}。{until} より前がすべて確認応答されるまで、失われたものを先に送ります。\
                 {fall} (RFC 5681 §3.2)。",
                until = number(until),
                fall = change.fall(language, |(cwnd, ssthresh)| cwnd.max(ssthresh))
            )
        }
        RecoveryStep::TimedOut { until } => say!(
            language,
            "With it a recovery begins that lasts until all before {until} is acknowledged. \
             {fall}: what the path bears is found out anew (RFC 5681 §3.1).",
            "ここから、{until} より前がすべて確認応答されるまで回復が続きます。{fall}。経路に\
             流せる量を一から探り直します (RFC 5681 §3.1)。",
            until = number(until),
            fall = change.fall(language, |(cwnd, _)| cwnd)
        ),
        RecoveryStep::Ended => language
            .pick(
                "The recovery is over: all that was out when it began is acknowledged.",
                "回復は終わりです。始まったときに送信済みだったものは、すべて確認応答されました。",
            )
            .to_owned(),
        RecoveryStep::Undone { by } => say!(
            language,
            "Nothing was lost, only late: {why}. The reduction is taken back.",
            "失われたのではなく、遅れただけでした。{why}。減らした分を元に戻します。",
            why = tells_late(language, by)
        ),
        RecoveryStep::Slowed { by } => {
            let mut text = slowed(language, by).to_owned();
            let fall = change.fall(language, |(_, ssthresh)| ssthresh);
            push_sentence(&mut text, &say!(language, "{fall}.", "{fall}。"));
            text
        }
        RecoveryStep::Needless { from, to } => say!(
            language,
            "The peer says that it has got {what} twice: to send them again was needless \
             (RFC 2883).",
            "相手は {what}を二度受け取ったと知らせています。再送は不要でした (RFC 2883)。",
            what = bytes(language, number(from), number(to) - 1)
        ),
    };
    if matches!(step, RecoveryStep::Ended | RecoveryStep::Undone { .. })
        && let Some(now) = change.now(language)
    {
        push_sentence(&mut text, &now);
    }
    Some(text)
}

const fn tells_late(language: Language, by: UndoReason) -> &'static str {
    match by {
        UndoReason::DuplicateSack => language.pick(
            "the peer had already all that was sent again (RFC 3708)",
            "再送したものを、相手はすべて受け取り済みでした (RFC 3708)",
        ),
        UndoReason::Timestamp => language.pick(
            "the timestamp that comes back is from before anything was sent again (RFC 3522)",
            "返ってきたタイムスタンプは、再送より前のものです (RFC 3522)",
        ),
        UndoReason::ForwardRto => language.pick(
            "what was never sent again has arrived (RFC 5682)",
            "再送していないものが届いています (RFC 5682)",
        ),
    }
}

const fn slowed(language: Language, by: SlowReason) -> &'static str {
    match by {
        SlowReason::ProbeRepairedLoss => language.pick(
            "The probe has repaired a loss, and a loss is a sign of congestion (RFC 8985 §7.4).",
            "プローブが損失を埋めました。損失は輻輳のしるしです (RFC 8985 §7.4)。",
        ),
        SlowReason::Marked => language.pick(
            "A router on the way was nearly full and marked a packet instead of dropping it; once \
             for each window that counts like a loss (RFC 3168).",
            "途中のルーターがあふれそうになり、捨てる代わりにパケットに印を付けました。1 ウィン\
             ドウに一度、損失と同じに扱います (RFC 3168)。",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::testing::{Seg, Story as Made, page_number, tcp_frame};
    use crate::view::View;
    use synema_core::trace::{Cause, TimerKind};
    use synema_core::wire::tcp::{Flags, Options};

    const CONN: ConnId = ConnId(1);

    fn data(seq: u32) -> Vec<u8> {
        let seg = Seg::new(Flags::ACK, seq, 1, 1_000);
        tcp_frame(true, seg, Options::NONE, b"")
    }

    fn ack(ack: u32) -> Vec<u8> {
        let seg = Seg::new(Flags::ACK, 1, ack, 0);
        tcp_frame(false, seg, Options::NONE, b"")
    }

    fn congestion(cwnd: u64, ssthresh: u64) -> Event {
        Event::Congestion {
            conn: CONN,
            cwnd,
            ssthresh,
            in_flight: 3_000,
        }
    }

    /// Three segments with a window of 10,000 bytes, then `made`; what the panel says
    /// of the last packet.
    fn last(make: impl FnOnce(&mut Made)) -> String {
        let mut made = Made::new();
        made.tells(0, congestion(10_000, u64::MAX));
        for (at, seq) in [(0, 1), (10, 1_001), (20, 2_001)] {
            made.sends(at, Cause::Data, &data(seq));
        }
        make(&mut made);
        let number = made.capture.frames().len() as u64;
        let document = Document::open(made.capture, View::default());
        document.detail(number).expect("it is there").why
    }

    /// An ACK comes and brings these steps, after which cwnd and ssthresh are so.
    fn brings(steps: &[RecoveryStep], cwnd: u64, ssthresh: u64) -> String {
        last(|made| {
            let by = Trigger::Frame(made.receives(20_000, &ack(1_001)));
            for &step in steps {
                let conn = CONN;
                made.tells(20_001, Event::Recovery { conn, step, by });
            }
            made.tells(20_001, congestion(cwnd, ssthresh));
        })
    }

    #[test]
    fn an_ack_that_begins_a_recovery_says_how_far_and_how_much() {
        let until = page_number(3_001);
        let why = brings(&[RecoveryStep::Began { until }], 5_000, 7_000);
        assert!(
            why.ends_with(
                "It tells of a loss, and a recovery begins: until all before 3001 is \
                 acknowledged, what is lost goes out first. The congestion window falls from \
                 10\u{202f}000 to 7\u{202f}000 bytes (RFC 5681 §3.2)."
            ),
            "{why}"
        );
        let why = brings(&[RecoveryStep::Ended], 7_000, 7_000);
        assert!(
            why.ends_with(
                "The recovery is over: all that was out when it began is acknowledged. The \
                 congestion window is 7\u{202f}000 bytes from here on."
            ),
            "{why}"
        );
    }

    #[test]
    fn what_was_late_is_told_with_what_tells_so() {
        let (from, to) = (page_number(1), page_number(1_001));
        let undone = |by| RecoveryStep::Undone { by };
        let steps = [
            RecoveryStep::Needless { from, to },
            undone(UndoReason::DuplicateSack),
        ];
        let why = brings(&steps, 10_000, u64::MAX);
        assert!(
            why.ends_with(
                "The peer says that it has got bytes 1–1000 twice: to send them again was \
                 needless (RFC 2883). Nothing was lost, only late: the peer had already all \
                 that was sent again (RFC 3708). The reduction is taken back. The congestion \
                 window is 10\u{202f}000 bytes from here on."
            ),
            "{why}"
        );
        for (by, rfc) in [
            (UndoReason::Timestamp, "RFC 3522"),
            (UndoReason::ForwardRto, "RFC 5682"),
        ] {
            let why = brings(&[undone(by)], 10_000, u64::MAX);
            assert!(why.contains(rfc), "{why}");
        }
    }

    #[test]
    fn a_reduction_without_a_recovery_has_its_reason() {
        let slowed = |by| brings(&[RecoveryStep::Slowed { by }], 7_000, 7_000);
        let why = slowed(SlowReason::Marked);
        assert!(
            why.ends_with(
                "marked a packet instead of dropping it; once for each window that counts \
                 like a loss (RFC 3168). The congestion window falls from 10\u{202f}000 to \
                 7\u{202f}000 bytes."
            ),
            "{why}"
        );
        let why = slowed(SlowReason::ProbeRepairedLoss);
        assert!(why.contains("The probe has repaired a loss"), "{why}");
    }

    /// The timer runs out, and a retransmission goes out, after `between`.
    fn resends(timer: TimerKind, step: RecoveryStep, between: impl FnOnce(&mut Made)) -> String {
        last(|made| {
            let (conn, by) = (CONN, Trigger::Timer(timer));
            made.tells(1_000_020, Event::TimerFired { conn, timer });
            made.tells(1_000_020, Event::Recovery { conn, step, by });
            made.tells(1_000_020, congestion(1_000, 7_000));
            between(made);
            made.sends(1_000_020, Cause::RetransmissionTimeout, &data(1));
        })
    }

    #[test]
    fn a_timers_step_stands_with_what_goes_out_then() {
        let until = page_number(3_001);
        let timed_out = RecoveryStep::TimedOut { until };
        let why = resends(TimerKind::Retransmission, timed_out, |_| {});
        assert!(
            why.ends_with(
                "With it a recovery begins that lasts until all before 3001 is acknowledged. \
                 The congestion window falls from 10\u{202f}000 to 1\u{202f}000 bytes: what \
                 the path bears is found out anew (RFC 5681 §3.1)."
            ),
            "{why}"
        );
        let began = RecoveryStep::Began { until };
        let why = resends(TimerKind::Reordering, began, |_| {});
        assert!(why.contains("With it a recovery begins: until"), "{why}");
        // The next retransmission belongs to the same recovery and does not begin it.
        let why = resends(TimerKind::Retransmission, timed_out, |made| {
            made.sends(1_000_020, Cause::Recovery, &data(1_001));
        });
        assert!(!why.contains("begins"), "{why}");
    }

    #[test]
    fn without_the_numbers_it_is_told_without_them() {
        let why = last(|made| {
            let by = Trigger::Frame(made.receives(20_000, &ack(1_001)));
            let (conn, step) = (CONN, RecoveryStep::Ended);
            made.tells(20_001, Event::Recovery { conn, step, by });
        });
        assert!(why.ends_with("when it began is acknowledged."), "{why}");
    }
}
