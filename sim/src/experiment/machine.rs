//! Who takes part in a run, one machine like the other.

use super::Text;
use crate::node::NodeId;
use core::net::Ipv4Addr;
use synema_core::trace::Record;
use synema_core::wire::MacAddr;

/// A machine of a run, and what its stack has told so far.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// Its number in the network, as passages name it.
    pub node: NodeId,
    /// What people call it.
    pub name: &'a Text,
    /// Its MAC address; two machines may share one.
    pub mac: MacAddr,
    /// Its address; two machines may share one.
    pub addr: Ipv4Addr,
    /// What its stack did, and why; empty for a machine without one.
    pub trace: &'a [Record],
}

impl Text {
    /// The same words as a value.
    pub(super) fn new(en: &str, ja: &str) -> Self {
        Self {
            en: en.to_owned(),
            ja: ja.to_owned(),
        }
    }
}
