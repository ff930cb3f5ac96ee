//! TLS as far as it can be read from outside (RFC 8446 §5.1, §4; RFC 6066 §3): which
//! records there are, and the name that a client asks for.
//!
//! ```text
//!   0     1         3         5
//!  ┌─────┬─────────┬─────────┬───────────────────────────────┐
//!  │type │ version │ length  │ fragment                      │  record
//!  └─────┴─────────┴─────────┴───────────────────────────────┘
//!                            ┌────┬───────────┬──────────────┐
//!                            │type│ length, 3 │ message      │  handshake
//!                            └────┴───────────┴──────────────┘
//!  ClientHello: version 2, random 32, session id <1>, cipher suites <2>,
//!  compression <1>, extensions <2> of type 2, data <2>; <n>: a length of n bytes first
//! ```
//!
//! A segment may begin in the middle of a record, and end in one: what is there is read
//! as far as it goes, and nothing is put together from several segments.

use super::be16;

/// Bytes of a record's header.
const RECORD_HEADER: usize = 5;
/// RFC 8446 §5.2: no record's fragment is longer.
const MAX_FRAGMENT: usize = (1 << 14) + 256;
/// RFC 6066 §3: `server_name`, and in it `host_name`.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
/// RFC 1035 §2.3.4.
const MAX_NAME: usize = 255;

/// What a record holds. RFC 8446 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentType {
    /// 20: from here on with the new keys.
    ChangeCipherSpec,
    /// 21: something is wrong, or nothing more comes.
    Alert,
    /// 22.
    Handshake,
    /// 23: encrypted, whatever it is.
    ApplicationData,
}

impl ContentType {
    const fn read(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }
}

/// One record, as much of it as there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it holds.
    pub content: ContentType,
    /// How long it says that it is, in bytes, without its header.
    pub len: usize,
    fragment: &'a [u8],
}

/// A message of the handshake that is not encrypted. RFC 8446 §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake<'a> {
    /// 1: a client begins; the name that it asks for, where that can be read.
    ClientHello(Option<&'a str>),
    /// 2: the server answers.
    ServerHello,
    /// 11: who the server is (before TLS 1.3).
    Certificate,
    /// Any other, or one that is encrypted: its type cannot be trusted.
    Other,
}

/// The records of which the header is there, from the first byte on; none if that
/// begins no record.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let (record, after) = Record::split(rest)?;
        rest = after;
        Some(record)
    })
}

impl<'a> Record<'a> {
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let &[content, 3, 0..=4, high, low, ref rest @ ..] = bytes else {
            return None;
        };
        debug_assert_eq!(bytes.len() - rest.len(), RECORD_HEADER);
        let content = ContentType::read(content)?;
        let len = usize::from(be16(high, low));
        if len == 0 || len > MAX_FRAGMENT {
            return None;
        }
        let (fragment, rest) = rest.split_at(len.min(rest.len()));
        let record = Self {
            content,
            len,
            fragment,
        };
        Some((record, rest))
    }

    /// The first message in it, if it is of the handshake.
    pub fn handshake(&self) -> Option<Handshake<'a>> {
        if self.content != ContentType::Handshake {
            return None;
        }
        let &[kind, a, b, c, ref rest @ ..] = self.fragment else {
            return Some(Handshake::Other);
        };
        let len = u32::from_be_bytes([0, a, b, c]) as usize;
        let message = &rest[..len.min(rest.len())];
        Some(match kind {
            1 => Handshake::ClientHello(server_name(message)),
            2 => Handshake::ServerHello,
            11 => Handshake::Certificate,
            _ => Handshake::Other,
        })
    }

    /// What an alert says: whether it is fatal, and its number. None for what is no
    /// alert, or is encrypted.
    pub fn alert(&self) -> Option<(bool, u8)> {
        match (self.content, self.len, self.fragment) {
            (ContentType::Alert, 2, &[level @ 1..=2, description]) => {
                Some((level == 2, description))
            }
            _ => None,
        }
    }
}

/// What an alert's number means. RFC 8446 §6.
pub const fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record MAC",
        22 => "record overflow",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        109 => "missing extension",
        110 => "unsupported extension",
        112 => "unrecognized name",
        116 => "certificate required",
        120 => "no application protocol",
        _ => "unknown",
    }
}

/// The host name that a ClientHello asks for. RFC 8446 §4.1.2, RFC 6066 §3.
fn server_name(message: &[u8]) -> Option<&str> {
    let rest = message.get(2 + 32..)?;
    let (_session, rest) = short(rest)?;
    let (_suites, rest) = long(rest)?;
    let (_compression, rest) = short(rest)?;
    let rest = rest.get(2..)?;
    let mut extensions = rest;
    while let Some((kind, after)) = extensions.split_first_chunk::<2>() {
        let (data, after) = long(after)?;
        if be16(kind[0], kind[1]) == SERVER_NAME {
            return host_name(data);
        }
        extensions = after;
    }
    None
}

fn host_name(data: &[u8]) -> Option<&str> {
    let (mut list, _) = long(data)?;
    while let Some((&kind, after)) = list.split_first() {
        let (name, after) = long(after)?;
        if kind == HOST_NAME {
            // What is no host name is not repeated to people.
            let is_name = !name.is_empty()
                && name.len() <= MAX_NAME
                && name
                    .iter()
                    .all(|&byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
            return core::str::from_utf8(name).ok().filter(|_| is_name);
        }
        list = after;
    }
    None
}

/// Bytes behind a length of one byte, and what follows them.
fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(len))
}

/// Bytes behind a length of two bytes, and what follows them.
fn long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(be16(len[0], len[1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_len16(bytes: &[u8]) -> Vec<u8> {
        let len = u16::try_from(bytes.len()).expect("short").to_be_bytes();
        [&len[..], bytes].concat()
    }

    /// A ClientHello with an extension before the one that names the server.
    fn hello(name: &[u8]) -> Vec<u8> {
        let entry = [&[HOST_NAME][..], &with_len16(name)].concat();
        let server_name = [&[0, 0][..], &with_len16(&with_len16(&entry))].concat();
        let versions = [&[0, 43][..], &with_len16(&[2, 3, 4])].concat();
        let mut message = vec![3, 3];
        message.extend([7; 32]);
        message.extend([2, 9, 9]);
        message.extend(with_len16(&[0x13, 0x01]));
        message.extend([1, 0]);
        message.extend(with_len16(&[versions, server_name].concat()));
        let len = u32::try_from(message.len()).expect("short").to_be_bytes();
        record(22, &[&[1][..], &len[1..], &message].concat())
    }

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind, 3, 1][..], &with_len16(body)].concat()
    }

    #[test]
    fn a_client_hello_tells_the_name_that_is_asked_for() {
        let bytes = hello(b"www.example.com");
        let first = records(&bytes).next().expect("a record");
        assert_eq!(
            first.handshake(),
            Some(Handshake::ClientHello(Some("www.example.com")))
        );
        for hostile in [&b"a b"[..], b"", b"\xc3\xa9.example", b"<b>", b"a\0b"] {
            let bytes = hello(hostile);
            let first = records(&bytes).next().expect("a record");
            assert_eq!(first.handshake(), Some(Handshake::ClientHello(None)));
        }
    }

    #[test]
    fn records_follow_each_other_and_the_last_may_be_cut() {
        let mut bytes = record(22, &[2, 0, 0, 1, 0]);
        bytes.extend(record(20, &[1]));
        bytes.extend(record(21, &[2, 40]));
        bytes.extend([23, 3, 3, 1, 0, 0xaa]);
        let found: Vec<_> = records(&bytes).collect();
        let contents: Vec<_> = found.iter().map(|record| record.content).collect();
        use ContentType::{Alert, ApplicationData, ChangeCipherSpec, Handshake as Message};
        assert_eq!(
            contents,
            [Message, ChangeCipherSpec, Alert, ApplicationData]
        );
        assert_eq!(found[0].handshake(), Some(Handshake::ServerHello));
        assert_eq!(found[2].alert(), Some((true, 40)));
        assert_eq!(alert_name(40), "handshake failure");
        assert_eq!(found[3].len, 256);
        assert_eq!(records(b"GET / HTTP/1.1").next(), None);
        assert_eq!(
            records(&[22, 3, 1, 0, 0]).next(),
            None,
            "an empty record is none"
        );
    }

    proptest! {
        /// Whatever comes, and wherever it is cut: a whole name or none.
        #[test]
        fn hostile_bytes_are_read_as_far_as_they_go(
            noise in prop::collection::vec(any::<u8>(), 0..200),
            at in 0usize..120,
            byte: u8,
            cut in 0usize..120,
        ) {
            for bytes in [noise, {
                let mut bytes = hello(b"www.example.com");
                let place = at % bytes.len();
                bytes[place] = byte;
                bytes.truncate(cut);
                bytes
            }] {
                for record in records(&bytes) {
                    let _ = record.alert();
                    if let Some(Handshake::ClientHello(Some(name))) = record.handshake() {
                        prop_assert!(!name.is_empty() && name.len() <= MAX_NAME);
                        prop_assert!(name.is_ascii());
                    }
                }
            }
        }

        #[test]
        fn a_hello_that_is_cut_tells_all_of_the_name_or_nothing(cut in 0usize..120) {
            let whole = hello(b"www.example.com");
            let bytes = &whole[..cut.min(whole.len())];
            for record in records(bytes) {
                if let Some(Handshake::ClientHello(Some(name))) = record.handshake() {
                    prop_assert_eq!(name, "www.example.com");
                }
            }
        }
    }
}
