//! In host-MAC mode: a table that keeps the host's kernel away from the claimed address.
//!
//! With its own MAC a claimed address is invisible to the kernel. With the interface's MAC, packets
//! for it reach the kernel too, which (with `ip_forward`) forwards, redirects and reports them
//! unreachable. So an nftables chain at the interface's ingress drops them, after packet sockets
//! have seen them and before anything else does:
//!
//! ```text
//!   table netdev synema-<pid>-<n>, owned by this process' netlink socket
//!     chain ingress { type filter hook ingress device <if> priority -500; policy accept
//!       ip  daddr    <claimed> drop
//!       arp daddr ip <claimed> drop }      (proxy_arp would answer in our name)
//! ```
//!
//! NFT_TABLE_F_OWNER: the table vanishes with the socket, also after kill -9; and nobody else can
//! change it. Making it takes CAP_NET_ADMIN, so it is made before privileges are dropped and stays
//! as it is. The messages are those of `<linux/netfilter/nf_tables.h>`, written with the netlink
//! crates; no kept crate speaks nftables without libnftnl or the `nft` program.

use super::OpenError;
use netlink_packet_core::{
    DecodeError, DefaultNla, Emitable, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST,
    NetlinkBuffer, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// The table, for as long as this lives.
#[derive(Debug)]
pub struct Guard {
    _owner: Socket,
}

impl Guard {
    /// Keeps the kernel away from what `interface` receives for these addresses.
    ///
    /// # Errors
    /// Without CAP_NET_ADMIN, or on a kernel without nftables at the ingress (Linux 5.12 or later
    /// has owned tables).
    pub fn install(interface: &str, addresses: &[Ipv4Addr]) -> Result<Self, OpenError> {
        static TABLES: AtomicU32 = AtomicU32::new(0);
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let table = format!("synema-{}-{number}", std::process::id());
        let owner = open().and_then(|socket| {
            let (batch, expected) = batch(&table, interface, addresses);
            socket.send(&batch, 0)?;
            wait_for_acks(&socket, expected)?;
            Ok(socket)
        });
        match owner {
            Ok(owner) => Ok(Self { _owner: owner }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(OpenError::NotPermitted)
            }
            Err(error) => Err(OpenError::Io(
                "keeping the kernel away from the claimed address (host-MAC mode needs nftables \
                 with owned tables, Linux 5.12)",
                error,
            )),
        }
    }
}

fn open() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok(socket)
}

const SUBSYSTEM: u16 = 10 << 8;
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;
const NEW_TABLE: u16 = SUBSYSTEM;
const NEW_CHAIN: u16 = SUBSYSTEM | 3;
const NEW_RULE: u16 = SUBSYSTEM | 6;

const FAMILY_UNSPEC: u8 = 0;
const FAMILY_NETDEV: u8 = 5;
const TABLE_OWNED: u32 = 2;
const HOOK_INGRESS: u32 = 0;
const PRIORITY: i32 = -500;
const CHAIN: &str = "ingress";

const REGISTER_VERDICT: u32 = 0;
const REGISTER_1: u32 = 1;
const META_PROTOCOL: u32 = 1;
const CMP_EQ: u32 = 0;
const BASE_NETWORK_HEADER: u32 = 1;
const VERDICT_DROP: u32 = 0;

const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_ARP: [u8; 2] = [0x08, 0x06];
const IPV4_DESTINATION: u32 = 16;
const ARP_TARGET: u32 = 24;

/// One message of the nftables protocol: a kind, `struct nfgenmsg`, attributes.
#[derive(Clone, Debug)]
struct Message {
    kind: u16,
    family: u8,
    resource: u16,
    attributes: Vec<DefaultNla>,
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        4 + self.attributes.as_slice().buffer_len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        let [high, low] = self.resource.to_be_bytes();
        buffer[..4].copy_from_slice(&[self.family, 0, high, low]);
        self.attributes.as_slice().emit(&mut buffer[4..]);
    }
}

/// Of the answers only acknowledgements matter, which the crate reads itself.
impl NetlinkDeserializable for Message {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, _: &[u8]) -> Result<Self, DecodeError> {
        let kind = header.message_type;
        Ok(Self {
            kind,
            family: 0,
            resource: 0,
            attributes: Vec::new(),
        })
    }
}

/// The whole transaction, and how many acknowledgements it gets.
fn batch(table: &str, interface: &str, addresses: &[Ipv4Addr]) -> (Vec<u8>, usize) {
    let owned = vec![string(1, table), number(2, TABLE_OWNED)];
    let hook = vec![
        number(1, HOOK_INGRESS),
        number(2, u32::from_ne_bytes(PRIORITY.to_ne_bytes())),
        string(3, interface),
    ];
    let chain = vec![
        string(1, table),
        string(3, CHAIN),
        string(7, "filter"),
        nest(4, &hook),
    ];
    let mut messages = vec![
        (NEW_TABLE, FAMILY_NETDEV, 0, owned),
        (NEW_CHAIN, FAMILY_NETDEV, 0, chain),
    ];
    for address in addresses {
        for (protocol, offset) in [
            (ETHERTYPE_IPV4, IPV4_DESTINATION),
            (ETHERTYPE_ARP, ARP_TARGET),
        ] {
            let rule = vec![
                string(1, table),
                string(2, CHAIN),
                nest(4, &drop_if(protocol, offset, *address)),
            ];
            messages.push((NEW_RULE, FAMILY_NETDEV, 0, rule));
        }
    }
    let expected = messages.len();
    messages.insert(0, (BATCH_BEGIN, FAMILY_UNSPEC, SUBSYSTEM >> 8, Vec::new()));
    messages.push((BATCH_END, FAMILY_UNSPEC, SUBSYSTEM >> 8, Vec::new()));

    let mut bytes = Vec::new();
    for (sequence, (kind, family, resource, attributes)) in (0u32..).zip(messages) {
        let mut header = NetlinkHeader::default();
        header.flags = match kind {
            BATCH_BEGIN | BATCH_END => NLM_F_REQUEST,
            _ => NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND,
        };
        header.sequence_number = sequence;
        let payload = Message {
            kind,
            family,
            resource,
            attributes,
        };
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(payload));
        message.finalize();
        let start = bytes.len();
        bytes.resize(start + message.buffer_len(), 0);
        message.serialize(&mut bytes[start..]);
    }
    (bytes, expected)
}

/// The expressions of one rule: is it this protocol, with this address there? Drop.
fn drop_if(protocol: [u8; 2], offset: u32, address: Ipv4Addr) -> Vec<DefaultNla> {
    let verdict = nest(2, &[nest(2, &[number(1, VERDICT_DROP)])]);
    vec![
        expression("meta", &[number(2, META_PROTOCOL), number(1, REGISTER_1)]),
        compare(&protocol),
        expression(
            "payload",
            &[
                number(1, REGISTER_1),
                number(2, BASE_NETWORK_HEADER),
                number(3, offset),
                number(4, 4),
            ],
        ),
        compare(&address.octets()),
        expression("immediate", &[number(1, REGISTER_VERDICT), verdict]),
    ]
}

fn compare(value: &[u8]) -> DefaultNla {
    let value = DefaultNla::new(1, value.to_vec());
    expression(
        "cmp",
        &[number(1, REGISTER_1), number(2, CMP_EQ), nest(3, &[value])],
    )
}

/// NFTA_LIST_ELEM of NFTA_EXPR_NAME and NFTA_EXPR_DATA.
fn expression(name: &str, data: &[DefaultNla]) -> DefaultNla {
    nest(1, &[string(1, name), nest(2, data)])
}

fn string(kind: u16, text: &str) -> DefaultNla {
    let mut value = text.as_bytes().to_vec();
    value.push(0);
    DefaultNla::new(kind, value)
}

/// nftables' numbers are in network order.
fn number(kind: u16, value: u32) -> DefaultNla {
    DefaultNla::new(kind, value.to_be_bytes().to_vec())
}

/// A netlink attribute that holds others.
pub(crate) fn nest(kind: u16, inside: &[DefaultNla]) -> DefaultNla {
    const NESTED: u16 = 1 << 15;
    let mut value = vec![0; inside.buffer_len()];
    inside.emit(&mut value);
    DefaultNla::new(kind | NESTED, value)
}

/// Reads until the kernel has answered every message, or refused one.
fn wait_for_acks(socket: &Socket, mut expected: usize) -> io::Result<()> {
    while expected > 0 {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = &datagram[..];
        while !rest.is_empty() {
            let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
            let len = NetlinkBuffer::new_checked(rest).map_err(invalid)?.length() as usize;
            let message = NetlinkMessage::<Message>::deserialize(rest).map_err(invalid)?;
            if let NetlinkPayload::Error(answer) = message.payload {
                if answer.code.is_some() {
                    return Err(answer.to_io());
                }
                expected = expected.saturating_sub(1);
            }
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
    }
    Ok(())
}
