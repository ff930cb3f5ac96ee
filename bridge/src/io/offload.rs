//! What a local kernel left to the hardware, done in software: checksums and segmentation.
//!
//! A raw socket on a veth, or on a NIC with GRO, sees frames that never were on a wire like that:
//!
//! ```text
//!   virtio header            frame
//!   NEEDS_CSUM, start, off   Ethernet | IPv4 | TCP, checksum = pseudo header only | payload
//!   TCPV4, gso_size = mss    Ethernet | IPv4 | TCP | payload of many segments
//! ```
//!
//! With PACKET_VNET_HDR the kernel says which, in the header of the virtio specification (v1.2
//! §5.1.6). Here the frame becomes what the receiver of a real wire would have seen. The offsets
//! are read in place because the frame is rewritten in place; what is inside a frame is parsed by
//! `synema_core::wire` alone.

use super::batch::Batch;
use synema_core::wire::checksum::{Sum, finish_partial};
use synema_core::wire::tcp::Flags;
use synema_core::wire::{EtherType, Protocol, ipv4};

/// The kernel left the checksum at `csum_start + csum_offset` unfinished.
const FLAG_NEEDS_CSUM: u8 = 1;
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
/// A flag beside the GSO type: the super-frame carries CWR, which only its first segment keeps.
const GSO_ECN: u8 = 0x80;

const ETHERNET_LEN: usize = 14;

/// `struct virtio_net_hdr` as AF_PACKET writes it: ten bytes, in the host's byte order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VnetHeader {
    /// Bit 0: the checksum is unfinished.
    pub flags: u8,
    /// Which kind of super-frame, if any.
    pub gso_type: u8,
    /// Payload bytes of each segment of a super-frame.
    pub gso_size: u16,
    /// Where summing starts, counted from the frame's first byte.
    pub csum_start: u16,
    /// Where the sum goes, counted from `csum_start`.
    pub csum_offset: u16,
}

impl VnetHeader {
    /// Bytes of the header before each frame.
    pub const LEN: usize = 10;

    /// Reads the header; `hdr_len` is a hint that the kernel may leave wrong, and is not used.
    pub fn parse(bytes: [u8; Self::LEN]) -> Self {
        let [flags, gso_type, _, _, g0, g1, s0, s1, o0, o1] = bytes;
        Self {
            flags,
            gso_type,
            gso_size: u16::from_ne_bytes([g0, g1]),
            csum_start: u16::from_ne_bytes([s0, s1]),
            csum_offset: u16::from_ne_bytes([o0, o1]),
        }
    }
}

/// What was done to one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing: it was complete.
    AsItWas,
    /// Its checksum was finished.
    ChecksumFinished,
    /// It was cut into so many frames.
    Cut(u64),
    /// It is not of a kind that can be made whole; nothing was added.
    Unusable,
}

/// Adds the frame (or the frames that it stands for) to `batch`, complete.
pub fn complete(header: VnetHeader, timestamp_ns: u64, frame: &[u8], batch: &mut Batch) -> Done {
    match header.gso_type & !GSO_ECN {
        GSO_NONE if header.flags & FLAG_NEEDS_CSUM == 0 => {
            batch.push(timestamp_ns, &[frame]);
            Done::AsItWas
        }
        GSO_NONE => finish_checksum(header, timestamp_ns, frame, batch),
        GSO_TCPV4 => match TcpHeaders::of(frame) {
            Some(headers) if headers.can_be_cut_by(header.gso_size.into()) => {
                Done::Cut(headers.cut(header.gso_size.into(), timestamp_ns, frame, batch))
            }
            _ => Done::Unusable,
        },
        _ => Done::Unusable,
    }
}

/// The field already holds the pseudo header's sum, so that summing over it finishes the job.
fn finish_checksum(header: VnetHeader, timestamp_ns: u64, frame: &[u8], batch: &mut Batch) -> Done {
    let start = usize::from(header.csum_start);
    let offset = usize::from(header.csum_offset);
    if start < ETHERNET_LEN || start + offset + 2 > frame.len() {
        return Done::Unusable;
    }
    batch.push(timestamp_ns, &[frame]);
    finish_partial(batch.last_mut(), start, offset).expect("the field was found to be inside");
    Done::ChecksumFinished
}

/// Where the headers of a TCP/IPv4 super-frame end.
#[derive(Clone, Copy, Debug)]
struct TcpHeaders {
    /// First byte of TCP.
    tcp: usize,
    /// First byte of the payload.
    payload: usize,
    /// One past the last byte that IPv4 counts (Ethernet padding comes after it).
    end: usize,
}

impl TcpHeaders {
    fn of(frame: &[u8]) -> Option<Self> {
        let ip = frame.get(ETHERNET_LEN..)?;
        if be16(frame, 12) != EtherType::IPV4.0 || ip.len() < 20 || ip[0] >> 4 != 4 {
            return None;
        }
        let ip_header_len = usize::from(ip[0] & 0x0f) * 4;
        let total_len = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
        if ip_header_len < 20 || ip[9] != Protocol::TCP.0 {
            return None;
        }
        let tcp = ETHERNET_LEN + ip_header_len;
        let tcp_header_len = usize::from(*frame.get(tcp + 12)? >> 4) * 4;
        let payload = tcp + tcp_header_len;
        // IPv4 counts at most 65,535 bytes; a larger super-frame (BIG TCP) has a length of zero.
        let end = if total_len == 0 {
            frame.len()
        } else {
            ETHERNET_LEN + total_len
        };
        (tcp_header_len >= 20 && payload < end && end <= frame.len()).then_some(Self {
            tcp,
            payload,
            end,
        })
    }

    /// Whether segments of `mss` bytes are packets within IPv4's length. A guest behind a TAP
    /// writes what it likes into the virtio header.
    fn can_be_cut_by(self, mss: usize) -> bool {
        let first = mss.min(self.end - self.payload);
        mss > 0 && self.payload - ETHERNET_LEN + first <= ipv4::MAX_LEN
    }

    /// Cuts the payload into segments of `mss` bytes, each under a copy of the headers.
    fn cut(self, mss: usize, timestamp_ns: u64, frame: &[u8], batch: &mut Batch) -> u64 {
        let Self { tcp, payload, end } = self;
        let first_id = be16(frame, ETHERNET_LEN + 4);
        let first_seq = u32::from_be_bytes([
            frame[tcp + 4],
            frame[tcp + 5],
            frame[tcp + 6],
            frame[tcp + 7],
        ]);
        let mut id = first_id;
        let mut seq = first_seq;
        let mut segments = 0;
        let mut chunks = frame[payload..end].chunks(mss).peekable();
        while let Some(chunk) = chunks.next() {
            batch.push(timestamp_ns, &[&frame[..payload], chunk]);
            let out = batch.last_mut();
            let ip_len =
                u16::try_from(out.len() - ETHERNET_LEN).expect("`can_be_cut_by` was asked");
            out[ETHERNET_LEN + 2..ETHERNET_LEN + 4].copy_from_slice(&ip_len.to_be_bytes());
            out[ETHERNET_LEN + 4..ETHERNET_LEN + 6].copy_from_slice(&id.to_be_bytes());
            out[tcp + 4..tcp + 8].copy_from_slice(&seq.to_be_bytes());
            let mut flags = Flags::from_bits(out[tcp + 13].into());
            if chunks.peek().is_some() {
                flags = flags.without(Flags::FIN).without(Flags::PSH);
            }
            if segments > 0 {
                // RFC 3168 §6.1.2: CWR is said once.
                flags = flags.without(Flags::CWR);
            }
            out[tcp + 13] = flags.bits().to_be_bytes()[1];
            write_checksums(out, tcp);
            id = id.wrapping_add(1);
            seq = seq.wrapping_add(u32::try_from(chunk.len()).expect("a chunk of at most a u16"));
            segments += 1;
        }
        segments
    }
}

/// Writes the IPv4 header's and the TCP segment's checksums of a frame without padding.
fn write_checksums(frame: &mut [u8], tcp: usize) {
    let ip = ETHERNET_LEN;
    frame[ip + 10..ip + 12].fill(0);
    let header = Sum::new().with(&frame[ip..tcp]).finish();
    frame[ip + 10..ip + 12].copy_from_slice(&header.to_be_bytes());

    frame[tcp + 16..tcp + 18].fill(0);
    let segment = pseudo_header(frame, tcp).with(&frame[tcp..]).finish();
    frame[tcp + 16..tcp + 18].copy_from_slice(&segment.to_be_bytes());
}

fn pseudo_header(frame: &[u8], tcp: usize) -> Sum {
    let address = |at: usize| {
        let octets: [u8; 4] = frame[at..at + 4].try_into().expect("four bytes");
        octets.into()
    };
    let (source, destination) = (address(ETHERNET_LEN + 12), address(ETHERNET_LEN + 16));
    Sum::pseudo_v4(source, destination, Protocol::TCP, frame.len() - tcp)
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use synema_core::wire::{ChecksumStatus, LinkType, dissect};

    const FIN: u8 = 0x01;
    const PSH: u8 = 0x08;
    const ACK: u8 = 0x10;
    const CWR: u8 = 0x80;

    const TCP: usize = ETHERNET_LEN + 20;
    const PAYLOAD: usize = TCP + 32;

    /// A TCP/IPv4 frame with 12 bytes of options, correct in everything but its checksums.
    fn tcp_frame(seq: u32, id: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0u8; PAYLOAD];
        frame[12..14].copy_from_slice(&EtherType::IPV4.0.to_be_bytes());
        let ip_len = u16::try_from(52 + payload.len()).unwrap();
        frame[ETHERNET_LEN] = 0x45;
        frame[ETHERNET_LEN + 2..ETHERNET_LEN + 4].copy_from_slice(&ip_len.to_be_bytes());
        frame[ETHERNET_LEN + 4..ETHERNET_LEN + 6].copy_from_slice(&id.to_be_bytes());
        frame[ETHERNET_LEN + 8] = 63;
        frame[ETHERNET_LEN + 9] = Protocol::TCP.0;
        frame[ETHERNET_LEN + 12..ETHERNET_LEN + 20]
            .copy_from_slice(&[203, 0, 113, 80, 192, 168, 0, 129]);
        frame[TCP..TCP + 4].copy_from_slice(&[0, 80, 0xc0, 1]);
        frame[TCP + 4..TCP + 8].copy_from_slice(&seq.to_be_bytes());
        frame[TCP + 12] = 8 << 4;
        frame[TCP + 13] = flags;
        frame.extend_from_slice(payload);
        frame
    }

    /// What any receiver does: sum over everything, checksums included.
    fn checksums_hold(frame: &[u8]) -> bool {
        let packet = dissect(LinkType::Ethernet, frame, frame.len());
        let checked = packet
            .layers
            .iter()
            .filter(|l| l.checksum == ChecksumStatus::Ok)
            .count();
        checked == 2 && packet.problems.is_empty()
    }

    fn super_frame(gso_size: u16) -> VnetHeader {
        VnetHeader {
            flags: FLAG_NEEDS_CSUM,
            gso_type: GSO_TCPV4,
            gso_size,
            ..Default::default()
        }
    }

    #[test]
    fn a_complete_frame_stays_as_it_is() {
        let mut batch = Batch::new();
        let frame = tcp_frame(1, 1, 0x10, b"abc");
        assert_eq!(
            complete(VnetHeader::default(), 5, &frame, &mut batch),
            Done::AsItWas
        );
        assert_eq!(batch.iter().next().unwrap().bytes, frame);
    }

    #[test]
    fn an_unfinished_checksum_is_finished_as_the_hardware_would() {
        let mut whole = tcp_frame(77, 1, 0x18, b"hello!!");
        write_checksums(&mut whole, TCP);
        assert!(checksums_hold(&whole));
        let mut partial = whole.clone();
        let pseudo = pseudo_header(&partial, TCP).partial();
        partial[TCP + 16..TCP + 18].copy_from_slice(&pseudo.to_be_bytes());
        assert_ne!(partial, whole);

        let header = VnetHeader {
            flags: FLAG_NEEDS_CSUM,
            csum_start: u16::try_from(TCP).unwrap(),
            csum_offset: 16,
            ..Default::default()
        };
        let mut batch = Batch::new();
        assert_eq!(
            complete(header, 5, &partial, &mut batch),
            Done::ChecksumFinished
        );
        assert_eq!(batch.iter().next().unwrap().bytes, whole);
    }

    #[test]
    fn flags_that_are_said_once_stay_on_one_segment() {
        let all = CWR | ACK | PSH | FIN;
        let frame = tcp_frame(0xffff_ff00, 0xffff, all, &[9; 1000]);
        let mut batch = Batch::new();
        let mut header = super_frame(400);
        header.gso_type |= GSO_ECN;
        assert_eq!(complete(header, 5, &frame, &mut batch), Done::Cut(3));
        let seen: Vec<_> = batch
            .iter()
            .map(|f| {
                let seq = u32::from_be_bytes(f.bytes[TCP + 4..TCP + 8].try_into().unwrap());
                (
                    seq,
                    be16(f.bytes, ETHERNET_LEN + 4),
                    f.bytes[TCP + 13],
                    f.bytes.len() - PAYLOAD,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (0xffff_ff00, 0xffff, CWR | ACK, 400),
                (0x90, 0, ACK, 400),
                (0x220, 1, ACK | PSH | FIN, 200),
            ]
        );
    }

    #[test]
    fn a_super_frame_beyond_ipv4s_length_is_cut_to_packets_within_it() {
        let mut frame = tcp_frame(1, 1, ACK, &[0; 16]);
        frame.resize(PAYLOAD + 65_535, 7);
        // BIG TCP leaves the length at zero; a guest may leave anything in its header.
        frame[ETHERNET_LEN + 2..ETHERNET_LEN + 4].fill(0);
        let mut batch = Batch::new();
        let whole = complete(super_frame(65_535), 5, &frame, &mut batch);
        assert_eq!(whole, Done::Unusable);
        assert!(batch.is_empty());
        let cut = complete(super_frame(65_483), 5, &frame, &mut batch);
        assert_eq!(cut, Done::Cut(2));
        assert!(batch.iter().all(|f| checksums_hold(f.bytes)));
    }

    #[test]
    fn what_cannot_be_made_whole_is_not_handed_on() {
        let frame = tcp_frame(1, 1, 0x10, &[0; 100]);
        let mut ipv6 = frame.clone();
        ipv6[12..14].copy_from_slice(&[0x86, 0xdd]);
        let mut long = frame.clone();
        long[ETHERNET_LEN + 2] = 0xff;
        let beyond = VnetHeader {
            flags: FLAG_NEEDS_CSUM,
            csum_start: 34,
            csum_offset: 0xffff,
            ..Default::default()
        };
        let udp = VnetHeader {
            gso_type: 5,
            gso_size: 100,
            ..Default::default()
        };
        let mut batch = Batch::new();
        for (header, frame) in [
            (super_frame(0), &frame[..]),
            (super_frame(10), &frame[..40]),
            (super_frame(10), &[]),
            (super_frame(10), &ipv6),
            (super_frame(10), &long),
            (beyond, &frame),
            (udp, &frame),
        ] {
            assert_eq!(complete(header, 5, frame, &mut batch), Done::Unusable);
        }
        assert!(batch.is_empty());
    }

    proptest! {
        #[test]
        fn a_cut_super_frame_carries_the_same_bytes_in_good_order(
            payload in proptest::collection::vec(any::<u8>(), 1..9000),
            mss in 1u16..2000,
            seq: u32,
            id: u16,
        ) {
            let frame = tcp_frame(seq, id, 0x18, &payload);
            let mut batch = Batch::new();
            let done = complete(super_frame(mss), 5, &frame, &mut batch);
            prop_assert_eq!(done, Done::Cut(payload.len().div_ceil(usize::from(mss)) as u64));
            let mut next = seq;
            let mut joined = Vec::new();
            for frame in batch.iter() {
                prop_assert!(checksums_hold(frame.bytes));
                prop_assert_eq!(usize::from(be16(frame.bytes, 16)), frame.bytes.len() - 14);
                prop_assert_eq!(&frame.bytes[TCP + 4..TCP + 8], &next.to_be_bytes());
                let part = &frame.bytes[PAYLOAD..];
                prop_assert!(part.len() <= usize::from(mss));
                next = next.wrapping_add(u32::try_from(part.len()).unwrap());
                joined.extend_from_slice(part);
            }
            prop_assert_eq!(joined, payload);
        }

        #[test]
        fn no_header_and_no_frame_makes_it_panic(
            header: [u8; VnetHeader::LEN],
            frame in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            complete(VnetHeader::parse(header), 0, &frame, &mut Batch::new());
            let mut tcp = tcp_frame(0, 0, 0, &frame);
            tcp[14..].iter_mut().zip(&frame).for_each(|(to, from)| *to = *from);
            complete(VnetHeader::parse(header), 0, &tcp, &mut Batch::new());
        }
    }
}
