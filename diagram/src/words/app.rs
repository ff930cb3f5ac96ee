//! One line for what a packet carries: `GET /path`, `200 OK`, `A www.lab.test ?`.

use crate::analysis::dns_message;
use crate::analysis::exchange::{dns_addresses, dns_question};
use simple_dns::{PacketFlag, RCODE};
use synema_core::wire::Packet;

/// Longer than this no label is ever drawn.
const MAX_LINE: usize = 60;
const METHODS: [&str; 8] = [
    "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ",
];

/// What the packet carries, in one short line, if that can be told.
pub fn app_line(packet: &Packet<'_>) -> Option<String> {
    if let Some(message) = dns_message(packet) {
        return Some(dns_line(&message));
    }
    let payload = packet.tcp().map(|_| packet.payload())?;
    http_line(payload).or_else(|| tls_line(payload))
}

fn dns_line(message: &simple_dns::Packet<'_>) -> String {
    let (kind, name) = dns_question(message).unwrap_or_default();
    if !message.has_flags(PacketFlag::RESPONSE) {
        return format!("{kind} {name} ?");
    }
    let addresses = dns_addresses(message);
    match (message.rcode(), addresses.first()) {
        (RCODE::NoError, Some(first)) if addresses.len() > 1 => {
            format!("{name} is {first} (+{})", addresses.len() - 1)
        }
        (RCODE::NoError, Some(first)) => format!("{name} is {first}"),
        (RCODE::NoError, None) => format!("no {kind} for {name}"),
        (RCODE::NameError, _) => format!("{name} does not exist"),
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

/// RFC 8446 §5.1: what kind of record a segment begins with.
fn tls_line(payload: &[u8]) -> Option<String> {
    let &[kind, 3, 0..=4, _, _, handshake, ..] = payload else {
        return None;
    };
    let what = match (kind, handshake) {
        (22, 1) => "TLS ClientHello",
        (22, 2) => "TLS ServerHello",
        (22, 11) => "TLS Certificate",
        (22, _) => "TLS handshake",
        (20, _) => "TLS ChangeCipherSpec",
        (21, _) => "TLS alert",
        (23, _) => "TLS data",
        _ => return None,
    };
    Some(what.to_owned())
}
