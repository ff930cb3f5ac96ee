//! ICMPv6 in words: neighbour discovery as ARP is told, and the errors.

use super::{Language, say};
use crate::view::LabelMode;
use synema_core::wire::icmpv6::Message;

/// RFC 4443 §3.1.
const fn unreachable(language: Language, code: u8) -> &'static str {
    match code {
        0 => language.pick("no route to the destination", "宛先への経路なし"),
        1 => language.pick("administratively prohibited", "管理上の理由で禁止"),
        2 => language.pick(
            "beyond the scope of the source address",
            "送信元アドレスのスコープ外",
        ),
        3 => language.pick("address unreachable", "アドレス到達不能"),
        4 => language.pick("port unreachable", "ポート到達不能"),
        5 => language.pick("source address refused", "送信元アドレスを拒否"),
        6 => language.pick("route to the destination refused", "宛先への経路を拒否"),
        _ => language.pick("destination unreachable", "宛先到達不能"),
    }
}

/// RFC 792, RFC 4443 §3.3: the same codes in both versions.
pub(crate) const fn time_exceeded(language: Language, code: u8) -> &'static str {
    match code {
        0 => language.pick(
            "time exceeded: too many routers",
            "時間超過: ルーターが多すぎる",
        ),
        _ => language.pick(
            "time exceeded: a fragment is missing",
            "時間超過: フラグメント不足",
        ),
    }
}

/// What an error reports, in a few words; none of what is no error.
pub(crate) fn error(language: Language, message: &Message) -> Option<String> {
    Some(match message {
        Message::DestinationUnreachable(code) => unreachable(language, *code).to_owned(),
        Message::PacketTooBig(mtu) => say!(
            language,
            "packet too big, the next hop takes {mtu} bytes",
            "パケットが大きすぎる、次ホップは {mtu} バイトまで"
        ),
        Message::TimeExceeded(code) => time_exceeded(language, *code).to_owned(),
        Message::ParameterProblem(at) => say!(
            language,
            "parameter problem at byte {at}",
            "パラメーター異常、{at} バイト目"
        ),
        _ => return None,
    })
}

/// The label of a message, from the longest wording to the shortest.
pub(super) fn labels(language: Language, message: &Message, mode: LabelMode) -> Vec<String> {
    let words = mode == LabelMode::Words;
    let pick = |english, japanese| language.pick(english, japanese).to_owned();
    if let Some(error) = error(language, message) {
        return vec![format!("ICMPv6 {error}"), error];
    }
    match message {
        Message::EchoRequest { sequence, .. } => {
            vec![
                say!(language, "echo request {sequence}", "エコー要求 {sequence}"),
                say!(language, "echo {sequence}", "エコー {sequence}"),
            ]
        }
        Message::EchoReply { sequence, .. } => {
            vec![
                say!(language, "echo reply {sequence}", "エコー応答 {sequence}"),
                say!(language, "reply {sequence}", "応答 {sequence}"),
            ]
        }
        Message::NeighbourSolicitation { target, .. } if words => {
            vec![
                say!(language, "who has {target}?", "{target} は誰か?"),
                format!("{target}?"),
            ]
        }
        Message::NeighbourSolicitation { target, .. } => {
            vec![format!("NS who has {target}"), "NS".into()]
        }
        Message::NeighbourAdvertisement { target, mac, .. } => {
            let at = mac.map_or_else(String::new, |mac| format!(" is at {mac}"));
            match (words, mac) {
                (true, Some(mac)) => vec![
                    say!(language, "{target} is at {mac}", "{target} は {mac}"),
                    say!(language, "I have {target}", "{target} は自分"),
                ],
                (true, None) => vec![
                    target.to_string(),
                    say!(language, "I have {target}", "{target} は自分"),
                ],
                (false, _) => vec![format!("NA {target}{at}"), "NA".into()],
            }
        }
        Message::RouterSolicitation if words => vec![
            pick("is there a router?", "ルーターはいるか?"),
            pick("router?", "ルーター?"),
        ],
        Message::RouterSolicitation => {
            vec![pick("router solicitation", "ルーター要請"), "RS".into()]
        }
        Message::RouterAdvertisement { lifetime: 0 } => vec![
            pick(
                "router, but not for other networks",
                "ルーター、ただし外へは中継しない",
            ),
            "RA".into(),
        ],
        Message::RouterAdvertisement { lifetime } => vec![
            say!(
                language,
                "router here, for {lifetime} s",
                "ルーターはここ、{lifetime} 秒間"
            ),
            "RA".into(),
        ],
        Message::Multicast => vec![pick("group membership", "グループ参加"), "MLD".into()],
        other => vec![format!("ICMPv6 {other:?}"), "ICMPv6".into()],
    }
}

/// Why it was sent, in a sentence; nothing where there is no more to say than its label.
pub(super) fn why(
    language: Language,
    message: &Message,
    who: &str,
    is_answer: bool,
) -> Option<String> {
    if let Some(error) = error(language, message) {
        return Some(say!(
            language,
            "{who} reports that a packet could not be delivered: {error}. It quotes its beginning \
             (RFC 4443).",
            "{who} が、パケットを届けられなかったと知らせています。{error}。その先頭が引用されて\
             います (RFC 4443)。"
        ));
    }
    Some(match message {
        Message::NeighbourSolicitation { target, mac: None } => say!(
            language,
            "Asks whether anybody has {target}, before it is used, or whether it is still there \
             (RFC 4861, RFC 4862).",
            "使う前に {target} を持つホストがいないか、またはまだいるかを尋ねています (RFC 4861、\
             RFC 4862)。"
        ),
        Message::NeighbourSolicitation { target, .. } => say!(
            language,
            "{who} wants to send something to {target} and asks for its MAC address (RFC 4861).",
            "{who} が {target} に送りたいものがあり、その MAC アドレスを尋ねています (RFC 4861)。"
        ),
        Message::NeighbourAdvertisement { target, mac, .. } => {
            let at = match mac {
                Some(mac) => say!(
                    language,
                    "{target} is at {mac}",
                    "{target} は {mac} にあります"
                ),
                None => say!(language, "{target} is here", "{target} はここにあります"),
            };
            match is_answer {
                true => say!(language, "{who} answers: {at}.", "{who} の応答です。{at}。"),
                false => say!(
                    language,
                    "{who} tells everybody: {at}.",
                    "{who} から全員への通知です。{at}。"
                ),
            }
        }
        Message::RouterSolicitation => say!(
            language,
            "{who} asks for a router.",
            "{who} がルーターを探しています。"
        ),
        Message::RouterAdvertisement { .. } => say!(
            language,
            "{who} says that it is a router, and which addresses may be used here.",
            "{who} が、自分がルーターであることと、ここで使えるアドレスを知らせています。"
        ),
        Message::Multicast => say!(
            language,
            "{who} says which groups it listens to.",
            "{who} が、参加しているグループを知らせています。"
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;
    use synema_core::wire::MacAddr;

    #[test]
    fn neighbours_routers_and_errors_are_told_in_one_line() {
        let target = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
        let mac = Some(MacAddr([2, 0, 0, 0, 0, 7]));
        let asked = Message::NeighbourSolicitation { target, mac };
        let probe = Message::NeighbourSolicitation { target, mac: None };
        let answer = Message::NeighbourAdvertisement {
            target,
            mac,
            solicited: true,
        };
        for (message, label, sentence) in [
            (asked, "who has fe80::7?", "asks for its MAC address"),
            (probe, "who has fe80::7?", "before it is used"),
            (
                answer,
                "fe80::7 is at 02:00:00:00:00:07",
                "A answers: fe80::7",
            ),
            (
                Message::PacketTooBig(1_280),
                "ICMPv6 packet too big, the next hop takes 1280 bytes",
                "could not be delivered",
            ),
            (
                Message::DestinationUnreachable(4),
                "ICMPv6 port unreachable",
                "port unreachable. It quotes",
            ),
            (
                Message::RouterAdvertisement { lifetime: 1_800 },
                "router here, for 1800 s",
                "is a router",
            ),
        ] {
            assert_eq!(
                labels(Language::English, &message, LabelMode::Words)[0],
                label
            );
            let told = why(Language::English, &message, "A", true).unwrap_or_default();
            assert!(told.contains(sentence), "{told}");
            let numbers = labels(Language::English, &message, LabelMode::Numbers);
            assert!(numbers.iter().all(|text| !text.is_empty()), "{numbers:?}");
        }
    }
}
