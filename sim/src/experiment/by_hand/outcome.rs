//! What the server made of a move, as its own stack tells it.

use super::Remark;
use super::words::outcome as made;
use synema_core::trace::{CloseReason, DropReason, Event, Record, TcpState, TimerKind};

/// A remark for each thing that matters, in the order in which it happened.
pub(super) fn outcome(trace: &[Record]) -> Vec<Remark> {
    let mut found: Vec<Remark> = trace.iter().filter_map(|it| of_event(&it.event)).collect();
    let last_read = trace.iter().rev().find_map(|record| match record.event {
        Event::Delivered { total, .. } => Some(total),
        _ => None,
    });
    found.extend(last_read.map(|total| {
        made(
            format!("The server's application has read {total} bytes of yours."),
            format!("サーバーのアプリケーションは、あなたの {total} バイトを読みました。"),
        )
    }));
    found
}

fn of_event(event: &Event) -> Option<Remark> {
    match event {
        Event::Dropped { reason, .. } => dropped(*reason),
        Event::State { to, .. } if *to != TcpState::Closed => Some(made(
            format!("The server is in {to} now."),
            format!("サーバーは {to} になりました。"),
        )),
        Event::OutOfOrder { .. } => Some(made(
            "The server keeps it for later: something before it is missing.".into(),
            "手前が欠けているので、サーバーはあとのために取っておきます。".into(),
        )),
        Event::TimerFired { timer, .. } => timer_fired(*timer),
        Event::Closed { reason, .. } => Some(closed(*reason)),
        _ => None,
    }
}

fn timer_fired(timer: TimerKind) -> Option<Remark> {
    use TimerKind::{Persist, Retransmission, TailLossProbe, TimeWait};
    let (en, ja) = match timer {
        Retransmission => (
            "The server's retransmission timer ran out: what was not acknowledged goes out again.",
            "サーバーの再送タイマーが切れました。確認されていないものが、もう一度送られます。",
        ),
        TailLossProbe => (
            "The server has waited for an ACK, and asks with the last segment (a loss probe).",
            "サーバーは ACK を待ちきれず、最後のセグメントで探りを入れます（TLP）。",
        ),
        Persist => (
            "Your window is closed, and the server asks whether it still is.",
            "ウィンドウが閉じたままなので、サーバーが様子を尋ねます。",
        ),
        TimeWait => (
            "The server has waited long enough in TIME-WAIT.",
            "サーバーの TIME-WAIT が終わりました。",
        ),
        _ => return None,
    };
    Some(made(en.into(), ja.into()))
}

fn dropped(reason: DropReason) -> Option<Remark> {
    let (en, ja) = match reason {
        DropReason::NoAck => ("it has no ACK", "ACK がないからです"),
        DropReason::OutsideWindow => ("it lies outside the window", "ウィンドウの外にあるからです"),
        DropReason::DuplicateData => ("all of it was here already", "全部もう届いているからです"),
        DropReason::AckOfUnsent => (
            "it acknowledges what was never sent",
            "送っていないものを確認しているからです",
        ),
        DropReason::OldAck => (
            "it acknowledges what was acknowledged long ago",
            "とうに確認済みのものを確認しているからです",
        ),
        DropReason::ResetNotExact => (
            "a RST must carry exactly the next number",
            "RST の番号が、ちょうど次の番号ではないからです",
        ),
        DropReason::SynInWindow => (
            "a SYN has no place in an open connection",
            "開いた接続の途中に SYN の居場所はないからです",
        ),
        DropReason::NoConnection | DropReason::NoListener => (
            "it belongs to no connection",
            "どの接続にも属さないからです",
        ),
        DropReason::AfterFin => (
            "you had said that nothing more would come",
            "もう何も送らないと告げたあとだからです",
        ),
        DropReason::ReceiverGone => (
            "nobody is left there to read it",
            "読む相手がもういないからです",
        ),
        _ => return None,
    };
    Some(made(
        format!("The server made nothing of it: {en}."),
        format!("サーバーはこれを捨てました。{ja}。"),
    ))
}

fn closed(reason: CloseReason) -> Remark {
    let (en, ja) = match reason {
        CloseReason::Finished => (
            "The server's end is closed: both FINs were sent and acknowledged.",
            "サーバー側は閉じました。両方の FIN が送られ、確認されました。",
        ),
        CloseReason::ResetByPeer => (
            "The server's end is gone: your RST has cut it.",
            "サーバー側はなくなりました。あなたの RST で切れました。",
        ),
        CloseReason::TimedOut { .. } => (
            "The server has given you up: it waited too long.",
            "サーバーは待ちきれず、あなたを諦めました。",
        ),
        _ => (
            "The server's end is gone.",
            "サーバー側の接続はなくなりました。",
        ),
    };
    made(en.into(), ja.into())
}
