//! Blocks of names (pcapng, name resolution): which a file brings for its addresses, and which we
//! write for the lanes that were given one.

use super::blocks::{BlockWriter, Options, custom};
use super::own::{CUSTOM_TEXT, NAMES, PEN};
use crate::annotate::HostAddress;
use crate::capture::Capture;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use pcap_file::Endianness;
use pcap_file::pcapng::blocks::block_common::NAME_RESOLUTION_BLOCK;
use std::io::{self, Write};

const IPV4: u16 = 1;
const IPV6: u16 = 2;
/// A record holds the address, the name, and a NUL.
const MAX_NAME: usize = 65_535 - 17;

/// The names that a file brought, in its order.
pub(in crate::capture) fn resolved_names(capture: &Capture) -> Vec<(IpAddr, String)> {
    let Some(foreign) = capture.foreign() else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for block in &foreign.blocks {
        if block.type_ != NAME_RESOLUTION_BLOCK {
            continue;
        }
        let section = foreign.sections.get(block.section as usize);
        let order = match section.is_some_and(|section| section.big_endian) {
            true => Endianness::Big,
            false => Endianness::Little,
        };
        for record in Options::new(&block.body, order) {
            let address = match record.code {
                IPV4 => record.value.split_first_chunk().map(|(ip, rest)| {
                    let ip: [u8; 4] = *ip;
                    (IpAddr::V4(Ipv4Addr::from(ip)), rest)
                }),
                IPV6 => record.value.split_first_chunk().map(|(ip, rest)| {
                    let ip: [u8; 16] = *ip;
                    (IpAddr::V6(Ipv6Addr::from(ip)), rest)
                }),
                _ => None,
            };
            // Of several names the first; they end with a NUL each.
            let Some((ip, rest)) = address else { continue };
            let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
            if let Ok(name) = str::from_utf8(name)
                && !name.is_empty()
            {
                names.push((ip, name.to_owned()));
            }
        }
    }
    names
}

/// Whether a block of names is the one that follows from the lanes' names.
pub(super) fn are_ours(body: &[u8], order: Endianness) -> bool {
    let mut records = Options::new(body, order);
    records.by_ref().for_each(drop);
    let after = records.after_end().unwrap_or_default();
    Options::new(after, order).any(|option| {
        let own = custom(option.value, order);
        option.code == CUSTOM_TEXT && own == Some((PEN, NAMES.as_bytes()))
    })
}

/// Writes the lanes' names for those who read no others; nothing if no lane has one.
pub(super) fn write<W: Write>(out: &mut BlockWriter<W>, capture: &Capture) -> io::Result<()> {
    let names = capture.annotations().lane_names().iter();
    let mut names = names
        .filter_map(|(lane, name)| match lane {
            HostAddress::Ip(ip) if !name.is_empty() => Some((ip, name)),
            _ => None,
        })
        .peekable();
    if names.peek().is_none() {
        return Ok(());
    }
    out.begin(NAME_RESOLUTION_BLOCK);
    for (ip, name) in names {
        let (code, mut record) = match ip {
            IpAddr::V4(ip) => (IPV4, ip.octets().to_vec()),
            IpAddr::V6(ip) => (IPV6, ip.octets().to_vec()),
        };
        record.extend_from_slice(&name.as_bytes()[..name.floor_char_boundary(MAX_NAME)]);
        record.push(0);
        out.option(code, &record);
    }
    out.u32(0);
    out.custom(CUSTOM_TEXT, PEN, NAMES.as_bytes());
    out.end()
}
