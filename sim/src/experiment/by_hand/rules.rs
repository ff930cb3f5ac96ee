//! What of RFC 9293 a segment written by hand breaks, and what it brings with it.

use super::ledger::Ledger;
use super::words::{mistake, note, right};
use super::{Remark, Segment};

/// RFC 9293 §3.7.1: who names no size takes segments of so many bytes.
const DEFAULT_MSS: u32 = 536;

/// What there is to say of a segment before it is sent.
pub(super) fn remarks(segment: &Segment, ledger: &Ledger) -> Vec<Remark> {
    let mut found = Vec::new();
    match whole(segment, ledger) {
        Some(remark) => found.push(remark),
        None => {
            found.extend(about_seq(segment, ledger));
            found.extend(about_ack(segment, ledger));
            found.extend(about_size(segment, ledger));
        }
    }
    found.extend(notes(segment, ledger));
    if found.is_empty() {
        found.push(right());
    }
    found
}

/// What makes all the rest meaningless.
fn whole(segment: &Segment, ledger: &Ledger) -> Option<Remark> {
    let flags = segment.flags;
    if ledger.is_cut && !flags.syn() {
        return Some(mistake(
            "RFC 9293 §3.10.7.1",
            "The connection is gone: a RST has ended it. Whatever belongs to no connection is answered with another RST.".into(),
            "この接続はもうありません。RST で終わりました。どの接続にも属さないセグメントには、また RST が返ります。".into(),
        ));
    }
    if flags.syn() && flags.fin() {
        return Some(mistake(
            "RFC 9293 §3.5, §3.6",
            "SYN begins and FIN ends: one segment cannot do both.".into(),
            "SYN は始まり、FIN は終わりです。一つのセグメントで両方はできません。".into(),
        ));
    }
    if !ledger.has_called && !flags.syn() {
        return Some(match flags.ack() {
            true => mistake(
                "RFC 9293 §3.10.7.2",
                "There is no connection yet, so nothing can be acknowledged: whoever only listens answers any ACK with a RST. A SYN comes first.".into(),
                "まだ接続がないので、確認できるものもありません。LISTEN の相手は、どんな ACK にも RST で答えます。最初は SYN です。".into(),
            ),
            false => mistake(
                "RFC 9293 §3.10.7.2",
                "There is no connection yet: only a SYN opens one, anything else is dropped in silence.".into(),
                "まだ接続がありません。開けるのは SYN だけで、ほかは黙って捨てられます。".into(),
            ),
        });
    }
    if flags.syn() && flags.ack() && ledger.irs.is_none() {
        return Some(mistake(
            "RFC 9293 §3.10.7.2",
            "The server has sent no SYN that could be acknowledged: a SYN that opens a connection has no ACK. It is answered with a RST.".into(),
            "サーバーはまだ SYN を送っていません。接続を開く SYN に ACK は付けません。これには RST が返ります。".into(),
        ));
    }
    if flags.syn() && ledger.is_open() {
        return Some(mistake(
            "RFC 9293 §3.10.7.4, RFC 5961 §4.2",
            "The connection is open, and a SYN has no place in it. The server does not believe it, but asks by an ACK whether it was meant (a challenge ACK).".into(),
            "接続はもう開いていて、途中に SYN の居場所はありません。サーバーは信じずに、本気かどうかを ACK で確かめます（challenge ACK）。".into(),
        ));
    }
    if !flags.ack() && !flags.rst() && ledger.is_open() {
        return Some(mistake(
            "RFC 9293 §3.10.7.4",
            "Once both SYNs have gone, every segment has the ACK flag. Without it the server drops this one, and says nothing.".into(),
            "両方の SYN が済んだら、どのセグメントにも ACK フラグが要ります。ないものは、サーバーが黙って捨てます。".into(),
        ));
    }
    None
}

fn about_seq(segment: &Segment, ledger: &Ledger) -> Option<Remark> {
    let (flags, seq, next) = (segment.flags, segment.seq, ledger.next);
    if seq == next || !ledger.has_called || (flags.syn() && seq == 0) {
        return None;
    }
    if flags.rst() {
        return Some(mistake(
            "RFC 5961 §3.2",
            format!(
                "A RST is believed only with exactly the next number, {next}: else anybody could cut a connection by guessing."
            ),
            format!(
                "RST は、ちょうど次の番号 {next} でなければ信じてもらえません。そうでないと、番号を当て推量するだけで誰でも接続を切れてしまいます。"
            ),
        ));
    }
    if seq > next {
        return Some(beyond(segment, ledger));
    }
    if seq == 0 {
        return Some(mistake(
            "RFC 9293 §3.4",
            format!(
                "The SYN takes a number of its own: it was 0, so the next is {next}. To the server this lies before its window."
            ),
            format!(
                "SYN も番号を一つ使います。SYN が 0 なので、次は {next} です。サーバーから見ると、これはウィンドウの手前です。"
            ),
        ));
    }
    if ledger.own_fin == Some(seq) && !flags.fin() {
        return Some(mistake(
            "RFC 9293 §3.4",
            format!(
                "The FIN takes a number of its own: it was {seq}, so the next is {next}. A segment with {seq} lies before the server's window: it is dropped, and its ACK is not even read."
            ),
            format!(
                "FIN も番号を一つ使います。FIN が {seq} なので、次は {next} です。{seq} のままではサーバーのウィンドウの手前になり、捨てられて、ACK も読まれません。"
            ),
        ));
    }
    if segment.end() > next {
        return Some(note(
            "RFC 9293 §3.10.7.4",
            format!("Part of this was sent before: the server takes what is new, from {next} on."),
            format!(
                "一部はもう送ったものです。サーバーは {next} からの新しい分だけを受け取ります。"
            ),
        ));
    }
    if segment.end() == seq {
        return Some(mistake(
            "RFC 9293 §3.10.7.4",
            format!(
                "A segment without data carries the next number as well, {next}. With an older one it lies before the window: the server drops it, and its ACK is not even read."
            ),
            format!(
                "データのないセグメントも、次の番号 {next} を運びます。古い番号ではウィンドウの手前になり、サーバーは捨てて、ACK も読みません。"
            ),
        ));
    }
    let english = match segment.end() <= ledger.una {
        true => {
            "The server has acknowledged all of this: it will drop it, and say again where it is."
        }
        false => {
            "This was sent before and is not acknowledged: a retransmission. A right stack waits for its timer before it sends one."
        }
    };
    let japanese = match segment.end() <= ledger.una {
        true => "これは全部もう確認されています。サーバーは捨てて、自分の位置をもう一度告げます。",
        false => {
            "もう送っていて、まだ確認されていないものです。つまり再送です。正しいスタックは、タイマーが切れるまで再送しません。"
        }
    };
    Some(note(
        "RFC 9293 §3.10.7.4, §3.8.1",
        english.into(),
        japanese.into(),
    ))
}

/// A number that comes after a hole.
fn beyond(segment: &Segment, ledger: &Ledger) -> Remark {
    let (seq, next) = (segment.seq, ledger.next);
    let end_of_window = ledger.una + i64::from(ledger.their_window);
    if ledger.is_open() && seq >= end_of_window {
        return mistake(
            "RFC 9293 §3.10.7.4",
            format!(
                "The server has room for numbers below {end_of_window}; {seq} lies outside its window. It drops this and says where it is."
            ),
            format!(
                "サーバーが受け取れるのは {end_of_window} より前の番号です。{seq} はウィンドウの外なので、捨てられ、サーバーは自分の位置を告げます。"
            ),
        );
    }
    let last = seq - 1;
    if segment.end() == seq {
        return mistake(
            "RFC 9293 §3.4",
            format!(
                "You have sent all before {next}, and {seq} says that you have sent more. The next number is {next}."
            ),
            format!(
                "送ったのは {next} の手前までなのに、{seq} ではもっと送ったことになります。次の番号は {next} です。"
            ),
        );
    }
    mistake(
        "RFC 9293 §3.4, §3.10.7.4",
        format!(
            "Numbers {next}–{last} were never sent. The server may keep this, but cannot hand it on: it asks for {next}, again and again."
        ),
        format!(
            "{next}–{last} をまだ送っていません。サーバーはこれを取っておけても、アプリケーションには渡せません。{next} をくり返し求めます。"
        ),
    )
}

fn about_ack(segment: &Segment, ledger: &Ledger) -> Option<Remark> {
    let (ack, wanted) = (segment.ack, ledger.wanted);
    if !segment.flags.ack() || segment.flags.rst() {
        return None;
    }
    if ledger.irs.is_none() || ack > ledger.furthest {
        return Some(mistake(
            "RFC 9293 §3.10.7.4",
            format!(
                "This acknowledges what the server never sent. While the handshake is under way it answers with a RST; later it drops the segment and says where it is. Wanted next is {wanted}."
            ),
            format!(
                "サーバーがまだ送っていないものを確認しています。ハンドシェイクの途中なら RST が返り、そのあとなら捨てられて、サーバーが自分の位置を告げます。次に欲しいのは {wanted} です。"
            ),
        ));
    }
    if ack == 0 {
        return Some(mistake(
            "RFC 9293 §3.4",
            "The server's SYN takes a number, too: it was 0, so the ACK says 1, the byte that is wanted next.".into(),
            "サーバーの SYN も番号を一つ使います。それが 0 なので、ACK は次に欲しい 1 です。".into(),
        ));
    }
    if ledger.their_fin == Some(ack) && wanted > ack {
        return Some(mistake(
            "RFC 9293 §3.4",
            format!(
                "The server's FIN takes a number and wants an ACK of its own: {wanted}. With {ack} it does not know that its FIN came, and will send it again."
            ),
            format!(
                "サーバーの FIN も番号を一つ使い、確認を待っています。ACK は {wanted} です。{ack} のままでは FIN が届いたと分からず、また送ってきます。"
            ),
        ));
    }
    if ack > wanted {
        let last = ack - 1;
        return Some(mistake(
            "RFC 9293 §3.4",
            format!(
                "An ACK says that everything before it is here, but {wanted}–{last} is not all here. The server forgets what is acknowledged: nobody could send it again."
            ),
            format!(
                "ACK は、それより前が全部そろったという意味です。しかし {wanted}–{last} はそろっていません。サーバーは確認されたものを忘れるので、もう誰も送り直せません。"
            ),
        ));
    }
    (ack < wanted && segment.len == 0).then(|| {
        note(
            "RFC 9293 §3.8.1",
            format!("More than that is here: wanted next is {wanted}. What is not acknowledged the server will send again."),
            format!("もっと届いています。次に欲しいのは {wanted} です。確認されない分を、サーバーはまた送ってきます。"),
        )
    })
}

fn about_size(segment: &Segment, ledger: &Ledger) -> Option<Remark> {
    if segment.len == 0 || !ledger.is_open() {
        return None;
    }
    if ledger.own_fin.is_some_and(|fin| segment.end() > fin) && !segment.flags.fin() {
        return Some(mistake(
            "RFC 9293 §3.6",
            "Your FIN has said that nothing more would come: there is no number left for data."
                .into(),
            "もう何も送らないと FIN で告げました。データに使える番号は残っていません。".into(),
        ));
    }
    if segment.len > ledger.their_mss {
        let most = ledger.their_mss;
        return Some(mistake(
            "RFC 9293 §3.7.1",
            format!(
                "The server takes segments of at most {most} bytes (the MSS option of its SYN)."
            ),
            format!(
                "サーバーが受け取るのは、一度に {most} バイトまでです（SYN の MSS オプション）。"
            ),
        ));
    }
    let room = ledger.una + i64::from(ledger.their_window);
    (segment.seq + i64::from(segment.len) > room && segment.seq < room).then(|| {
        mistake(
            "RFC 9293 §3.8.6, §3.10.7.4",
            format!("The server has room for numbers below {room}. What lies beyond is cut off."),
            format!("サーバーが受け取れるのは {room} より前の番号です。それを超える分は切り捨てられます。"),
        )
    })
}

/// What is allowed, and has its consequences.
fn notes(segment: &Segment, ledger: &Ledger) -> Option<Remark> {
    let flags = segment.flags;
    if flags.syn() && !ledger.has_called && segment.mss.is_none() {
        return Some(note(
            "RFC 9293 §3.7.1",
            format!(
                "Without the MSS option the server may send no more than {DEFAULT_MSS} bytes at a time."
            ),
            format!(
                "MSS オプションがないと、サーバーは一度に {DEFAULT_MSS} バイトまでしか送れません。"
            ),
        ));
    }
    if flags.rst() {
        return Some(note(
            "RFC 9293 §3.5.2",
            "A RST ends the connection at once: what is on its way is thrown away.".into(),
            "RST は接続をその場で終わらせます。途中のものは捨てられます。".into(),
        ));
    }
    (segment.window == 0).then(|| {
        note(
            "RFC 9293 §3.8.6.1",
            "A window of 0 says that there is no room. The server stops, and asks now and then whether there is some again.".into(),
            "ウィンドウ 0 は、空きがないという意味です。サーバーは止まり、空いたかどうかをときどき尋ねてきます。".into(),
        )
    })
}
