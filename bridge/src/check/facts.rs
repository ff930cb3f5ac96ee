//! What the system says of itself.

use crate::cli::ServeArgs;
use crate::error::Failure;
use crate::interfaces::{self, Interface};
use crate::io::{OpenOptions, RawSocket};
use crate::serve::{Site, ground};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::{env, fs, io};

/// All that the check wants to know.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) interface: Result<Interface, Failure>,
    pub(super) raw_socket: Result<(), Failure>,
    pub(super) wireless: bool,
    pub(super) virtual_machine: bool,
    pub(super) ip_forward: bool,
    pub(super) host_addrs: Vec<Ipv4Addr>,
    pub(super) heard_of: Vec<Ipv4Addr>,
    pub(super) site: Result<(), Failure>,
    pub(super) port: io::Result<()>,
    pub(super) user: String,
    pub(super) machine: String,
}

/// Asks the system. Nothing is left open or changed.
pub(super) fn gather(args: &ServeArgs) -> Facts {
    let name = &args.interface;
    let sys = Path::new("/sys/class/net").join(name);
    let first_line = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().next().unwrap_or_default().trim().to_owned()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let user = ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| env::var(name).ok())
        .unwrap_or_else(|| "you".into());
    let machine = first_line("/proc/sys/kernel/hostname");
    Facts {
        interface: interfaces::find(name),
        raw_socket: RawSocket::open(&OpenOptions::stack(name, None))
            .map(drop)
            .map_err(Failure::from),
        wireless: sys.join("wireless").exists() || sys.join("phy80211").exists(),
        virtual_machine: cpu
            .lines()
            .any(|line| line.starts_with("flags") && line.contains(" hypervisor")),
        ip_forward: first_line("/proc/sys/net/ipv4/ip_forward") == "1",
        host_addrs: ground::host_addrs(),
        heard_of: ground::neighbours(name),
        site: Site::find(args.web.www.as_deref()).map(drop),
        port: TcpListener::bind(args.web.listen).map(drop),
        user,
        machine: match machine.is_empty() {
            true => "this-machine".into(),
            false => machine,
        },
    }
}
