//! What a capture file cannot say in the standard's own words, in custom options of ours.
//!
//! ```text
//!  on a packet, code 2988 (UTF-8):   "synema:" JSON
//!  on the section, code 2989:        "synema" version:u8 part:u32 parts:u32 bytes
//!                                     all parts joined: deflate(JSON, one value a line)
//!  on our block of names, code 2988: "synema:names"
//! ```
//!
//! Numbers are little endian whatever the section's byte order: who rewrites a file in the
//! other order leaves a custom option's content alone. Both kinds are the copyable ones;
//! `editcap` and `tshark -w` keep them. What is about a packet stands on the packet, so that
//! it goes where the packet goes. Fields and values that a later version wrote are kept.

mod comments;
mod packet;
mod section;

pub(super) use comments::{Told, parts_of, tell, understand};
pub(super) use packet::{NoteTold, PacketTold};
pub(super) use section::{DocumentTold, SectionParts, TraceTold, section_parts};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The enterprise number that the options carry: the one for documentation
/// (RFC 5612), with [`TEXT_MAGIC`] or [`BINARY_MAGIC`] to tell them from others.
pub(super) const PEN: u32 = 32_473;
/// A custom option of UTF-8, that may be copied.
pub(super) const CUSTOM_TEXT: u16 = 2_988;
/// A custom option of bytes, that may be copied.
pub(super) const CUSTOM_BYTES: u16 = 2_989;
/// What our block of lanes' names carries: it follows from the rest, and is not read.
pub(super) const NAMES: &str = "synema:names";
const TEXT_MAGIC: &str = "synema:";
const BINARY_MAGIC: &[u8] = b"synema";
/// The version of the documents that are written.
pub(super) const VERSION: u8 = 1;
/// An option is at most 65,535 bytes with its enterprise number.
const MAX_OPTION: usize = 65_531;

/// Takes a value out of `rest` if it can be understood; it stays there otherwise.
fn take<T: DeserializeOwned>(rest: &mut Map<String, Value>, key: &str, into: &mut T) {
    if let Some(value) = rest.get(key)
        && let Ok(known) = T::deserialize(value)
    {
        *into = known;
        rest.remove(key);
    }
}

/// Takes what can be understood out of a list in `rest`, with the fields that each of them has
/// beside those in `fields`.
fn take_each<T: DeserializeOwned>(
    rest: &mut Map<String, Value>,
    key: &str,
    fields: &[&str],
) -> Vec<(T, Map<String, Value>)> {
    let Some(Value::Array(values)) = rest.remove(key) else {
        return Vec::new();
    };
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for value in values {
        match (T::deserialize(&value), value) {
            (Ok(item), Value::Object(mut more)) => {
                more.retain(|name, _| !fields.contains(&name.as_str()));
                known.push((item, more));
            }
            (Ok(item), _) => known.push((item, Map::new())),
            (Err(_), value) => unknown.push(value),
        }
    }
    if !unknown.is_empty() {
        rest.insert(key.to_owned(), Value::Array(unknown));
    }
    known
}

/// Adds what is kept of a later version's fields to a value that is to be written.
fn with_rest(value: &mut Value, rest: &Map<String, Value>) {
    let Value::Object(fields) = value else { return };
    for (name, more) in rest {
        match (fields.get_mut(name), more) {
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
            (Some(Value::Object(known)), Value::Object(more)) => {
                let more = more
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()));
                known.extend(more);
            }
            (Some(_), _) => {}
            (None, more) => {
                fields.insert(name.clone(), more.clone());
            }
        }
    }
}
