//! Frames that may go out, and frames that a hostile page would like to send.

use super::*;
use proptest::prelude::*;
use synema_core::wire::Protocol;

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const CLAIMED: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
const PEER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
const SUBNET: Subnet = Subnet {
    addr: CLAIMED,
    prefix_len: 24,
};
const MTU: u32 = 1500;
const OPEN: Permission = Permission::Use(CLAIMED);

pub(crate) fn arp_frame(to: MacAddr, from: MacAddr, packet: arp::Packet) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to,
        source: from,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    packet.emit(&mut frame);
    frame
}

pub(crate) fn arp(sender_mac: MacAddr, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> arp::Packet {
    arp::Packet {
        operation: arp::Operation::Request,
        sender_mac,
        sender_ip,
        target_mac: MacAddr::default(),
        target_ip,
    }
}

pub(crate) fn probe(mac: MacAddr, target: Ipv4Addr) -> Vec<u8> {
    arp_frame(
        MacAddr::BROADCAST,
        mac,
        arp(mac, Ipv4Addr::UNSPECIFIED, target),
    )
}

pub(crate) fn ipv4_frame(
    to: MacAddr,
    from: MacAddr,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload_len: usize,
) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to,
        source: from,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut frame);
    let header = ipv4::HEADER_LEN;
    let mut ip = vec![0; header];
    ip[0] = 0x45;
    let total = u16::try_from(header + payload_len).expect("a test packet");
    ip[2..4].copy_from_slice(&total.to_be_bytes());
    ip[8] = 64;
    ip[9] = Protocol::TCP.0;
    ip[12..16].copy_from_slice(&source.octets());
    ip[16..20].copy_from_slice(&destination.octets());
    frame.extend_from_slice(&ip);
    frame.resize(frame.len() + payload_len, 0);
    frame
}

fn check(permission: Permission, frame: &[u8]) -> Result<Outgoing, Refusal> {
    Egress::new(OURS, MTU, SUBNET, RateLimit::GIGABIT).admit(Instant::ZERO, permission, frame)
}

#[test]
fn the_table_holds() {
    let probe = probe(OURS, CLAIMED);
    let announcement = arp_frame(MacAddr::BROADCAST, OURS, arp(OURS, CLAIMED, CLAIMED));
    let packet = ipv4_frame(OTHER, OURS, CLAIMED, PEER, 100);
    let rows = [
        (
            Permission::Nothing,
            Err(Refusal::NothingClaimed),
            Err(Refusal::NothingClaimed),
            Err(Refusal::NothingClaimed),
        ),
        (
            Permission::Probe(CLAIMED),
            Ok(Outgoing::Probe(CLAIMED)),
            Err(Refusal::GateClosed),
            Err(Refusal::GateClosed),
        ),
        (
            OPEN,
            Ok(Outgoing::Probe(CLAIMED)),
            Ok(Outgoing::Arp),
            Ok(Outgoing::Ipv4),
        ),
        (
            Permission::Lost,
            Err(Refusal::AddressLost),
            Err(Refusal::AddressLost),
            Err(Refusal::AddressLost),
        ),
    ];
    for (permission, of_probe, of_arp, of_ipv4) in rows {
        assert_eq!(check(permission, &probe), of_probe, "{permission:?}");
        assert_eq!(check(permission, &announcement), of_arp, "{permission:?}");
        assert_eq!(check(permission, &packet), of_ipv4, "{permission:?}");
    }
}

#[test]
fn arp_speaks_for_us_alone() {
    let other_ip = Ipv4Addr::new(192, 168, 0, 1);
    let all = MacAddr::BROADCAST;
    let multicast = MacAddr([1, 0, 0x5e, 0, 0, 1]);
    let mut reverse = arp(OURS, CLAIMED, other_ip);
    reverse.operation = arp::Operation::Other(3);
    let mut reply = arp(OURS, CLAIMED, other_ip);
    reply.operation = arp::Operation::Reply;
    let mut odd_probe = arp(OURS, Ipv4Addr::UNSPECIFIED, CLAIMED);
    odd_probe.operation = arp::Operation::Reply;
    for (frame, expected) in [
        (
            arp_frame(OTHER, OURS, arp(OURS, CLAIMED, other_ip)),
            Ok(Outgoing::Arp),
        ),
        (arp_frame(OTHER, OURS, reply), Ok(Outgoing::Arp)),
        (
            arp_frame(all, OTHER, arp(OURS, CLAIMED, other_ip)),
            Err(Refusal::SourceMac),
        ),
        (
            arp_frame(all, OURS, arp(OTHER, CLAIMED, other_ip)),
            Err(Refusal::ArpSender),
        ),
        (
            arp_frame(all, OURS, arp(OURS, other_ip, CLAIMED)),
            Err(Refusal::ArpSender),
        ),
        (
            arp_frame(multicast, OURS, arp(OURS, CLAIMED, other_ip)),
            Err(Refusal::Destination),
        ),
        (probe(OURS, other_ip), Err(Refusal::ArpTarget)),
        // A probe that nobody hears proves nothing.
        (
            arp_frame(OTHER, OURS, arp(OURS, Ipv4Addr::UNSPECIFIED, CLAIMED)),
            Err(Refusal::Destination),
        ),
        (arp_frame(all, OURS, reverse), Err(Refusal::ArpMalformed)),
        (arp_frame(all, OURS, odd_probe), Err(Refusal::ArpSender)),
    ] {
        assert_eq!(check(OPEN, &frame), expected, "{frame:02x?}");
    }
}

#[test]
fn ipv4_goes_from_us_to_one_station() {
    let all = MacAddr::BROADCAST;
    for (to, source, destination, expected) in [
        (OTHER, CLAIMED, PEER, Ok(Outgoing::Ipv4)),
        (
            OTHER,
            Ipv4Addr::new(192, 168, 0, 7),
            PEER,
            Err(Refusal::SourceAddress),
        ),
        (
            OTHER,
            Ipv4Addr::UNSPECIFIED,
            PEER,
            Err(Refusal::SourceAddress),
        ),
        (all, CLAIMED, PEER, Err(Refusal::Destination)),
        (
            MacAddr([1, 0, 0x5e, 0, 0, 1]),
            CLAIMED,
            PEER,
            Err(Refusal::Destination),
        ),
        (
            OTHER,
            CLAIMED,
            Ipv4Addr::BROADCAST,
            Err(Refusal::Destination),
        ),
        (
            OTHER,
            CLAIMED,
            Ipv4Addr::new(192, 168, 0, 255),
            Err(Refusal::Destination),
        ),
        (
            OTHER,
            CLAIMED,
            Ipv4Addr::new(224, 0, 0, 251),
            Err(Refusal::Destination),
        ),
        (
            OTHER,
            CLAIMED,
            Ipv4Addr::LOCALHOST,
            Err(Refusal::Destination),
        ),
    ] {
        let frame = ipv4_frame(to, OURS, source, destination, 10);
        assert_eq!(check(OPEN, &frame), expected, "{source} > {destination}");
    }
}

#[test]
fn packets_may_not_choose_their_way() {
    let with_options = |options: [u8; 8]| {
        let mut frame = ipv4_frame(OTHER, OURS, CLAIMED, PEER, 28);
        frame[14] = 0x47;
        frame[34..42].copy_from_slice(&options);
        frame
    };
    for (options, expected) in [
        ([131, 7, 4, 10, 0, 0, 1, 0], Err(Refusal::SourceRoute)),
        ([1, 137, 7, 4, 10, 0, 0, 1], Err(Refusal::SourceRoute)),
        ([148, 4, 0, 0, 131, 3, 4, 0], Err(Refusal::SourceRoute)),
        ([131, 0, 4, 10, 0, 0, 1, 0], Err(Refusal::Ipv4Malformed)),
        ([68, 40, 131, 7, 4, 10, 0, 0], Err(Refusal::Ipv4Malformed)),
        ([7, 7, 4, 0, 0, 0, 0, 0], Ok(Outgoing::Ipv4)),
        // After the end of the list there are no options.
        ([0, 131, 7, 4, 10, 0, 0, 1], Ok(Outgoing::Ipv4)),
    ] {
        assert_eq!(check(OPEN, &with_options(options)), expected, "{options:?}");
    }
}

#[test]
fn sizes_and_types_are_bounded() {
    let fits = ipv4_frame(OTHER, OURS, CLAIMED, PEER, 1480);
    assert_eq!(check(OPEN, &fits), Ok(Outgoing::Ipv4));
    let long = ipv4_frame(OTHER, OURS, CLAIMED, PEER, 1481);
    assert_eq!(check(OPEN, &long), Err(Refusal::TooLong));
    assert_eq!(check(OPEN, &fits[..13]), Err(Refusal::Truncated));
    assert_eq!(check(OPEN, &fits[..33]), Err(Refusal::Ipv4Malformed));
    assert_eq!(check(OPEN, &fits[..100]), Err(Refusal::Ipv4Malformed));
    for ether_type in [0x8100_u16, 0x88a8, 0x86dd, 0x8847, 0x05dc, 0x0000] {
        let mut other = fits.clone();
        other[12..14].copy_from_slice(&ether_type.to_be_bytes());
        assert_eq!(check(OPEN, &other), Err(Refusal::EtherType));
    }
    let short_arp = &probe(OURS, CLAIMED)[..41];
    assert_eq!(check(OPEN, short_arp), Err(Refusal::ArpMalformed));
}

#[test]
fn floods_are_cut() {
    let mut egress = Egress::new(OURS, MTU, SUBNET, RateLimit::GIGABIT);
    let probe = probe(OURS, CLAIMED);
    let passed = (0..1000)
        .filter(|_| egress.admit(Instant::ZERO, OPEN, &probe).is_ok())
        .count();
    assert_eq!(passed, 50);
    let packet = ipv4_frame(OTHER, OURS, CLAIMED, PEER, 1480);
    let passed = (0..100_000)
        .filter(|_| egress.admit(Instant::ZERO, OPEN, &packet).is_ok())
        .count();
    assert!((5000..6000).contains(&passed), "{passed}");
    let later = Instant::from_millis(100);
    assert!(egress.admit(later, OPEN, &packet).is_ok());
    // What is refused for another reason takes nothing from the limit.
    let mut fresh = Egress::new(OURS, MTU, SUBNET, RateLimit::GIGABIT);
    for _ in 0..1000 {
        assert!(fresh.admit(later, Permission::Nothing, &probe).is_err());
    }
    assert!(fresh.admit(later, OPEN, &probe).is_ok());
}

proptest! {
    /// Hostile bytes: no panic; what passes is exactly what the table allows.
    #[test]
    fn only_our_own_frames_pass(
        mut frame in prop::collection::vec(any::<u8>(), 0..120),
        ours in any::<bool>(),
        ether_type in prop::sample::select(vec![0x0806_u16, 0x0800, 0x8100]),
        patch_sender in any::<bool>(),
        permission in prop::sample::select(vec![
            Permission::Nothing, Permission::Probe(CLAIMED), OPEN, Permission::Lost]),
    ) {
        if frame.len() >= 14 {
            if ours { frame[6..12].copy_from_slice(&OURS.0); }
            frame[12..14].copy_from_slice(&ether_type.to_be_bytes());
        }
        if patch_sender && frame.len() >= 42 {
            frame[14..20].copy_from_slice(&[0, 1, 8, 0, 6, 4]);
            frame[22..28].copy_from_slice(&OURS.0);
            frame[28..32].copy_from_slice(&CLAIMED.octets());
        }
        match check(permission, &frame) {
            Err(_) => {}
            Ok(outgoing) => {
                prop_assert_eq!(&frame[6..12], &OURS.0);
                let (is_ip, is_arp) = (frame[12..14] == [8, 0], frame[12..14] == [8, 6]);
                prop_assert!(is_ip || is_arp);
                match outgoing {
                    Outgoing::Ipv4 => {
                        prop_assert!(is_ip && permission == OPEN);
                        prop_assert_eq!(&frame[26..30], &CLAIMED.octets());
                    }
                    Outgoing::Arp => {
                        prop_assert!(is_arp && permission == OPEN);
                        prop_assert_eq!(&frame[28..32], &CLAIMED.octets());
                        prop_assert_eq!(&frame[22..28], &OURS.0);
                    }
                    Outgoing::Probe(_) => {
                        prop_assert!(is_arp);
                        prop_assert_eq!(&frame[28..32], &[0; 4]);
                        prop_assert_eq!(&frame[38..42], &CLAIMED.octets());
                    }
                }
            }
        }
    }
}
