//! Why our stack made nothing of a packet.

use super::{Language, say};
use synema_core::trace::DropReason;

/// The sentence for a reason; `who` is whose stack it was, if not our own.
pub(super) fn dropped(language: Language, reason: DropReason, who: Option<&str>) -> String {
    let (english, japanese) = match reason {
        DropReason::Malformed => (
            "a header is cut off or contradicts itself",
            "ヘッダーが途中で切れているか、矛盾しています",
        ),
        DropReason::BadChecksum => ("its checksum is wrong", "チェックサムが合いません"),
        DropReason::OtherMac => (
            "it is not for our MAC address",
            "自分の MAC アドレス宛てではありません",
        ),
        DropReason::OtherAddress => (
            "it is not for our address",
            "自分のアドレス宛てではありません",
        ),
        DropReason::NoAddress => (
            "no address was claimed yet",
            "まだアドレスを確保していません",
        ),
        DropReason::UnknownEtherType => (
            "nobody here speaks its EtherType",
            "この EtherType は扱えません",
        ),
        DropReason::UnknownProtocol => (
            "nobody here speaks its protocol",
            "このプロトコルは扱えません",
        ),
        DropReason::BadSource => (
            "no packet may come from its source address",
            "送信元として許されないアドレスです",
        ),
        DropReason::ArpNotForUs => ("it does not concern us", "自分には関係がありません"),
        DropReason::FragmentLimit => (
            "too many fragments wait already",
            "待っているフラグメントが多すぎます",
        ),
        DropReason::FragmentTimeout => (
            "the other fragments never came",
            "残りのフラグメントが届きませんでした",
        ),
        DropReason::NoNeighbour => (
            "the next hop does not answer ARP",
            "次ホップが ARP に応答しません",
        ),
        DropReason::FragmentOverlap => ("its fragments overlap", "フラグメントが重なっています"),
        DropReason::NoListener => (
            "nobody listens on its port",
            "このポートで待ち受けているものがありません",
        ),
        DropReason::QueueFull => ("a queue was full", "キューが満杯でした"),
        DropReason::RateLimited => (
            "we answer no more often than this",
            "応答の頻度の上限を超えています",
        ),
        DropReason::IcmpNotOurs => (
            "it quotes nothing of ours",
            "引用されているのは自分のパケットではありません",
        ),
        DropReason::NoConnection => (
            "no connection has these addresses and ports",
            "このアドレスとポートの接続がありません",
        ),
        DropReason::OutsideWindow => (
            "it lies outside the receive window",
            "受信ウィンドウの外です",
        ),
        DropReason::DuplicateData => (
            "all of its data was here already",
            "データはすべて受信済みです",
        ),
        DropReason::OldTimestamp => (
            "its timestamp is older than one already seen",
            "タイムスタンプが受信済みのものより古いです",
        ),
        DropReason::NoAck => (
            "it has no ACK where there must be one",
            "必要な ACK がありません",
        ),
        DropReason::AckOfUnsent => (
            "it acknowledges what was never sent",
            "送っていないものに確認応答しています",
        ),
        DropReason::OldAck => (
            "it acknowledges what was acknowledged long ago",
            "とうに確認応答されたものへの ACK です",
        ),
        DropReason::ResetNotExact => (
            "a RST must carry exactly the next number",
            "RST の番号は、次に期待する番号と一致しなければなりません",
        ),
        DropReason::SynInWindow => (
            "a SYN has no place in the middle of a connection",
            "接続の途中に SYN は来ないはずです",
        ),
        DropReason::NoRoom => (
            "no memory was left for data out of order",
            "順序外のデータを置くメモリがありません",
        ),
        DropReason::PolicyOutOfOrder { .. } => (
            "the policy keeps nothing that is out of order",
            "順序外のものは保持しない設定です",
        ),
        DropReason::PolicyOverlooked => (
            "the policy overlooks such segments",
            "このようなセグメントは見落とす設定です",
        ),
        DropReason::AfterFin => (
            "the peer had said that it was done",
            "相手はすでに送信終了を告げています",
        ),
        DropReason::ReceiverGone => (
            "the connection is closing and takes no more data",
            "接続は終了中で、もうデータを受け取りません",
        ),
        DropReason::AcceptQueueFull => (
            "the application has not yet accepted the connections that wait for it",
            "アプリケーションが待機中の接続をまだ受け付けていません",
        ),
    };
    if let Some(who) = who {
        return say!(
            language,
            "{who} made nothing of it: {english}.",
            "{who} はこれを捨てました。{japanese}。"
        );
    }
    say!(
        language,
        "Our stack made nothing of it: {english}.",
        "このスタックはこれを捨てました。{japanese}。"
    )
}
