//! The kernel's first door: a classic BPF program that lets in only what concerns a claim.
//!
//! ```text
//!   EtherType? ── ARP ──► hardware Ethernet, protocol IPv4? ─► sender or target a claimed one? ─► in
//!        └────── IPv4 ──► to our MAC, or to a group? ────────► destination a claimed one? ──────► in
//!   everything else, and everything while nothing is claimed ────────────────────────────────► out
//! ```
//!
//! A load beyond the frame's end refuses the frame, so that truncated ones never get in.

use super::Admit;
use libc::sock_filter;
use std::net::Ipv4Addr;

/// As many addresses as jump offsets of eight bits allow, with room to spare.
pub const MAX_ADDRESSES: usize = 32;

/// Takes the whole frame, of any size.
const SNAP_ALL: u32 = 0x0004_0000;

const ETHERTYPE: u32 = 12;
const DESTINATION: u32 = 0;
const ARP_HARDWARE_AND_PROTOCOL: u32 = 14;
const ARP_SENDER: u32 = 28;
const ARP_TARGET: u32 = 38;
const IPV4_DESTINATION: u32 = 30;

const LOAD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const LOAD_HALF: u32 = libc::BPF_LD | libc::BPF_H | libc::BPF_ABS;
const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IF_BITS: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// Where a test leads.
#[derive(Clone, Copy, Debug)]
enum To {
    Next,
    Skip(u8),
    Accept,
    Refuse,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load(u32, u32),
    Test(u32, u32, To, To),
}

/// The program for a socket whose MAC is `mac`. More than [`MAX_ADDRESSES`] are not admitted.
pub fn program(admit: &Admit, mac: [u8; 6]) -> Vec<sock_filter> {
    match admit {
        Admit::Everything => vec![statement(RETURN, SNAP_ALL)],
        Admit::Addresses(addresses) if addresses.is_empty() => vec![statement(RETURN, 0)],
        Admit::Addresses(addresses) => assemble(&claims(
            &addresses[..addresses.len().min(MAX_ADDRESSES)],
            mac,
        )),
    }
}

fn claims(addresses: &[Ipv4Addr], mac: [u8; 6]) -> Vec<Step> {
    let [m0, m1, m2, m3, m4, m5] = mac;
    let mut arp = vec![
        Step::Load(LOAD_WORD, ARP_HARDWARE_AND_PROTOCOL),
        Step::Test(IF_EQUAL, 0x0001_0800, To::Next, To::Refuse),
    ];
    arp.extend(any_of(ARP_SENDER, addresses, To::Next));
    arp.extend(any_of(ARP_TARGET, addresses, To::Refuse));

    let mut ipv4 = vec![
        Step::Load(LOAD_BYTE, DESTINATION),
        Step::Test(IF_BITS, 0x01, To::Skip(4), To::Next),
        Step::Load(LOAD_WORD, DESTINATION),
        Step::Test(
            IF_EQUAL,
            u32::from_be_bytes([m0, m1, m2, m3]),
            To::Next,
            To::Refuse,
        ),
        Step::Load(LOAD_HALF, DESTINATION + 4),
        Step::Test(
            IF_EQUAL,
            u32::from_be_bytes([0, 0, m4, m5]),
            To::Next,
            To::Refuse,
        ),
    ];
    ipv4.extend(any_of(IPV4_DESTINATION, addresses, To::Refuse));

    let past_arp = u8::try_from(arp.len()).expect("at most 2 * MAX_ADDRESSES + 4 steps");
    let mut steps = vec![
        Step::Load(LOAD_HALF, ETHERTYPE),
        Step::Test(IF_EQUAL, 0x0806, To::Skip(1), To::Next),
        Step::Test(IF_EQUAL, 0x0800, To::Skip(past_arp), To::Refuse),
    ];
    steps.extend(arp);
    steps.extend(ipv4);
    steps
}

/// Accepts if the word at `offset` is one of the addresses, else goes `otherwise`.
fn any_of(offset: u32, addresses: &[Ipv4Addr], otherwise: To) -> Vec<Step> {
    let last = addresses.len() - 1;
    std::iter::once(Step::Load(LOAD_WORD, offset))
        .chain(addresses.iter().enumerate().map(|(i, &address)| {
            let miss = if i == last { otherwise } else { To::Next };
            Step::Test(IF_EQUAL, u32::from(address), To::Accept, miss)
        }))
        .collect()
}

/// Turns steps into instructions, with the two returns at the end.
fn assemble(steps: &[Step]) -> Vec<sock_filter> {
    let refuse = steps.len();
    let accept = refuse + 1;
    let mut program: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| match *step {
            Step::Load(code, offset) => statement(code, offset),
            Step::Test(code, value, yes, no) => {
                let offset = |to: To| match to {
                    To::Next => 0,
                    To::Skip(n) => n,
                    To::Accept => distance(at, accept),
                    To::Refuse => distance(at, refuse),
                };
                sock_filter {
                    jt: offset(yes),
                    jf: offset(no),
                    ..statement(code, value)
                }
            }
        })
        .collect();
    program.push(statement(RETURN, 0));
    program.push(statement(RETURN, SNAP_ALL));
    program
}

fn distance(from: usize, to: usize) -> u8 {
    u8::try_from(to - from - 1).expect("3 * MAX_ADDRESSES + 16 steps are fewer than 256")
}

fn statement(code: u32, k: u32) -> sock_filter {
    let code = u16::try_from(code).expect("BPF opcodes have 16 bits");
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}
