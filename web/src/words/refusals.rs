//! What the stack and the bridge refuse, and why a fetch failed. Their English is their own.

use crate::protocol::Problem;
use std::time::Duration;
use synema_core::app::dns::DnsError;
use synema_core::app::http::{HttpError, UrlError};
use synema_core::app::session::{ClaimRefusal, FetchError};
use synema_diagram::words::Language;

/// Why the bridge lets an address not be claimed.
pub(super) fn by_bridge(language: Language, why: synema_relay::ClaimRefusal) -> String {
    use synema_relay::ClaimRefusal as Why;
    if language == Language::English {
        return why.to_string();
    }
    match why {
        Why::OutsideSubnet(subnet) => format!("{subnet} のホストのアドレスではありません"),
        Why::HostsOwn => "このホスト自身のアドレスです".into(),
        Why::Gateways => "ゲートウェイのアドレスです".into(),
        Why::NotAStation => "ホストが持てるアドレスではありません".into(),
        Why::OnlyThis(addr) => format!("このブリッジは {addr} 専用に起動されています"),
        Why::AlreadyClaimed(addr) => format!("このセッションはまだ {addr} を持っています"),
        Why::TooManyConflicts => "使用中のアドレスが多すぎました".into(),
    }
}

/// Why the stack does not claim an address.
pub(super) fn by_stack(language: Language, why: ClaimRefusal) -> Problem {
    if language == Language::English {
        return Problem::new(why.to_string(), why.next_step());
    }
    const HOST: &str = "サブネット内の、使われていないホストのアドレスを選んでください";
    match why {
        ClaimRefusal::InUse { by } => Problem::new(
            format!("このアドレスは {by} が使用中です"),
            "別のアドレスを選んでください。これはその機器のものです",
        ),
        ClaimRefusal::OutsideSubnet { subnet, prefix_len } => Problem::new(
            format!("サブネット {subnet}/{prefix_len} の外のアドレスです"),
            HOST,
        ),
        ClaimRefusal::NotAHost => Problem::new("ホストが持てるアドレスではありません", HOST),
        ClaimRefusal::SubnetItself => Problem::new(
            "サブネットのネットワークアドレスかブロードキャストアドレスです",
            HOST,
        ),
        ClaimRefusal::Infrastructure => Problem::new(
            "ゲートウェイか DNS サーバーのアドレスです",
            "別のアドレスを選んでください。これはネットワークに欠かせません",
        ),
        ClaimRefusal::PrefixLen => Problem::new(
            "このプレフィックス長ではホストを置けません",
            "プレフィックス長は 1 から 30 にしてください",
        ),
        ClaimRefusal::Busy => Problem::new(
            "このセッションはすでにアドレスを持っています",
            "先に今のアドレスを手放してください",
        ),
    }
}

/// Why a fetch failed, and what to do.
pub(super) fn of_fetch(language: Language, error: &FetchError) -> Problem {
    if language == Language::English {
        return Problem::new(error.to_string(), error.next_step());
    }
    let (cause, next) = match error {
        FetchError::Url(error) => of_url(error),
        FetchError::Response(error) => of_response(error),
        FetchError::Name { name, error } => {
            let (why, next) = of_name(*error);
            (
                format!("{name} の名前を解決できません。{why}"),
                next.to_owned(),
            )
        }
        FetchError::Refused { remote } => (
            format!("{remote} が接続を拒否しました"),
            format!(
                "そこでサーバーがポート {} を待ち受けているか確かめるか、URL に別のポートを書いてください",
                remote.port()
            ),
        ),
        FetchError::NoRoute { remote } => (
            format!("{} への経路がわかりません", remote.ip()),
            format!(
                "synema を動かすマシンに {} へのゲートウェイを設定するか、サブネット内のサーバーを選んでください",
                remote.ip()
            ),
        ),
        FetchError::NoNeighbour { remote } => (
            format!("{} への途中で ARP に応答がありません", remote.ip()),
            format!(
                "{}（または途中のゲートウェイ）が起動していて、このネットワークにあるか確かめてください",
                remote.ip()
            ),
        ),
        other => {
            let (cause, next) = of_connection(other);
            (cause, next.to_owned())
        }
    };
    Problem::new(cause, next)
}

const AGAIN: &str = "もう一度試してください";
const SEE: &str =
    "もう一度試してください。届いた分は残っており、誰が終わらせたかはキャプチャでわかります";
const LAST: &str = "もう一度試してください。サーバーの最後のパケットをキャプチャで確かめられます";
const CHECK: &str =
    "アドレスとポートを確かめてください。黙って捨てるファイアウォールでもこうなります";

fn of_connection(error: &FetchError) -> (String, &'static str) {
    match error {
        FetchError::Busy => (
            "同時の取得が多すぎるか、同じ番号の取得があります".into(),
            "取得が終わるのを待つか、どれかをキャンセルしてください",
        ),
        FetchError::NoAddress => (
            "アドレスを確保していません".into(),
            "先にアドレスを確保してください",
        ),
        FetchError::AddressReleased => (
            "アドレスを手放しました".into(),
            "先にアドレスを確保してください",
        ),
        FetchError::AddressLost { to } => (
            format!("アドレスを {to} に取られました"),
            "別のアドレスを確保してください。ここまでのキャプチャは残っています",
        ),
        FetchError::NoNameServer { name } => (
            format!("DNS サーバーがわからず、{name} を調べられません"),
            "URL に名前の代わりに IPv4 アドレスを書くか、synema を動かすマシンに DNS サーバーを設定してください",
        ),
        FetchError::NoPort => (
            "接続に使えるポートが残っていません".into(),
            "ほかの取得を閉じて、もう一度試してください",
        ),
        FetchError::ConnectTimeout { remote, waited } => (
            format!("{remote} が {} 以内に応答しませんでした", seconds(*waited)),
            CHECK,
        ),
        FetchError::NoAnswer { remote } => (
            format!("{remote} は、どの接続要求にも応答しませんでした"),
            CHECK,
        ),
        FetchError::Unreachable { remote, code } => (
            format!("{remote} に到達できません: {}", unreachable(*code)),
            "アドレスを確かめてください。それを知らせたパケットがキャプチャにあります",
        ),
        FetchError::FirstByteTimeout { waited } => (
            format!("{} 以内に応答が来ませんでした", seconds(*waited)),
            "もう一度試すか、最初の 1 バイトまでの時間を延ばしてください。要求は届いています",
        ),
        FetchError::IdleTimeout { received, waited } => (
            format!(
                "{received} バイトで応答が止まり、{} の間何も来ませんでした",
                seconds(*waited)
            ),
            LAST,
        ),
        FetchError::Silent { received } => (
            format!("サーバーが確認応答を返さなくなりました（{received} バイト受信済み）"),
            LAST,
        ),
        FetchError::Reset { received } => (
            format!("本文 {received} バイトのところで、サーバーが接続をリセットしました"),
            SEE,
        ),
        FetchError::CutOff {
            received,
            expected: Some(expected),
        } => (
            format!("応答が途中で切れました。{expected} バイトのうち {received} バイトです"),
            SEE,
        ),
        FetchError::CutOff { received, .. } => (
            format!("最後のチャンクの前、{received} バイトで応答が切れました"),
            SEE,
        ),
        FetchError::NoResponse { received: 0 } => {
            ("サーバーが応答せずに接続を閉じました".into(), SEE)
        }
        FetchError::NoResponse { received } => (
            format!("ヘッダーの途中、{received} バイトで応答が切れました"),
            SEE,
        ),
        FetchError::RedirectLoop { url } => (
            format!("リダイレクトが {url} に戻ってきます"),
            "途中の URL を直接取得して、サーバーの意図を確かめてください",
        ),
        FetchError::TooManyRedirects { limit } => (
            format!("リダイレクトが {limit} 回を超えました"),
            "途中の URL を直接取得して、サーバーの意図を確かめてください",
        ),
        FetchError::Cancelled => ("取得をキャンセルしました".into(), "いつでも取得し直せます"),
        FetchError::Url(_)
        | FetchError::Response(_)
        | FetchError::Name { .. }
        | FetchError::Refused { .. }
        | FetchError::NoRoute { .. }
        | FetchError::NoNeighbour { .. } => ("取得できませんでした".into(), AGAIN),
    }
}

/// RFC 792 and RFC 1122 §3.2.2.1: the codes of "destination unreachable".
fn unreachable(code: u8) -> String {
    let words = match code {
        0 => "ルーターがそのネットワークへの経路を知りません",
        1 => "手前のルーターに応答がありません",
        2 => "TCP を扱いません",
        3 => "ポートが閉じています",
        4 => "ルーターが小さいパケットを求めています",
        5 => "ソースルートが失敗しました",
        6 => "ネットワークが不明です",
        7 => "ホストが不明です",
        9 | 10 | 13 => "ルーターかファイアウォールが禁じています",
        _ => return format!("ICMP 宛先到達不能、コード {code}"),
    };
    words.to_owned()
}

fn seconds(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis()) {
        (0, millis) => format!("{millis} ミリ秒"),
        (secs, 0) => format!("{secs} 秒"),
        (secs, millis) => format!("{secs}.{} 秒", millis / 100),
    }
}

fn of_url(error: &UrlError) -> (String, String) {
    let (cause, next) = match error {
        UrlError::Unparsable { text, .. } => (
            format!("「{text}」は URL ではありません"),
            "http://host/path の形で書いてください。例: http://www.lab.test/",
        ),
        UrlError::NoScheme { text } => {
            return (
                format!("「{text}」に http:// がありません"),
                format!("http://{text} と書いてください"),
            );
        }
        UrlError::Tls { url } => (
            format!("TLS にはまだ対応していないので、{url} は取得できません"),
            "http:// で配信されているページを取得してください。https:// へリダイレクトするサーバーも多くあります",
        ),
        UrlError::Scheme { scheme } => (
            format!("{scheme}:// は取得できません。使えるのは http:// だけです"),
            "http:// で始まる URL を使ってください",
        ),
        UrlError::Ipv6 { host } => (
            format!("IPv6 にはまだ対応していないので、{host} に届きません"),
            "サーバーの名前か IPv4 アドレスを使ってください",
        ),
        UrlError::NotAHost { host } => (
            format!("{host} はサーバーのアドレスではありません"),
            "ネットワーク上のサーバーを指定してください。このスタックは独立した 1 台で、localhost は誰でもありません",
        ),
        UrlError::BadName { name } => (
            format!("「{name}」はホスト名になりません"),
            "名前を確かめてください。ラベルは英数字とハイフンで 1 から 63 文字、全体で 253 バイトまでです",
        ),
        UrlError::PortZero => (
            "ポート 0 には接続できません".into(),
            "1 から 65535 のポートを使うか、省いて 80 にしてください",
        ),
        UrlError::TooLong { len } => (
            format!("URL が {len} バイトあります"),
            "もっと短い URL を使ってください",
        ),
    };
    (cause, next.to_owned())
}

fn of_name(error: DnsError) -> (String, &'static str) {
    const OTHERWISE: &str = "もう一度試すか、URL に名前の代わりに IPv4 アドレスを書いてください";
    const WAY: &str =
        "DNS サーバーのアドレスと経路を確かめるか、URL に IPv4 アドレスを書いてください";
    match error {
        DnsError::NoSuchName => (
            "その名前は存在しません (NXDOMAIN)".into(),
            "名前の綴りを確かめてください",
        ),
        DnsError::BadName => (
            "DNS の名前になりません".into(),
            "名前の綴りを確かめてください",
        ),
        DnsError::NoAddress => (
            "IPv4 アドレスがありません".into(),
            "IPv6 だけのホストかもしれません（未対応です）。別のホストを試してください",
        ),
        DnsError::ServerFailure => (
            "DNS サーバーが調べられませんでした (SERVFAIL)".into(),
            OTHERWISE,
        ),
        DnsError::Refused { code: 5 } => {
            ("DNS サーバーが応答を拒みました (REFUSED)".into(), OTHERWISE)
        }
        DnsError::Refused { code } => (
            format!("DNS サーバーがエラーコード {code} を返しました"),
            OTHERWISE,
        ),
        DnsError::Malformed => ("DNS サーバーの応答が読めません".into(), OTHERWISE),
        DnsError::Timeout => ("どの DNS サーバーも応答しませんでした".into(), WAY),
        DnsError::Unreachable => ("どの DNS サーバーにも届きません".into(), WAY),
        DnsError::AliasLoop => (
            "別名が際限なく続きます".into(),
            "そのゾーンの管理者に、別名が循環していると伝えてください",
        ),
        DnsError::NoSocket => (
            "問い合わせに使える UDP ポートが残っていません".into(),
            "ほかの問い合わせが終わるのを待って、もう一度試してください",
        ),
    }
}

fn of_response(error: &HttpError) -> (String, String) {
    const BROKEN: &str = "キャプチャで応答を見てください。サーバーがそこで HTTP に反しています";
    const TELL: &str = "サーバーの管理者に伝えてください。送られたものはキャプチャにあります";
    let (cause, next) = match error {
        HttpError::NotHttp { start } => (
            format!("応答が HTTP/1 ではありません。先頭は「{start}」です"),
            "ポートを確かめてください。Web サーバー以外が応答しています",
        ),
        HttpError::HeadTooLong { limit } => (
            format!("応答のヘッダーが {limit} バイトで終わりません"),
            TELL,
        ),
        HttpError::TooManyFields { limit } => (
            format!("応答のヘッダーフィールドが {limit} 個を超えています"),
            TELL,
        ),
        HttpError::BadHead { .. } => ("応答のヘッダーが壊れています".into(), BROKEN),
        HttpError::TooManyInterim => ("途中経過の応答が際限なく続きます".into(), BROKEN),
        HttpError::SwitchedProtocols => (
            "サーバーが、求められていないのに別のプロトコルに切り替えました".into(),
            BROKEN,
        ),
        HttpError::BadContentLength { value } => (
            format!("Content-Length が 1 つの数ではありません: 「{value}」"),
            BROKEN,
        ),
        HttpError::LengthAndCoding => (
            "Content-Length と Transfer-Encoding の両方があります".into(),
            BROKEN,
        ),
        HttpError::TransferCoding { value } => (
            format!("転送コーディング「{value}」には対応していません"),
            BROKEN,
        ),
        HttpError::BadChunk { .. } => ("チャンク形式の本文が壊れています".into(), BROKEN),
        HttpError::BodyTooLong { limit } => (
            format!("本文が上限の {limit} バイトを超えています"),
            "もっと小さいものを取得してください。届いた分は残っています",
        ),
        HttpError::BadLocation => ("リダイレクトの Location が読めません".into(), BROKEN),
    };
    (cause, next.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::wire::MacAddr;

    #[test]
    fn what_is_refused_is_told_in_the_language_that_is_spoken() {
        let to = MacAddr([2, 0, 0, 0, 0, 9]);
        let lost = FetchError::AddressLost { to };
        let english = of_fetch(Language::English, &lost);
        assert_eq!(english.cause, "our address was taken by 02:00:00:00:00:09");
        let japanese = of_fetch(Language::Japanese, &lost);
        assert_eq!(
            japanese.cause,
            "アドレスを 02:00:00:00:00:09 に取られました"
        );
        let name = FetchError::Name {
            name: "www.lab.test".into(),
            error: DnsError::NoSuchName,
        };
        let told = of_fetch(Language::Japanese, &name);
        assert_eq!(
            told.cause,
            "www.lab.test の名前を解決できません。その名前は存在しません (NXDOMAIN)"
        );
        assert_eq!(told.next, "名前の綴りを確かめてください");
        let why = synema_relay::ClaimRefusal::Gateways;
        let bridge = by_bridge(Language::Japanese, why);
        assert_eq!(bridge, "ゲートウェイのアドレスです");
        let stack = by_stack(Language::Japanese, ClaimRefusal::Busy);
        assert_eq!(stack.next, "先に今のアドレスを手放してください");
    }
}
