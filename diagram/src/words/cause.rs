//! Why our own stack sent what it sent: the trace knows, and this puts it in words.

use super::app::app_line;
use super::why::{missing, push_sentence, range, since_first};
use super::{Language, Story, say};
use crate::analysis::{Digest, TcpDigest};
use crate::capture::Frame;
use synema_core::trace::{Cause, ResetReason};

/// The sentence for a cause.
pub(super) fn by_cause(
    story: Story<'_>,
    index: usize,
    cause: Cause,
    frame: &Frame,
    digest: &Digest,
) -> String {
    let language = story.language;
    let tcp = digest.tcp.unwrap_or(TcpDigest::EMPTY);
    match cause {
        Cause::ArpProbe
        | Cause::ArpAnnounce
        | Cause::ArpDefend
        | Cause::ArpRequest
        | Cause::ArpReply
        | Cause::EchoReply
        | Cause::PortUnreachable
        | Cause::ProtocolUnreachable
        | Cause::ReassemblyTimeExceeded => beside_tcp(language, cause).into(),
        Cause::Datagram => match app_line(language, &story.dissect(frame)) {
            Some(line) => say!(
                language,
                "The application asks: {line}",
                "アプリケーションからの問い合わせです: {line}"
            ),
            None => language
                .pick(
                    "The application sent this datagram.",
                    "アプリケーションが送ったデータグラムです。",
                )
                .into(),
        },
        Cause::RetransmissionTimeout
        | Cause::FastRetransmit
        | Cause::Recovery
        | Cause::Rack
        | Cause::TailLossProbe
        | Cause::PathMtu => {
            let mut text = again(language, cause, &range(language, &tcp));
            push_sentence(&mut text, &since_first(story, index, digest));
            text
        }
        Cause::Reset(reason) => reset(language, reason).into(),
        Cause::OutOfOrder => {
            let missing = missing(story, frame, &tcp);
            let nth = match tcp.duplicate_ack {
                0 => String::new(),
                number => say!(
                    language,
                    " (duplicate ACK {number})",
                    "（重複 ACK {number}）"
                ),
            };
            say!(
                language,
                "Sent at once: {missing} are missing, and this says so{nth}.",
                "{missing}が欠けていることを、すぐに知らせています{nth}。"
            )
        }
        Cause::Syn
        | Cause::SynAck
        | Cause::SynCookie
        | Cause::HandshakeAck
        | Cause::Data
        | Cause::Fin
        | Cause::EverySecondSegment
        | Cause::DelayedAckTimer
        | Cause::QuickAck
        | Cause::GapFilled
        | Cause::Duplicate
        | Cause::Unacceptable
        | Cause::FinReceived
        | Cause::AllRead
        | Cause::WindowUpdate
        | Cause::ProbeAnswered
        | Cause::KeepAliveAnswered
        | Cause::ChallengeAck
        | Cause::LimitedTransmit
        | Cause::WindowProbe
        | Cause::KeepAlive => in_turn(language, cause, &tcp),
    }
}

/// ARP and ICMP.
const fn beside_tcp(language: Language, cause: Cause) -> &'static str {
    match cause {
        Cause::ArpProbe => language.pick(
            "Asks whether anybody has this address, before it is used. The question names no \
             sender, so that nobody's table is spoilt if somebody does (RFC 5227).",
            "使う前に、このアドレスを持つホストがいないか尋ねています。いた場合に ARP テーブルを\
             壊さないよう、送信元アドレスは空にしてあります (RFC 5227)。",
        ),
        Cause::ArpAnnounce => language.pick(
            "Nobody answered the probes: the address is taken, and everybody is told which MAC \
             address has it now (RFC 5227).",
            "プローブに応答がなかったので、このアドレスを使い始めます。今どの MAC アドレスが\
             持っているかを全員に知らせています (RFC 5227)。",
        ),
        Cause::ArpDefend => language.pick(
            "Somebody else used our address; this says, once, that it is ours (RFC 5227 §2.4).",
            "ほかのホストが同じアドレスを使いました。自分のものだと一度だけ主張しています \
             (RFC 5227 §2.4)。",
        ),
        Cause::ArpRequest => language.pick(
            "Packets wait for this neighbour: its MAC address must be known before the first can \
             go out (RFC 826).",
            "この相手へのパケットが待っています。最初の 1 つを送るには MAC アドレスが必要です \
             (RFC 826)。",
        ),
        Cause::ArpReply => language.pick(
            "Somebody asked who has our address; this is the answer.",
            "このアドレスは誰のものかという問い合わせへの応答です。",
        ),
        Cause::EchoReply => language.pick(
            "Answers a ping with the same bytes.",
            "ping に同じバイト列で応答しています。",
        ),
        Cause::PortUnreachable => language.pick(
            "A datagram came for a port on which nobody listens; its sender is told.",
            "待ち受けのないポートにデータグラムが届いたことを、送信元に知らせています。",
        ),
        Cause::ProtocolUnreachable => language.pick(
            "A packet came with a protocol that nobody here speaks; its sender is told.",
            "扱えないプロトコルのパケットが届いたことを、送信元に知らせています。",
        ),
        _ => language.pick(
            "Some fragments of a packet came and the others did not, for too long; their sender \
             is told.",
            "パケットのフラグメントの一部が、待っても届きませんでした。それを送信元に知らせて\
             います。",
        ),
    }
}

/// What is sent once more; `what` are its bytes.
fn again(language: Language, cause: Cause, what: &str) -> String {
    match cause {
        Cause::RetransmissionTimeout => say!(
            language,
            "Nothing acknowledged {what} before the retransmission timer ran out, so it is sent \
             again (RFC 6298).",
            "{what}への確認応答がないまま再送タイマーが切れたので、再送します (RFC 6298)。"
        ),
        Cause::FastRetransmit => say!(
            language,
            "The peer keeps asking for {what}: that is taken for a loss without waiting for the \
             timer (RFC 5681 §3.2).",
            "相手が{what}を繰り返し求めています。損失とみなし、タイマーを待たずに再送します \
             (RFC 5681 §3.2)。"
        ),
        Cause::Recovery => say!(
            language,
            "The next hole in a recovery under way: {what} (RFC 6582, RFC 6675).",
            "回復中に、次に欠けている所を埋めます: {what} (RFC 6582、RFC 6675)。"
        ),
        Cause::Rack => say!(
            language,
            "What was sent later has arrived, and {what} has not for a quarter of a round trip: \
             judged lost by time (RFC 8985).",
            "後から送ったものが届いたのに、{what}は往復時間の 4 分の 1 を過ぎても届いていません。\
             時間から損失と判断しました (RFC 8985)。"
        ),
        Cause::TailLossProbe => language
            .pick(
                "No ACK has come for two round trips. If the last of a flight is lost nobody can \
                 tell; this asks (RFC 8985 §7).",
                "往復時間の 2 倍を過ぎても ACK が来ません。最後のパケットが失われると誰も気づけ\
                 ないので、こちらから探ります (RFC 8985 §7)。",
            )
            .into(),
        _ => language
            .pick(
                "A router said that the packet was too big; sent again so that it gets through.",
                "パケットが大きすぎるとルーターが知らせてきたので、通る大きさで再送します。",
            )
            .into(),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one sentence for each cause, in each language: a table"
)]
/// What is sent in its turn, and what answers something.
fn in_turn(language: Language, cause: Cause, tcp: &TcpDigest) -> String {
    let (ack, len, window) = (tcp.ack, tcp.len, tcp.window);
    let what = range(language, tcp);
    let fixed = |english: &'static str, japanese| language.pick(english, japanese).to_owned();
    match cause {
        Cause::Syn => fixed(
            "The application called: this opens the connection and says where our numbering \
             begins. The SYN takes a number of its own.",
            "アプリケーションの要求で接続を開き、こちらの番号がどこから始まるかを伝えます。SYN も\
             番号を 1 つ使います。",
        ),
        Cause::SynAck => fixed(
            "Answers a SYN: acknowledges its number and says where ours begins.",
            "SYN への応答です。その番号に確認応答し、こちらの番号がどこから始まるかを伝えます。",
        ),
        Cause::SynCookie => fixed(
            "Answers a SYN although too many handshakes are under way to remember another: our \
             number is a cookie that holds what must be known of this one, and nothing is kept \
             until it comes back (RFC 4987).",
            "進行中のハンドシェイクが多すぎて覚えきれませんが、SYN に応答します。こちらの番号は\
             必要な情報を詰めた Cookie で、戻ってくるまで何も記憶しません (RFC 4987)。",
        ),
        Cause::HandshakeAck => say!(
            language,
            "Completes the handshake: the peer's SYN is acknowledged, {ack} is the first byte \
             wanted. From now on both ends are ESTABLISHED here.",
            "ハンドシェイクの完了です。相手の SYN に確認応答し、最初に欲しいのは {ack} バイト目\
             です。ここから ESTABLISHED になります。"
        ),
        Cause::Data => say!(
            language,
            "New data that fits both windows: {what}, {len} bytes.",
            "両方のウィンドウに収まる新しいデータです。{what}、{len} バイト。"
        ),
        Cause::Fin => fixed(
            "The application has nothing more to send. The FIN takes a number of its own and is \
             acknowledged like a byte.",
            "アプリケーションにはもう送るものがありません。FIN も番号を 1 つ使い、1 バイトと同じ\
             ように確認応答されます。",
        ),
        Cause::EverySecondSegment => say!(
            language,
            "Two full-sized segments have come since the last ACK, so one is due now: all before \
             {ack} is here (RFC 9293 §3.8.6.3).",
            "前の ACK から最大長のセグメントが 2 つ届いたので、ACK を返します。{ack} より前は\
             すべて届いています (RFC 9293 §3.8.6.3)。"
        ),
        Cause::DelayedAckTimer => say!(
            language,
            "Waited for a second segment or data of our own to ride on; neither came before the \
             delayed-ACK timer ran out. All before {ack} is here.",
            "次のセグメントか、相乗りできる自分のデータを待ちましたが、どちらもないまま遅延 ACK \
             タイマーが切れました。{ack} より前はすべて届いています。"
        ),
        Cause::QuickAck => say!(
            language,
            "Sent at once: the peer has only begun, and each ACK lets it send more. All before \
             {ack} is here.",
            "すぐに返しました。相手は送り始めたばかりで、ACK のたびに多く送れるようになるため\
             です。{ack} より前はすべて届いています。"
        ),
        Cause::GapFilled => say!(
            language,
            "A gap was filled, so the sender is told at once: all before {ack} is here now \
             (RFC 5681 §4.2).",
            "欠けていた所が埋まったので、すぐに知らせます。{ack} より前はすべて届きました \
             (RFC 5681 §4.2)。"
        ),
        Cause::Duplicate => fixed(
            "What came was here already; SACK says which bytes, so that the sender learns that it \
             need not have sent them again (RFC 2883).",
            "届いたものは受信済みでした。どのバイトかを SACK で示し、再送が不要だったと送信側に\
             伝えます (RFC 2883)。",
        ),
        Cause::Unacceptable => fixed(
            "A segment from outside the window came; this tells its sender where we are (RFC 9293 \
             §3.10.7.4).",
            "ウィンドウの外のセグメントが届いたので、こちらの現在位置を知らせます (RFC 9293 \
             §3.10.7.4)。",
        ),
        Cause::FinReceived => fixed(
            "The peer's FIN is acknowledged: it will send nothing more.",
            "相手の FIN に確認応答します。相手はもう何も送りません。",
        ),
        Cause::AllRead => fixed(
            "The application has read all that came and answers nothing, so that there is nothing \
             to wait for.",
            "アプリケーションは届いたものをすべて読み、返すデータもないので、待たずに ACK を\
             返します。",
        ),
        Cause::WindowUpdate => say!(
            language,
            "The application has read; there is room again, and worth saying so: {window} bytes.",
            "アプリケーションが読み、知らせるだけの空きができました。{window} バイトです。"
        ),
        Cause::ProbeAnswered => fixed(
            "The peer probed our closed window; this says how it is now.",
            "閉じたウィンドウへのプローブに、現在の状態を返します。",
        ),
        Cause::KeepAliveAnswered => fixed(
            "The peer asked whether we are still here. We are.",
            "まだいるかという相手の確認に、います、と返しています。",
        ),
        Cause::ChallengeAck => fixed(
            "Something suspicious came; a true peer will answer this, an impostor never sees it \
             (RFC 5961).",
            "疑わしいものが届きました。本物の相手ならこれに応答し、なりすましには届きません \
             (RFC 5961)。",
        ),
        Cause::LimitedTransmit => fixed(
            "New data on the first duplicate ACKs, so that enough of them come to tell a loss \
             (RFC 3042).",
            "最初の重複 ACK で新しいデータを送り、損失を判断できるだけの重複 ACK を引き出します \
             (RFC 3042)。",
        ),
        Cause::WindowProbe => fixed(
            "The peer's window is closed and the persist timer ran out: one byte, to learn \
             whether it opened (RFC 9293 §3.8.6.1).",
            "相手のウィンドウが閉じたまま持続タイマーが切れました。開いたかどうかを 1 バイトで\
             確かめます (RFC 9293 §3.8.6.1)。",
        ),
        _ => fixed(
            "Nothing was heard for long: are you still there?",
            "しばらく何も届いていないので、相手がまだいるか確かめます。",
        ),
    }
}

const fn reset(language: Language, reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::NoConnection => language.pick(
            "The segment before it belongs to no connection here, so its sender is told to give \
             up (RFC 9293 §3.10.7.1).",
            "直前のセグメントに当たる接続がここにはないので、やめるよう送信元に伝えます (RFC 9293 \
             §3.10.7.1)。",
        ),
        ResetReason::UnacceptableAck => language.pick(
            "What was acknowledged was never sent: the two ends do not speak of the same \
             connection (RFC 9293 §3.10.7.3).",
            "送っていないものに確認応答が来ました。両端は同じ接続の話をしていません (RFC 9293 \
             §3.10.7.3)。",
        ),
        ResetReason::Aborted => language.pick(
            "The application aborted the connection.",
            "アプリケーションが接続を打ち切りました。",
        ),
        ResetReason::DataAfterClose => language.pick(
            "Data came after the application had closed: nobody is left to read it.",
            "アプリケーションが閉じた後にデータが届きました。読むものはもういません。",
        ),
        ResetReason::TimedOut => language.pick(
            "The peer did not answer for too long: given up.",
            "相手の応答が長くないので、あきらめました。",
        ),
    }
}
