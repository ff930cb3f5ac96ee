//! A whole message: its kind, and what is in it.

use crate::control::{BridgeHello, PageHello, ToBridge, ToPage};
use crate::error::DecodeError;
use crate::frames::{self, Frames};
use crate::receipts::{self, Receipts};
use crate::{MAX_MESSAGE, VERSION};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte of a hello; the version follows as a little-endian u32.
const KIND_HELLO: u8 = 0;
/// The first byte of a control message.
const KIND_CONTROL: u8 = 1;

/// A message of the bridge, as the page reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromBridge<'a> {
    /// The first.
    Hello(Box<BridgeHello>),
    /// Claim, counters, errors.
    Control(ToPage),
    /// Frames that were heard.
    Frames(Frames<'a>),
    /// What became of the page's frames.
    Receipts(Receipts<'a>),
}

impl<'a> FromBridge<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is not one that a bridge of this version sends.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let (kind, body) = split_kind(message)?;
        match kind {
            KIND_HELLO => decode_hello(body).map(Box::new).map(Self::Hello),
            KIND_CONTROL => decode_control(body).map(Self::Control),
            frames::KIND => Frames::new(message).map(Self::Frames),
            receipts::KIND => Receipts::new(message).map(Self::Receipts),
            other => Err(DecodeError::UnknownKind(other)),
        }
    }
}

/// A message of the page, as the bridge reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromPage<'a> {
    /// The first.
    Hello(PageHello),
    /// Claim, credit, goodbye.
    Control(ToBridge),
    /// Frames to be sent.
    Frames(Frames<'a>),
}

impl<'a> FromPage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is not one that a page of this version sends.
    pub fn decode(message: &'a [u8]) -> Result<Self, DecodeError> {
        let (kind, body) = split_kind(message)?;
        match kind {
            KIND_HELLO => decode_hello(body).map(Self::Hello),
            KIND_CONTROL => decode_control(body).map(Self::Control),
            frames::KIND => Frames::new(message).map(Self::Frames),
            other => Err(DecodeError::UnknownKind(other)),
        }
    }
}

/// A hello ([`PageHello`] or [`BridgeHello`]) as a message.
pub fn encode_hello(hello: &impl Serialize) -> Vec<u8> {
    let mut message = vec![KIND_HELLO];
    message.extend_from_slice(&VERSION.to_le_bytes());
    append(message, hello)
}

/// A control message of the bridge.
pub fn encode_to_page(control: &ToPage) -> Vec<u8> {
    append(vec![KIND_CONTROL], control)
}

/// A control message of the page.
pub fn encode_to_bridge(control: &ToBridge) -> Vec<u8> {
    append(vec![KIND_CONTROL], control)
}

fn append(message: Vec<u8>, value: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(value, message)
        .expect("our message types have known lengths and a Vec grows: postcard has no other error")
}

fn split_kind(message: &[u8]) -> Result<(u8, &[u8]), DecodeError> {
    if message.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLarge { len: message.len() });
    }
    let (&kind, body) = message.split_first().ok_or(DecodeError::Empty)?;
    Ok((kind, body))
}

/// The version is read before anything whose shape depends on it.
fn decode_hello<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let (version, rest) = body
        .split_first_chunk::<4>()
        .ok_or(DecodeError::Truncated { at: 1 })?;
    match u32::from_le_bytes(*version) {
        VERSION => decode_control(rest),
        theirs => Err(DecodeError::Version { theirs }),
    }
}

fn decode_control<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        _ => Err(DecodeError::Control),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{ClaimRefusal, ClaimState, ErrorCode, LabInfo, SessionId, Stats, Subnet};
    use core::net::Ipv4Addr;
    use proptest::prelude::*;
    use synema_core::wire::MacAddr;

    fn bridge_hello() -> BridgeHello {
        BridgeHello {
            session: SessionId([7; 16]),
            resumed: false,
            program: "synema 0.1.0".into(),
            interface: "eth0".into(),
            mac: MacAddr([2, 0, 0, 0, 0, 1]),
            host_mac: false,
            mtu: 1500,
            subnet: Subnet {
                addr: Ipv4Addr::new(10, 0, 0, 1),
                prefix_len: 24,
            },
            gateway: Some(Ipv4Addr::new(10, 0, 0, 254)),
            dns: vec![Ipv4Addr::new(10, 0, 1, 53)],
            only: None,
            proposed: vec![Ipv4Addr::new(10, 0, 0, 129)],
            host_addrs: vec![Ipv4Addr::new(10, 0, 0, 1)],
            lab: Some(LabInfo {
                urls: vec!["http://www.lab.test/".into()],
                quick_claim: true,
            }),
            claim: ClaimState::Nothing,
            max_message: MAX_MESSAGE as u32,
            now_ns: 1_763_823_265_000_000_000,
        }
    }

    #[test]
    fn hellos_come_out_as_they_went_in() {
        let page = PageHello {
            session: Some(SessionId([1; 16])),
            take_over: true,
        };
        assert_eq!(
            FromPage::decode(&encode_hello(&page)),
            Ok(FromPage::Hello(page))
        );
        let bridge = bridge_hello();
        assert_eq!(
            FromBridge::decode(&encode_hello(&bridge)),
            Ok(FromBridge::Hello(Box::new(bridge)))
        );
    }

    #[test]
    fn another_version_is_told_before_the_rest_is_read() {
        let mut message = encode_hello(&bridge_hello());
        message[1..5].copy_from_slice(&99_u32.to_le_bytes());
        message.truncate(5);
        assert_eq!(
            FromBridge::decode(&message),
            Err(DecodeError::Version { theirs: 99 })
        );
    }

    #[test]
    fn control_messages_come_out_as_they_went_in() {
        let addr = Ipv4Addr::new(10, 0, 0, 129);
        let by = MacAddr([2, 0, 0, 0, 0, 9]);
        for control in [
            ToPage::Claim(ClaimState::Probing {
                addr,
                seen: 2,
                of: 3,
            }),
            ToPage::Claim(ClaimState::Conflict {
                addr,
                by,
                lost: true,
            }),
            ToPage::Claim(ClaimState::Refused {
                addr,
                why: ClaimRefusal::OnlyThis(addr),
            }),
            ToPage::Stats(Stats {
                received: u64::MAX,
                ..Stats::default()
            }),
            ToPage::Error {
                code: ErrorCode::Busy,
                cause: "another page has this bridge".into(),
                next_step: "close it".into(),
            },
            ToPage::Bye,
        ] {
            let message = encode_to_page(&control);
            assert_eq!(
                FromBridge::decode(&message),
                Ok(FromBridge::Control(control))
            );
        }
        for control in [
            ToBridge::Claim { addr },
            ToBridge::Credit {
                total_bytes: 1 << 40,
            },
            ToBridge::Release,
            ToBridge::Bye,
        ] {
            let message = encode_to_bridge(&control);
            assert_eq!(FromPage::decode(&message), Ok(FromPage::Control(control)));
        }
    }

    #[test]
    fn left_over_bytes_and_unknown_kinds_are_refused() {
        let mut message = encode_to_bridge(&ToBridge::Bye);
        message.push(0);
        assert_eq!(FromPage::decode(&message), Err(DecodeError::Control));
        assert_eq!(FromPage::decode(&[]), Err(DecodeError::Empty));
        assert_eq!(
            FromPage::decode(&[200, 1]),
            Err(DecodeError::UnknownKind(200))
        );
        // A page never sends receipts.
        assert_eq!(
            FromPage::decode(&[receipts::KIND]),
            Err(DecodeError::UnknownKind(receipts::KIND))
        );
        let huge = vec![KIND_CONTROL; MAX_MESSAGE + 1];
        assert_eq!(
            FromPage::decode(&huge),
            Err(DecodeError::TooLarge {
                len: MAX_MESSAGE + 1
            })
        );
    }

    proptest! {
        #[test]
        fn hostile_messages_never_panic(message in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = FromPage::decode(&message);
            let _ = FromBridge::decode(&message);
        }

        /// One byte changed in a true hello: read, or refused; what is read encodes again.
        #[test]
        fn a_damaged_hello_never_panics(at in 0..100_usize, byte in any::<u8>()) {
            let mut message = encode_hello(&bridge_hello());
            let at = at % message.len();
            message[at] = byte;
            if let Ok(FromBridge::Hello(hello)) = FromBridge::decode(&message) {
                let again = encode_hello(&*hello);
                prop_assert_eq!(FromBridge::decode(&again), Ok(FromBridge::Hello(hello)));
            }
        }
    }
}
