//! What goes with the bytes of a call.

use libc::c_int;
use synema_core::tcp::Write;

/// The flags of a call that sends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendFlags {
    /// `MSG_DONTWAIT`
    pub(crate) dont_wait: bool,
    /// `MSG_MORE`, `MSG_EOR`
    pub(crate) write: Write,
}

impl From<c_int> for SendFlags {
    fn from(flags: c_int) -> Self {
        Self {
            dont_wait: flags & libc::MSG_DONTWAIT != 0,
            write: Write {
                more_follows: flags & libc::MSG_MORE != 0,
                ends_record: flags & libc::MSG_EOR != 0,
            },
        }
    }
}

/// What a call that receives brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// How many bytes.
    pub(crate) len: usize,
    /// How many are left, if the socket tells (`TCP_INQ`).
    pub(crate) unread: Option<usize>,
}
