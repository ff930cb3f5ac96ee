//! Where the bridge stands: one interface, and the network on it.

use crate::egress::RateLimit;
use crate::error::{Exit, Failure};
use crate::gate::{ClaimRules, Guard, Timing};
use crate::interfaces::{self, Interface};
use std::net::{IpAddr, Ipv4Addr};
use synema_core::wire::MacAddr;
use synema_relay::{
    BridgeHello, ClaimRefusal, ClaimState, LabInfo, MAX_MESSAGE, SessionId, Subnet,
};

/// An IPv4 packet's length has 16 bits; the loopback's MTU of 65,536 does not fit.
const MAX_MTU: u32 = 65_535;
/// What an interface carries when the system does not say.
const USUAL_MTU: u32 = 1500;
/// Addresses that are offered to the page.
const PROPOSALS: usize = 8;

/// One interface, and what may be done on it.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The interface's name.
    pub interface: String,
    /// The MAC to send from.
    pub mac: MacAddr,
    /// Whether that is the host's own.
    pub host_mac: bool,
    /// The largest IPv4 packet, in bytes.
    pub mtu: u32,
    /// Which addresses may be claimed.
    pub rules: ClaimRules,
    /// Name servers.
    pub dns: Vec<Ipv4Addr>,
    /// Addresses that the host has heard of: in use, so not proposed.
    pub heard_of: Vec<Ipv4Addr>,
    /// Set in the lab.
    pub lab: Option<LabInfo>,
    /// What the gate holds a claim to.
    pub timing: Timing,
    /// How much may go out.
    pub limit: RateLimit,
    /// The MAC of the interface itself.
    pub interface_mac: MacAddr,
    /// Where to look up which addresses the host has now; none where the wire is not in
    /// this process' network namespace.
    pub host_addrs_now: Option<fn() -> Vec<Ipv4Addr>>,
}

impl Ground {
    /// The ground that an interface of this machine is.
    ///
    /// # Errors
    /// When the interface is missing, down, no Ethernet, or has no IPv4 subnet; or when
    /// `only` cannot be claimed there.
    pub fn of_interface(name: &str, only: Option<Ipv4Addr>) -> Result<Self, Failure> {
        let interface = interfaces::find(name)?;
        let subnet = subnet_for(&interface, only)?;
        let interface_mac = MacAddr(interface.mac.map_or([0; 6], |mac| mac.0));
        let ground = Self {
            interface: interface.name.clone(),
            mac: interface_mac,
            host_mac: true,
            mtu: interface.mtu.unwrap_or(USUAL_MTU).min(MAX_MTU),
            rules: ClaimRules {
                subnet,
                gateway: interface.gateway,
                host_addrs: host_addrs(),
                only,
            },
            dns: interface.dns.clone(),
            heard_of: neighbours(name),
            lab: None,
            timing: Timing::RFC,
            limit: RateLimit::GIGABIT,
            interface_mac,
            host_addrs_now: Some(host_addrs),
        };
        match only.map(|only| ground.rules.check(only)) {
            Some(Err(why)) => Err(unfit(only.unwrap_or(Ipv4Addr::UNSPECIFIED), why)),
            _ => Ok(ground),
        }
    }

    /// A guard for one page, or one `curl`.
    pub fn guard(&self) -> Guard {
        Guard::new(
            self.mac,
            self.mtu,
            self.rules.clone(),
            self.timing,
            self.limit,
        )
    }

    /// What the page is told.
    pub fn hello(&self, session: SessionId, resumed: bool, claim: ClaimState) -> BridgeHello {
        BridgeHello {
            session,
            resumed,
            program: concat!("synema ", env!("CARGO_PKG_VERSION")).into(),
            interface: self.interface.clone(),
            mac: self.mac,
            host_mac: self.host_mac,
            mtu: self.mtu,
            subnet: self.rules.subnet,
            gateway: self.rules.gateway,
            dns: self.dns.clone(),
            only: self.rules.only,
            proposed: self.rules.propose(&self.heard_of, PROPOSALS),
            host_addrs: self.rules.host_addrs.clone(),
            lab: self.lab.clone(),
            claim,
            max_message: u32::try_from(MAX_MESSAGE).expect("128 KiB"),
            now_ns: crate::io::now_ns(),
        }
    }
}

/// Every IPv4 address that the host has now, on any interface.
pub(crate) fn host_addrs() -> Vec<Ipv4Addr> {
    pnet_datalink::interfaces()
        .iter()
        .flat_map(|interface| &interface.ips)
        .filter_map(|network| match network.ip() {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        })
        .collect()
}

/// Why an address cannot be claimed, for the terminal.
pub fn unfit(addr: Ipv4Addr, why: ClaimRefusal) -> Failure {
    let next_step = match why {
        ClaimRefusal::OutsideSubnet(subnet) => {
            format!("choose an unused address in {subnet}")
        }
        ClaimRefusal::HostsOwn => {
            "choose an unused one: the host's kernel would reset our connections on its own".into()
        }
        _ => "choose an unused address of the interface's subnet".into(),
    };
    Failure::new(
        Exit::AddressRefused,
        format!("{addr} cannot be claimed: {why}"),
        next_step,
    )
}

/// The subnet that `only` lies in, or the interface's first.
fn subnet_for(interface: &Interface, only: Option<Ipv4Addr>) -> Result<Subnet, Failure> {
    let mut subnets = interface.ipv4.iter().map(|subnet| Subnet {
        addr: subnet.address,
        prefix_len: subnet.prefix_len,
    });
    let first = subnets.clone().next().ok_or_else(|| {
        Failure::new(
            Exit::NoInterface,
            format!(
                "the interface {} has no IPv4 address, so its subnet is not known",
                interface.name
            ),
            "give it one (sudo ip addr add …), or choose another from `synema interfaces`",
        )
    })?;
    let containing = subnets.find(|subnet| only.is_some_and(|only| subnet.contains(only)));
    Ok(containing.unwrap_or(first))
}

/// Addresses that this host's kernel has met on the interface.
pub(crate) fn neighbours(interface: &str) -> Vec<Ipv4Addr> {
    // Only Linux has the file; elsewhere nothing is known, and the probes will tell.
    let table = std::fs::read_to_string("/proc/net/arp").unwrap_or_default();
    parse_neighbours(&table, interface)
}

fn parse_neighbours(table: &str, interface: &str) -> Vec<Ipv4Addr> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [addr, _, _, mac, _, device] = fields[..] else {
                return None;
            };
            let complete = mac != "00:00:00:00:00:00";
            (device == interface && complete).then(|| addr.parse().ok())?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_read_from_the_kernels_table() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
             192.168.0.1      0x1         0x2         02:00:5e:10:00:01     *        eth0\n\
             192.168.0.130    0x1         0x0         00:00:00:00:00:00     *        eth0\n\
             10.0.0.1         0x1         0x2         02:00:5e:10:00:02     *        eth1\n\
             junk\n";
        assert_eq!(
            parse_neighbours(table, "eth0"),
            [Ipv4Addr::new(192, 168, 0, 1)]
        );
    }
}
