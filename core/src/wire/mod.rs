//! The wire: checked views of what frames hold.

mod mac;
mod seq;

pub use mac::MacAddr;
pub use seq::SeqNum;
