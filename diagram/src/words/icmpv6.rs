//! ICMPv6 in words: neighbour discovery as ARP is told, and the errors.

use crate::view::LabelMode;
use synema_core::wire::icmpv6::Message;

/// RFC 4443 §3.1.
const fn unreachable(code: u8) -> &'static str {
    match code {
        0 => "no route to the destination",
        1 => "administratively prohibited",
        2 => "beyond the scope of the source address",
        3 => "address unreachable",
        4 => "port unreachable",
        5 => "source address refused",
        6 => "route to the destination refused",
        _ => "destination unreachable",
    }
}

/// What an error reports, in a few words; none of what is no error.
pub(crate) fn error(message: &Message) -> Option<String> {
    Some(match message {
        Message::DestinationUnreachable(code) => unreachable(*code).to_owned(),
        Message::PacketTooBig(mtu) => format!("packet too big, the next hop takes {mtu} bytes"),
        Message::TimeExceeded(0) => "time exceeded: too many routers".to_owned(),
        Message::TimeExceeded(_) => "time exceeded: a fragment is missing".to_owned(),
        Message::ParameterProblem(at) => format!("parameter problem at byte {at}"),
        _ => return None,
    })
}

/// The label of a message, from the longest wording to the shortest.
pub(super) fn labels(message: &Message, mode: LabelMode) -> Vec<String> {
    let words = mode == LabelMode::Words;
    if let Some(error) = error(message) {
        return vec![format!("ICMPv6 {error}"), error];
    }
    match message {
        Message::EchoRequest { sequence, .. } => {
            vec![
                format!("echo request {sequence}"),
                format!("echo {sequence}"),
            ]
        }
        Message::EchoReply { sequence, .. } => {
            vec![
                format!("echo reply {sequence}"),
                format!("reply {sequence}"),
            ]
        }
        Message::NeighbourSolicitation { target, .. } if words => {
            vec![format!("who has {target}?"), format!("{target}?")]
        }
        Message::NeighbourSolicitation { target, .. } => {
            vec![format!("NS who has {target}"), "NS".into()]
        }
        Message::NeighbourAdvertisement { target, mac, .. } => {
            let at = mac.map_or_else(String::new, |mac| format!(" is at {mac}"));
            match words {
                true => vec![format!("{target}{at}"), format!("I have {target}")],
                false => vec![format!("NA {target}{at}"), "NA".into()],
            }
        }
        Message::RouterSolicitation if words => vec!["is there a router?".into(), "router?".into()],
        Message::RouterSolicitation => vec!["router solicitation".into(), "RS".into()],
        Message::RouterAdvertisement { lifetime: 0 } => {
            vec!["router, but not for other networks".into(), "RA".into()]
        }
        Message::RouterAdvertisement { lifetime } => {
            vec![format!("router here, for {lifetime} s"), "RA".into()]
        }
        Message::Multicast => vec!["group membership".into(), "MLD".into()],
        other => vec![format!("ICMPv6 {other:?}"), "ICMPv6".into()],
    }
}

/// Why it was sent, in a sentence; nothing where there is no more to say than its label.
pub(super) fn why(message: &Message, who: &str, is_answer: bool) -> Option<String> {
    if let Some(error) = error(message) {
        return Some(format!(
            "{who} reports that a packet could not be delivered: {error}. It quotes its beginning \
             (RFC 4443)."
        ));
    }
    Some(match message {
        Message::NeighbourSolicitation { target, mac: None } => format!(
            "Asks whether anybody has {target}, before it is used, or whether it is still there \
             (RFC 4861, RFC 4862)."
        ),
        Message::NeighbourSolicitation { target, .. } => format!(
            "{who} wants to send something to {target} and asks for its MAC address (RFC 4861)."
        ),
        Message::NeighbourAdvertisement { target, mac, .. } => {
            let told = if is_answer {
                "answers"
            } else {
                "tells everybody"
            };
            let at = mac.map_or_else(|| "here".to_owned(), |mac| format!("at {mac}"));
            format!("{who} {told}: {target} is {at}.")
        }
        Message::RouterSolicitation => format!("{who} asks for a router."),
        Message::RouterAdvertisement { .. } => {
            format!("{who} says that it is a router, and which addresses may be used here.")
        }
        Message::Multicast => format!("{who} says which groups it listens to."),
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
            assert_eq!(labels(&message, LabelMode::Words)[0], label);
            let told = why(&message, "A", true).unwrap_or_default();
            assert!(told.contains(sentence), "{told}");
            let numbers = labels(&message, LabelMode::Numbers);
            assert!(numbers.iter().all(|text| !text.is_empty()), "{numbers:?}");
        }
    }
}
