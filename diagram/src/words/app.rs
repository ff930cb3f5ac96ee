//! One line for what a packet carries: `GET /path`, `200 OK`, `A www.lab.test ?`.

use super::{Language, say};
use crate::analysis::dns_message;
use crate::analysis::exchange::{dns_addresses, dns_question};
use simple_dns::{PacketFlag, RCODE};
use std::borrow::Cow;
use synema_core::wire::Packet;
use synema_core::wire::tls::{self, ContentType, Handshake};

/// Longer than this no label is ever drawn.
const MAX_LINE: usize = 60;
const METHODS: [&str; 8] = [
    "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ",
];

/// So many records of one segment are told.
const MAX_RECORDS: usize = 3;
/// FTP, SMTP, mail submission, POP3.
const LINE_PORTS: [u16; 4] = [21, 25, 587, 110];
/// Commands that are repeated with what follows them.
const VERBS: [&str; 27] = [
    "CWD", "DATA", "DELE", "EHLO", "EPSV", "FEAT", "HELO", "LIST", "MAIL", "MKD", "NLST", "NOOP",
    "PASV", "PORT", "PWD", "QUIT", "RCPT", "RETR", "RSET", "SIZE", "STARTTLS", "STAT", "STOR",
    "SYST", "TYPE", "UIDL", "USER",
];
/// Commands of which nothing more is told.
const SECRET_VERBS: [&str; 4] = ["PASS", "AUTH", "ACCT", "APOP"];

/// What the packet carries, in one short line, if that can be told.
pub fn app_line(language: Language, packet: &Packet<'_>) -> Option<String> {
    if let Some(message) = dns_message(packet) {
        return Some(dns_line(language, &message));
    }
    let payload = packet.tcp().map(|_| packet.payload())?;
    let ports = packet
        .tcp()
        .map_or([0; 2], |tcp| [tcp.src_port().0, tcp.dst_port().0]);
    http_line(payload)
        .or_else(|| tls_line(language, payload))
        .or_else(|| plain_line(payload, ports))
}

fn dns_line(language: Language, message: &simple_dns::Packet<'_>) -> String {
    let (kind, name) = dns_question(message).unwrap_or_default();
    if !message.has_flags(PacketFlag::RESPONSE) {
        return format!("{kind} {name} ?");
    }
    let addresses = dns_addresses(message);
    match (message.rcode(), addresses.first()) {
        (RCODE::NoError, Some(first)) if addresses.len() > 1 => {
            let more = addresses.len() - 1;
            say!(
                language,
                "{name} is {first} (+{more})",
                "{name} は {first} (+{more})"
            )
        }
        (RCODE::NoError, Some(first)) => {
            say!(language, "{name} is {first}", "{name} は {first}")
        }
        (RCODE::NoError, None) => {
            say!(language, "no {kind} for {name}", "{name} に {kind} なし")
        }
        (RCODE::NameError, _) => {
            say!(language, "{name} does not exist", "{name} は存在しない")
        }
        (other, _) => format!("{name}: {other:?}"),
    }
}

/// The request line without its version, or the status without its.
fn http_line(payload: &[u8]) -> Option<String> {
    let line = first_line(payload)?;
    if METHODS.iter().any(|method| line.starts_with(method)) {
        let end = line.rfind(" HTTP/").unwrap_or(line.len());
        return Some(line[..end].to_owned());
    }
    let status = line
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    Some(status.trim_end().to_owned())
}

/// The first line, as far as it is printable ASCII and short.
fn first_line(payload: &[u8]) -> Option<String> {
    let end = payload
        .iter()
        .position(|&byte| !(b' '..=b'~').contains(&byte));
    let line = &payload[..end.unwrap_or(payload.len())];
    (line.len() >= 4).then(|| {
        line[..line.len().min(MAX_LINE)]
            .iter()
            .map(|&byte| char::from(byte))
            .collect()
    })
}

/// The records that begin in a segment: `ClientHello www.example.com`, `ServerHello,
/// ChangeCipherSpec, data`.
fn tls_line(language: Language, payload: &[u8]) -> Option<String> {
    let mut words: Vec<Cow<'static, str>> = Vec::new();
    // What follows a change of keys is encrypted: its type says nothing.
    let mut is_plain = true;
    for record in tls::records(payload) {
        let word = record_word(language, &record, is_plain);
        is_plain &= record.content != ContentType::ChangeCipherSpec;
        if words.last() != Some(&word) {
            words.push(word);
        }
        if words.len() == MAX_RECORDS {
            break;
        }
    }
    (!words.is_empty()).then(|| format!("TLS {}", words.join(", ")))
}

fn record_word(language: Language, record: &tls::Record<'_>, is_plain: bool) -> Cow<'static, str> {
    match record.content {
        ContentType::ChangeCipherSpec => "ChangeCipherSpec".into(),
        ContentType::ApplicationData => language.pick("data", "データ").into(),
        ContentType::Alert => match record.alert() {
            Some((_, number)) => {
                let name = tls::alert_name(number);
                say!(language, "alert: {name}", "アラート: {name}").into()
            }
            None => language.pick("alert", "アラート").into(),
        },
        ContentType::Handshake if !is_plain => language.pick("handshake", "ハンドシェイク").into(),
        ContentType::Handshake => match record.handshake() {
            Some(Handshake::ClientHello(Some(name))) => format!("ClientHello {name}").into(),
            Some(Handshake::ClientHello(None)) => "ClientHello".into(),
            Some(Handshake::ServerHello) => "ServerHello".into(),
            Some(Handshake::Certificate) => "Certificate".into(),
            Some(Handshake::Other) | None => language.pick("handshake", "ハンドシェイク").into(),
        },
    }
}

/// A line of a protocol of lines: SSH's version (RFC 4253 §4.2), and what is said on the
/// ports of FTP, SMTP and POP3 (RFC 959 §4, RFC 5321 §4, RFC 1939 §3). Of a command only
/// what is known to be one is repeated, and of a secret nothing.
fn plain_line(payload: &[u8], ports: [u16; 2]) -> Option<String> {
    let line = first_line(payload)?;
    if line.starts_with("SSH-2.0-") || line.starts_with("SSH-1.99-") {
        return Some(line);
    }
    if !ports.iter().any(|port| LINE_PORTS.contains(port)) {
        return None;
    }
    let verb = line.split(' ').next().unwrap_or_default();
    let code = verb.split('-').next().unwrap_or_default();
    let is_reply = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_reply || verb == "+OK" || verb == "-ERR" || VERBS.contains(&verb) {
        Some(line)
    } else if SECRET_VERBS.contains(&verb) {
        Some(format!("{verb} …"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[kind, 3, 3], &len[..], body].concat()
    }

    #[test]
    fn records_are_told_in_their_order_and_only_while_they_are_plain() {
        let hello = record(22, &[2, 0, 0, 0]);
        let rest = [
            record(20, &[1]),
            record(22, &[2, 9, 9, 9]),
            record(23, &[1; 9]),
        ]
        .concat();
        let line = tls_line(Language::English, &[hello, rest].concat()).expect("records");
        assert_eq!(line, "TLS ServerHello, ChangeCipherSpec, handshake");
        let data = [record(23, &[1; 9]), record(23, &[2; 9])].concat();
        assert_eq!(
            tls_line(Language::English, &data).as_deref(),
            Some("TLS data")
        );
        let alert = record(21, &[2, 112]);
        assert_eq!(
            tls_line(Language::English, &alert).as_deref(),
            Some("TLS alert: unrecognized name")
        );
    }

    #[test]
    fn lines_are_repeated_where_they_are_known_and_secrets_never() {
        let line = |text: &str, port| plain_line(text.as_bytes(), [40_000, port]);
        assert_eq!(
            line("SSH-2.0-OpenSSH_9.2\r\n", 2_222).as_deref(),
            Some("SSH-2.0-OpenSSH_9.2")
        );
        assert_eq!(line("220 ready\r\n", 21).as_deref(), Some("220 ready"));
        assert_eq!(line("250-SIZE 10\r\n", 25).as_deref(), Some("250-SIZE 10"));
        assert_eq!(line("220 ready\r\n", 8_000), None);
        assert_eq!(line("RETR a.txt\r\n", 21).as_deref(), Some("RETR a.txt"));
        assert_eq!(line("PASS hunter2\r\n", 21).as_deref(), Some("PASS …"));
        assert_eq!(
            line("AUTH PLAIN AGEAYg==\r\n", 25).as_deref(),
            Some("AUTH …")
        );
        assert_eq!(line("aHVudGVyMg==\r\n", 25), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_the_line_is_short_and_printable(
            bytes in prop::collection::vec(any::<u8>(), 0..120),
            start in prop::sample::select(vec![&b""[..], b"SSH-2.0-", b"220 ", b"PASS ", &[22, 3, 1, 0, 60, 1]]),
            port in prop::sample::select(vec![21u16, 25, 443]),
        ) {
            let payload = [start, &bytes].concat();
            for line in [tls_line(Language::English, &payload), plain_line(&payload, [40_000, port])].into_iter().flatten() {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
                prop_assert!(line.chars().count() <= MAX_RECORDS * 280, "{line:?}");
                prop_assert!(!line.starts_with("PASS ") || line == "PASS …");
            }
        }
    }
}
