//! A host as it stands in `Host` and `Origin`: a name or an address, and a port.

use http::uri::Authority;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The port that `http://` means when none is written.
const DEFAULT_PORT: u16 = 80;

/// A checked host. Two are equal when name and port are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    name: String,
    port: u16,
}

impl HostName {
    /// Reads `name`, `name:port` or `[v6]:port`; none when it is anything else, such as
    /// one with a user name, a path, or a port that is no number.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('@') || text.ends_with(':') {
            return None;
        }
        let authority: Authority = text.parse().ok()?;
        let name = authority.host().to_ascii_lowercase();
        let port = match authority.port() {
            Some(port) => port.as_str().parse().ok()?,
            // `host:99999` has no port by the parser's reading, and no meaning by ours.
            None if authority.as_str().len() != name.len() => return None,
            None => DEFAULT_PORT,
        };
        // The name goes into a policy header: nothing that has a meaning there.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        (!name.is_empty() && name.chars().all(plain)).then_some(Self { name, port })
    }

    /// The name or address in lower case, IPv6 in brackets, without the port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host with its port, as a URL has it.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.name, self.port)
    }

    /// Whether it can only mean this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    /// Other names are not, whatever they resolve to today.
    pub fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.address().is_some_and(|ip| ip.is_loopback())
    }

    /// Whether it is this address, written as such.
    pub fn is_address(&self, ip: IpAddr) -> bool {
        self.address() == Some(ip)
    }

    fn address(&self) -> Option<IpAddr> {
        let v6 = self
            .name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match v6 {
            Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => self.name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }
}
