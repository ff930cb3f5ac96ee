//! `synema interfaces`: what this machine has to stand on.

use crate::cli::InterfacesArgs;
use crate::error::{Exit, Failure};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use synema_core::wire::MacAddr;

/// One network interface, as the system tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The name that `--interface` takes.
    pub name: String,
    /// Its hardware address, if it has one.
    #[serde(with = "mac_text")]
    pub mac: Option<MacAddr>,
    /// Its IPv4 addresses, each with the length of its prefix.
    pub ipv4: Vec<Subnet>,
    /// Its IPv6 addresses, as text with the length of their prefixes.
    pub ipv6: Vec<String>,
    /// The largest IP packet that fits, in bytes, where the system tells it.
    pub mtu: Option<u32>,
    /// Whether it was brought up.
    pub up: bool,
    /// Whether it has a carrier: a cable, an association.
    pub running: bool,
    /// Whether it leads back to this machine only.
    pub loopback: bool,
    /// The IPv4 router of the default route over it.
    pub gateway: Option<Ipv4Addr>,
    /// The name servers that the system asks, on an interface with a gateway; none on the loopback.
    pub dns: Vec<Ipv4Addr>,
}

/// An address and the network that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// The address.
    pub address: Ipv4Addr,
    /// Leading bits that all addresses of the network share.
    pub prefix_len: u8,
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

impl Subnet {
    /// Whether an address lies in the same network.
    pub fn contains(self, other: Ipv4Addr) -> bool {
        let host_bits = 32 - u32::from(self.prefix_len.min(32));
        let network = |a: Ipv4Addr| u32::from(a).checked_shr(host_bits).unwrap_or(0);
        network(self.address) == network(other)
    }
}

/// Every interface, in the system's order.
pub fn list() -> Vec<Interface> {
    let details = netdev::get_interfaces();
    pnet_datalink::interfaces()
        .into_iter()
        .map(|interface| {
            let detail = details.iter().find(|d| d.name == interface.name);
            describe(&interface, detail)
        })
        .collect()
}

/// The interface of that name, if it can carry a stack: up, and with a MAC.
///
/// # Errors
/// There is none of that name, it is down, or it is no Ethernet.
pub fn find(name: &str) -> Result<Interface, Failure> {
    let all = list();
    let Some(found) = all.iter().find(|interface| interface.name == name) else {
        let known: Vec<_> = all.iter().map(|i| i.name.as_str()).collect();
        return Err(Failure::new(
            Exit::NoInterface,
            format!("there is no interface named {name}"),
            format!(
                "choose one of: {} (see `synema interfaces`)",
                known.join(", ")
            ),
        ));
    };
    if !found.up {
        return Err(Failure::new(
            Exit::NoInterface,
            format!("the interface {name} is down"),
            format!("bring it up (sudo ip link set {name} up), or choose another one"),
        ));
    }
    if found.loopback || found.mac.is_none() {
        return Err(Failure::new(
            Exit::NoInterface,
            format!("the interface {name} is no Ethernet: it has no MAC to be reached at"),
            "choose one that has a MAC in `synema interfaces`, or use `synema lab`",
        ));
    }
    Ok(found.clone())
}

/// Whether anybody can be reached over the interface now: without a carrier, an address would seem
/// free because nobody can object.
///
/// # Errors
/// When it has no carrier.
pub fn needs_carrier(name: &str) -> Result<(), Failure> {
    let found = find(name)?;
    if found.running {
        return Ok(());
    }
    Err(Failure::new(
        Exit::NoInterface,
        format!("the interface {name} has no carrier: nobody hears what is sent there"),
        "plug in its cable (or join its network), or choose another from `synema interfaces`",
    ))
}

/// Prints the interfaces.
///
/// # Errors
/// When standard output is closed.
pub fn run(args: &InterfacesArgs) -> Result<(), Failure> {
    use std::io::Write;
    let all = list();
    let text = if args.json {
        let mut json = serde_json::to_string_pretty(&all).expect("strings and numbers only");
        json.push('\n');
        json
    } else {
        table(&all)
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| {
            Failure::new(
                Exit::LocalIo,
                format!("standard output does not take the list: {error}"),
                "run it where its output is read",
            )
        })
}

fn describe(
    interface: &pnet_datalink::NetworkInterface,
    detail: Option<&netdev::Interface>,
) -> Interface {
    let ipv4 = interface
        .ips
        .iter()
        .filter_map(|network| match network.ip() {
            IpAddr::V4(address) => Some(Subnet {
                address,
                prefix_len: network.prefix(),
            }),
            IpAddr::V6(_) => None,
        });
    let ipv6 = interface.ips.iter().filter(|network| network.is_ipv6());
    let gateway = detail.and_then(|d| d.gateway.as_ref()?.ipv4.first().copied());
    Interface {
        name: interface.name.clone(),
        mac: interface
            .mac
            .map(|mac| MacAddr(mac.octets()))
            .filter(|mac| mac.is_unicast()),
        ipv4: ipv4.collect(),
        ipv6: ipv6.map(ToString::to_string).collect(),
        mtu: detail.and_then(|d| d.mtu),
        up: interface.is_up(),
        running: interface.is_running(),
        loopback: interface.is_loopback(),
        gateway,
        dns: if gateway.is_some() {
            name_servers(detail)
        } else {
            Vec::new()
        },
    }
}

/// The name servers that a stack beside this machine can ask: not the stub on the loopback that
/// systemd-resolved puts into /etc/resolv.conf, but those that the stub asks.
#[cfg(target_os = "linux")]
fn name_servers(_: Option<&netdev::Interface>) -> Vec<Ipv4Addr> {
    ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]
        .into_iter()
        .filter_map(|path| std::fs::read(path).ok())
        .map(|text| usable_name_servers(&text))
        .find(|servers| !servers.is_empty())
        .unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn usable_name_servers(resolv_conf: &[u8]) -> Vec<Ipv4Addr> {
    // Lines that cannot be read do not spoil the others.
    let (config, _) = resolv_conf::Config::parse_with_errors(resolv_conf);
    usable(config.nameservers.iter().map(IpAddr::from))
}

#[cfg(not(target_os = "linux"))]
fn name_servers(detail: Option<&netdev::Interface>) -> Vec<Ipv4Addr> {
    usable(detail.iter().flat_map(|d| d.dns_servers.iter().copied()))
}

fn usable(servers: impl Iterator<Item = IpAddr>) -> Vec<Ipv4Addr> {
    let usable = servers.filter_map(|server| match server {
        IpAddr::V4(server) if !server.is_loopback() && !server.is_unspecified() => Some(server),
        _ => None,
    });
    usable.collect()
}

/// Aligned columns; an interface with several addresses takes a line for each.
fn table(interfaces: &[Interface]) -> String {
    let mut rows =
        vec![["INTERFACE", "STATE", "MAC", "ADDRESS", "MTU", "GATEWAY"].map(String::from)];
    for interface in interfaces {
        let state = match (interface.up, interface.running) {
            (false, _) => "down",
            (true, false) => "no carrier",
            (true, true) => "up",
        };
        let dash = || "-".to_owned();
        let v4 = interface.ipv4.iter().map(ToString::to_string);
        let mut addresses = v4.chain(interface.ipv6.iter().cloned());
        rows.push([
            interface.name.clone(),
            state.to_owned(),
            interface.mac.map_or_else(dash, |mac| mac.to_string()),
            addresses.next().unwrap_or_else(dash),
            interface.mtu.map_or_else(dash, |mtu| mtu.to_string()),
            interface
                .gateway
                .map_or_else(dash, |gateway| gateway.to_string()),
        ]);
        rows.extend(addresses.map(|address| {
            let mut row = [const { String::new() }; 6];
            row[3] = address;
            row
        }));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// In JSON an address is what people write, not six numbers.
mod mac_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use synema_core::wire::MacAddr;

    pub(super) fn serialize<S: Serializer>(
        mac: &Option<MacAddr>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        mac.map(|mac| mac.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<MacAddr>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Interface {
        Interface {
            name: "eth0".into(),
            mac: Some(MacAddr([2, 0, 0x5e, 0x10, 0, 1])),
            ipv4: vec![Subnet {
                address: Ipv4Addr::new(192, 168, 0, 2),
                prefix_len: 24,
            }],
            ipv6: vec!["fe80::1/64".into()],
            mtu: Some(1500),
            up: true,
            running: true,
            loopback: false,
            gateway: Some(Ipv4Addr::new(192, 168, 0, 1)),
            dns: vec![Ipv4Addr::new(203, 0, 113, 53)],
        }
    }

    #[test]
    fn the_table_is_aligned_and_has_a_line_for_each_address() {
        let down = Interface {
            name: "w".into(),
            up: false,
            mac: None,
            ipv4: vec![],
            ..example()
        };
        assert_eq!(
            table(&[example(), down]),
            "INTERFACE  STATE  MAC                ADDRESS         MTU   GATEWAY\n\
             eth0       up     02:00:5e:10:00:01  192.168.0.2/24  1500  192.168.0.1\n\
             \u{20}                                    fe80::1/64\n\
             w          down   -                  fe80::1/64      1500  192.168.0.1\n"
        );
    }

    #[test]
    fn json_comes_back_as_it_went() {
        let json = serde_json::to_string(&example()).unwrap();
        assert!(json.contains("\"02:00:5e:10:00:01\""));
        assert_eq!(serde_json::from_str::<Interface>(&json).unwrap(), example());
        let bad = json.replace("02:00:5e", "02:00");
        assert!(serde_json::from_str::<Interface>(&bad).is_err());
    }

    #[test]
    fn the_loopback_is_listed_but_carries_no_stack() {
        let loopback = list()
            .into_iter()
            .find(|i| i.loopback)
            .expect("every machine has one");
        assert_eq!(find(&loopback.name).unwrap_err().exit, Exit::NoInterface);
        let missing = find("no-such-if0").unwrap_err();
        assert_eq!(missing.exit, Exit::NoInterface);
        assert!(missing.next_step.contains(&loopback.name));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stub_on_the_loopback_is_no_name_server_for_a_stack() {
        let text = b"# made by something\nnameserver 127.0.0.53\nnameserver ::1\n\
                     nameserver 192.168.0.1\nnonsense\nnameserver 9.9.9.9\n";
        let [router, quad9] = [Ipv4Addr::new(192, 168, 0, 1), Ipv4Addr::new(9, 9, 9, 9)];
        assert_eq!(usable_name_servers(text), [router, quad9]);
        assert!(usable_name_servers(b"nameserver 127.0.0.53\n").is_empty());
        assert!(usable_name_servers(&[0xff, 0, b'\n']).is_empty());
    }

    #[test]
    fn subnets_contain_their_own_addresses_only() {
        let subnet = |prefix_len| Subnet {
            address: Ipv4Addr::new(192, 168, 0, 2),
            prefix_len,
        };
        assert!(subnet(24).contains(Ipv4Addr::new(192, 168, 0, 255)));
        assert!(!subnet(24).contains(Ipv4Addr::new(192, 168, 1, 2)));
        assert!(subnet(0).contains(Ipv4Addr::new(8, 8, 8, 8)));
        assert!(!subnet(32).contains(Ipv4Addr::new(192, 168, 0, 3)));
    }
}
