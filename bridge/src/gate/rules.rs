//! Which addresses may be claimed at all.

use std::net::Ipv4Addr;
use synema_relay::{ClaimRefusal, Subnet};

/// What the interface's network says about addresses.
#[derive(Clone, Debug)]
pub struct ClaimRules {
    /// The interface's subnet.
    pub subnet: Subnet,
    /// The gateway, which is somebody else.
    pub gateway: Option<Ipv4Addr>,
    /// The host's own addresses, on any interface: its kernel answers for them.
    pub host_addrs: Vec<Ipv4Addr>,
    /// The only address to be claimed, when the bridge was told one.
    pub only: Option<Ipv4Addr>,
}

impl ClaimRules {
    /// Whether a station may claim `addr` here.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, addr: Ipv4Addr) -> Result<(), ClaimRefusal> {
        if addr.is_multicast()
            || addr.is_broadcast()
            || addr.is_loopback()
            || addr.octets()[0] == 0
            || addr.octets()[0] >= 240
        {
            return Err(ClaimRefusal::NotAStation);
        }
        if self.host_addrs.contains(&addr) {
            return Err(ClaimRefusal::HostsOwn);
        }
        if self.gateway == Some(addr) {
            return Err(ClaimRefusal::Gateways);
        }
        if !self.subnet.is_station(addr) {
            return Err(ClaimRefusal::OutsideSubnet(self.subnet));
        }
        match self.only {
            Some(only) if only != addr => Err(ClaimRefusal::OnlyThis(only)),
            _ => Ok(()),
        }
    }

    /// Addresses worth trying, from the upper half of the subnet down, where DHCP pools
    /// and routers seldom are; `taken` are known to be in use.
    pub fn propose(&self, taken: &[Ipv4Addr], count: usize) -> Vec<Ipv4Addr> {
        if let Some(only) = self.only {
            return vec![only];
        }
        let last = self.subnet.broadcast().to_bits();
        let first = self.subnet.network().to_bits();
        // .129 in a /24 (the address of the story), and from there on.
        let middle = first + (last - first).div_ceil(2) + 1;
        (middle..=last)
            .chain(first..middle)
            .take(4096)
            .map(Ipv4Addr::from_bits)
            .filter(|addr| self.check(*addr).is_ok() && !taken.contains(addr))
            .take(count)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> ClaimRules {
        ClaimRules {
            subnet: Subnet {
                addr: Ipv4Addr::new(192, 168, 0, 7),
                prefix_len: 24,
            },
            gateway: Some(Ipv4Addr::new(192, 168, 0, 1)),
            host_addrs: vec![Ipv4Addr::new(192, 168, 0, 7), Ipv4Addr::new(10, 9, 8, 7)],
            only: None,
        }
    }

    #[test]
    fn only_a_free_stations_address_may_be_claimed() {
        let rules = rules();
        let check = |a, b, c, d| rules.check(Ipv4Addr::new(a, b, c, d));
        let outside = Err(ClaimRefusal::OutsideSubnet(rules.subnet));
        assert_eq!(check(192, 168, 0, 129), Ok(()));
        assert_eq!(check(192, 168, 0, 7), Err(ClaimRefusal::HostsOwn));
        assert_eq!(check(10, 9, 8, 7), Err(ClaimRefusal::HostsOwn));
        assert_eq!(check(192, 168, 0, 1), Err(ClaimRefusal::Gateways));
        assert_eq!(check(192, 168, 0, 0), outside);
        assert_eq!(check(192, 168, 0, 255), outside);
        assert_eq!(check(192, 168, 1, 5), outside);
        for (a, d) in [(224, 1), (255, 255), (127, 1), (0, 0), (240, 1)] {
            assert_eq!(check(a, 0, 0, d), Err(ClaimRefusal::NotAStation));
        }
    }

    #[test]
    fn one_address_may_be_the_only_one() {
        let only = Ipv4Addr::new(192, 168, 0, 129);
        let rules = ClaimRules {
            only: Some(only),
            ..rules()
        };
        assert_eq!(rules.check(only), Ok(()));
        let other = rules.check(Ipv4Addr::new(192, 168, 0, 130));
        assert_eq!(other, Err(ClaimRefusal::OnlyThis(only)));
        assert_eq!(rules.propose(&[], 5), [only]);
    }

    #[test]
    fn proposals_can_be_claimed_and_are_not_taken() {
        let rules = rules();
        let taken = [Ipv4Addr::new(192, 168, 0, 130)];
        assert_eq!(
            rules.propose(&taken, 3),
            [129, 131, 132].map(|last| Ipv4Addr::new(192, 168, 0, last))
        );
        let small = ClaimRules {
            subnet: Subnet {
                addr: Ipv4Addr::new(192, 168, 0, 6),
                prefix_len: 30,
            },
            ..rules
        };
        assert_eq!(
            small.propose(&[], 9),
            [5, 6].map(|last| Ipv4Addr::new(192, 168, 0, last))
        );
        let whole = ClaimRules {
            subnet: Subnet {
                addr: Ipv4Addr::new(1, 2, 3, 4),
                prefix_len: 0,
            },
            ..small
        };
        assert_eq!(whole.propose(&[], 2).len(), 2);
    }
}
