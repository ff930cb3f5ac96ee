//! What became of the frames that the page sent.
//!
//! ```text
//!   ┌────┐┌──────────────┬──────────────┬───────────┐┌─────
//!   │kind││ frame id u64 │ time ns u64  │ outcome u8││ …     0 = sent, otherwise the refusal
//!   └────┘└──────────────┴──────────────┴───────────┘└─────
//! ```
//!
//! The page keeps the frames it sent; a receipt adds when the frame went out by the
//! bridge's clock, or says why it did not. A frame without a receipt met a socket that died.

use crate::error::DecodeError;
use crate::{MAX_MESSAGE, TARGET_MESSAGE};
use core::fmt;
use serde::{Deserialize, Serialize};
use synema_core::trace::FrameId;

/// The first byte of a message of receipts.
pub const KIND: u8 = 3;
/// The length of one receipt, in bytes.
const RECORD: usize = 8 + 8 + 1;
const SENT: u8 = 0;

/// Declares [`Refusal`] with its codes and words in one table.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// Why a frame was not sent. The number is the one in the receipt.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Refusal {
            $($(#[$doc])* $name = $code,)*
        }

        impl Refusal {
            /// Every refusal, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The refusal with this code.
            const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// In words, as the end of "the bridge did not send it: …".
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }
        }
    };
}

refusals! {
    /// Shorter than the headers that it must have.
    Truncated = 1, "the frame is shorter than its headers";
    /// Longer than the interface's MTU allows.
    TooLong = 2, "the frame is longer than the interface's MTU allows";
    /// Not from the MAC that the bridge gave to the page.
    SourceMac = 3, "its source MAC is not the one given to this page";
    /// Neither ARP nor IPv4 (VLAN tags included).
    EtherType = 4, "only ARP and untagged IPv4 may be sent";
    /// An ARP packet that is not Ethernet/IPv4, or no request or reply.
    ArpMalformed = 5, "it is not an Ethernet/IPv4 ARP request or reply";
    /// ARP that speaks for another station.
    ArpSender = 6, "its ARP sender is not the claimed address at this page's MAC";
    /// An ARP probe for an address that was not claimed.
    ArpTarget = 7, "it probes an address that is not the claimed one";
    /// The page has claimed nothing.
    NothingClaimed = 8, "no address is claimed";
    /// The address is not yet seen to be free.
    GateClosed = 9, "the claimed address has not been probed to the end";
    /// IPv4 from another address.
    SourceAddress = 10, "its IPv4 source is not the claimed address";
    /// A destination MAC, or IPv4 destination, that is not for one station.
    Destination = 11, "only unicast IPv4 and broadcast or unicast ARP may be sent";
    /// More than the rate limit allows.
    RateLimited = 12, "the rate limit is used up";
    /// Somebody else has the address: nothing more goes out.
    AddressLost = 13, "somebody else uses the claimed address";
    /// The interface's queue is full.
    QueueFull = 14, "the interface's queue is full";
    /// The interface is down or gone.
    InterfaceDown = 15, "the interface is down or gone";
    /// The system refused the frame for another reason.
    SystemRefused = 16, "the system refused to send it";
    /// An IPv4 header whose lengths contradict the frame.
    Ipv4Malformed = 17, "its IPv4 header is malformed";
    /// An IPv4 packet that names its own way (RFC 7126 §4.3, §4.4).
    SourceRoute = 18, "source-routed IPv4 may not be sent";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What became of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The frame, by the id that the page gave it.
    pub id: FrameId,
    /// When, by the bridge's clock: nanoseconds since 1970.
    pub time_ns: u64,
    /// Sent, or why not.
    pub outcome: Result<(), Refusal>,
}

/// A checked message of receipts: iterating over it cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipts<'a> {
    records: &'a [u8],
}

impl<'a> Receipts<'a> {
    /// Checks every record of `message` (with its kind byte).
    ///
    /// # Errors
    /// When a record is cut off or an outcome is not known.
    pub fn new(message: &'a [u8]) -> Result<Self, DecodeError> {
        let (&kind, records) = message.split_first().ok_or(DecodeError::Empty)?;
        if kind != KIND {
            return Err(DecodeError::UnknownKind(kind));
        }
        if message.len() > MAX_MESSAGE {
            return Err(DecodeError::TooLarge { len: message.len() });
        }
        let whole = records.chunks_exact(RECORD);
        if !whole.remainder().is_empty() {
            let at = message.len() - whole.remainder().len();
            return Err(DecodeError::Truncated { at });
        }
        for code in whole.map(|record| record[RECORD - 1]) {
            if code != SENT && Refusal::from_code(code).is_none() {
                return Err(DecodeError::UnknownRefusal(code));
            }
        }
        Ok(Self { records })
    }
}

impl Iterator for Receipts<'_> {
    type Item = Receipt;

    fn next(&mut self) -> Option<Receipt> {
        let (id, rest) = self.records.split_first_chunk::<8>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (&code, rest) = rest.split_first()?;
        self.records = rest;
        Some(Receipt {
            id: FrameId::from_bits(u64::from_le_bytes(*id)),
            time_ns: u64::from_le_bytes(*time),
            outcome: Refusal::from_code(code).map_or(Ok(()), Err),
        })
    }
}

/// Fills messages with receipts; the buffer is used again for the next.
#[derive(Debug)]
pub struct ReceiptsEncoder {
    message: Vec<u8>,
}

impl Default for ReceiptsEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceiptsEncoder {
    /// An empty message.
    pub fn new() -> Self {
        Self {
            message: vec![KIND],
        }
    }

    /// Appends a receipt.
    pub fn push(&mut self, receipt: Receipt) {
        self.message
            .extend_from_slice(&receipt.id.to_bits().to_le_bytes());
        self.message
            .extend_from_slice(&receipt.time_ns.to_le_bytes());
        self.message
            .push(receipt.outcome.map_or_else(|why| why as u8, |()| SENT));
    }

    /// Whether it should be sent before more is pushed.
    pub fn is_full(&self) -> bool {
        self.message.len() + RECORD > TARGET_MESSAGE
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.message.len() == 1
    }

    /// The message as it is to be sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.message
    }

    /// Forgets the receipts and keeps the buffer.
    pub fn clear(&mut self) {
        self.message.truncate(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own() {
        for &refusal in Refusal::ALL {
            assert_ne!(refusal as u8, SENT);
            assert_eq!(Refusal::from_code(refusal as u8), Some(refusal));
        }
    }

    #[test]
    fn unknown_outcomes_and_cut_records_are_refused() {
        let mut message = [0; 1 + RECORD];
        message[0] = KIND;
        message[RECORD] = 200;
        assert_eq!(
            Receipts::new(&message),
            Err(DecodeError::UnknownRefusal(200))
        );
        assert_eq!(
            Receipts::new(&message[..RECORD]),
            Err(DecodeError::Truncated { at: 1 })
        );
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            records in prop::collection::vec(
                (any::<u64>(), any::<u64>(), prop::option::of(prop::sample::select(Refusal::ALL))), 0..50)
        ) {
            let mut encoder = ReceiptsEncoder::new();
            let receipts: Vec<Receipt> = records
                .into_iter()
                .map(|(id, time_ns, why)| Receipt {
                    id: FrameId::from_bits(id),
                    time_ns,
                    outcome: why.map_or(Ok(()), Err),
                })
                .collect();
            for &receipt in &receipts {
                encoder.push(receipt);
            }
            let back: Vec<_> = Receipts::new(encoder.as_bytes()).expect("ours").collect();
            prop_assert_eq!(back, receipts);
        }

        #[test]
        fn hostile_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let message: Vec<u8> = core::iter::once(KIND).chain(bytes).collect();
            if let Ok(receipts) = Receipts::new(&message) {
                prop_assert_eq!(receipts.count() * RECORD + 1, message.len());
            }
        }
    }
}
