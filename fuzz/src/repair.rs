//! Frames whose checksums are right again, so that what was changed gets in. Written once more on
//! purpose: a tester does not ask the tested.

/// Where the IPv4 header begins.
pub(crate) const IP: usize = 14;
/// Bytes of an IPv4 header without options.
const IP_LEN: usize = 20;

/// Makes the checksums of a frame right: of its IPv4 header, and of the TCP, UDP or ICMP in it.
/// What is no such frame, or too short for one, is left alone.
pub(crate) fn repair(frame: &mut [u8]) {
    if frame.len() < IP + IP_LEN || frame[12..IP] != [8, 0] {
        return;
    }
    let upper = IP + usize::from(frame[IP] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([frame[IP + 2], frame[IP + 3]]));
    let end = frame.len().min(IP + total);
    if upper < IP + IP_LEN || upper > end {
        return;
    }
    put(&mut frame[IP..upper], 10, |header| checksum(&[header]));
    let protocol = frame[IP + 9];
    let at = match protocol {
        1 => 2,
        6 => 16,
        17 => 6,
        _ => return,
    };
    let (header, payload) = frame[IP..end].split_at_mut(upper - IP);
    if payload.len() < at + 2 {
        return;
    }
    let len = u16::try_from(payload.len()).expect("at most the total length, of 16 bits");
    let pseudo = [&header[12..20], &[0, protocol], &len.to_be_bytes()].concat();
    put(payload, at, |payload| match protocol {
        1 => checksum(&[payload]),
        _ => checksum(&[&pseudo, payload]),
    });
}

fn put(bytes: &mut [u8], at: usize, sum: impl Fn(&[u8]) -> u16) {
    bytes[at..at + 2].fill(0);
    let sum = sum(bytes);
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// RFC 1071. All parts but the last are of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        sum += u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
