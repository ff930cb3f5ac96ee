//! Capture files as `tcpdump` leaves them, written as they are made.

use super::traffic::Traffic;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What a frame is cut to where nothing is cut.
pub(crate) const WHOLE: usize = 262_144;
/// The first packet's time, seconds since 1970.
const BEGINS_S: u64 = 1_700_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Pcap,
    Pcapng,
}

/// Writes a capture of so many packets, each cut to `snap` bytes: pcap if the name ends so, else pcapng. Gives its
/// length in bytes.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, packets: u64, snap: usize) -> io::Result<u64> {
    let is_pcap = path
        .extension()
        .is_some_and(|extension| extension == "pcap");
    let format = if is_pcap {
        Format::Pcap
    } else {
        Format::Pcapng
    };
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(&head(format, snap as u32))?;
    let mut traffic = Traffic::new();
    let (mut frame, mut block) = (Vec::new(), Vec::new());
    for _ in 0..packets {
        frame.clear();
        block.clear();
        let at_ns = traffic.next(&mut frame);
        packet(format, at_ns, &frame, snap, &mut block);
        out.write_all(&block)?;
    }
    let file = out.into_inner()?;
    // Who reads it next is not to wait for the disk.
    file.sync_all()?;
    file.metadata().map(|metadata| metadata.len())
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn head(format: Format, snap: u32) -> Vec<u8> {
    let mut out = Vec::new();
    match format {
        // Microseconds, version 2.4, Ethernet.
        Format::Pcap => put(&mut out, &[0xa1b2_c3d4, 4 << 16 | 2, 0, 0, snap, 1]),
        Format::Pcapng => {
            let unknown = u32::MAX;
            put(
                &mut out,
                &[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, unknown, unknown, 28],
            );
            // Ethernet, and times in nanoseconds (if_tsresol 9).
            put(&mut out, &[1, 32, 1, snap, 1 << 16 | 9, 9, 0, 32]);
        }
    }
    out
}

fn packet(format: Format, at_ns: u64, frame: &[u8], snap: usize, out: &mut Vec<u8>) {
    let kept = &frame[..frame.len().min(snap)];
    let (kept_len, len) = (kept.len() as u32, frame.len() as u32);
    match format {
        Format::Pcap => {
            let (s, us) = (BEGINS_S + at_ns / 1_000_000_000, at_ns / 1_000 % 1_000_000);
            put(out, &[s as u32, us as u32, kept_len, len]);
            out.extend_from_slice(kept);
        }
        Format::Pcapng => {
            let at = BEGINS_S * 1_000_000_000 + at_ns;
            let padded = kept_len.next_multiple_of(4);
            put(
                out,
                &[
                    6,
                    padded + 32,
                    0,
                    (at >> 32) as u32,
                    at as u32,
                    kept_len,
                    len,
                ],
            );
            out.extend_from_slice(kept);
            out.resize(28 + padded as usize, 0);
            put(out, &[padded + 32]);
        }
    }
}
