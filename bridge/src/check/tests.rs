//! Machines as they are found, and what is said of them.

use super::*;
use crate::cli::{Cli, Command};
use crate::interfaces::{self, Interface};
use clap::Parser as _;
use std::net::Ipv4Addr;
use synema_core::wire::MacAddr;

fn args(line: &str) -> ServeArgs {
    let line = format!("synema serve --interface eth0 {line}");
    match Cli::parse_from(line.split_whitespace()).command {
        Command::Serve(args) => args,
        _ => unreachable!("the line says serve"),
    }
}

fn good() -> Facts {
    Facts {
        interface: Ok(Interface {
            name: "eth0".into(),
            mac: Some(MacAddr([2, 0, 0, 0, 0, 9])),
            ipv4: vec![interfaces::Subnet {
                address: Ipv4Addr::new(192, 168, 0, 7),
                prefix_len: 24,
            }],
            ipv6: Vec::new(),
            mtu: Some(1500),
            up: true,
            running: true,
            loopback: false,
            gateway: Some(Ipv4Addr::new(192, 168, 0, 1)),
            dns: vec![Ipv4Addr::new(192, 168, 0, 1)],
        }),
        raw_socket: Ok(()),
        wireless: false,
        virtual_machine: false,
        ip_forward: false,
        host_addrs: vec![Ipv4Addr::new(192, 168, 0, 7)],
        heard_of: vec![Ipv4Addr::new(192, 168, 0, 129)],
        site: Ok(()),
        port: Ok(()),
        user: "julia".into(),
        machine: "lab".into(),
    }
}

/// The findings of that weight that contain the words.
fn count(findings: &[Finding], verdict: Verdict, words: &str) -> usize {
    findings
        .iter()
        .filter(|finding| finding.verdict == verdict && finding.words.contains(words))
        .count()
}

fn failures(facts: &Facts, line: &str) -> Vec<(Exit, String)> {
    assess(facts, &args(line))
        .into_iter()
        .filter_map(|finding| match finding.verdict {
            Verdict::Fails(exit) => Some((exit, finding.words)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_good_machine_has_nothing_against_it() {
    let findings = assess(&good(), &args(""));
    assert_eq!(failures(&good(), ""), []);
    // .129 was heard of.
    assert_eq!(count(&findings, Verdict::Works, "192.168.0.130"), 1);
    assert_eq!(count(&findings, Verdict::Works, "192.168.0.129"), 0);
    assert_eq!(count(&findings, Verdict::Works, "192.168.0.0/24"), 1);
}

#[test]
fn wireless_needs_the_hosts_mac_and_that_needs_the_address() {
    let wireless = Facts {
        wireless: true,
        ..good()
    };
    let failed = failures(&wireless, "");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, Exit::Unsupported);
    assert!(failed[0].1.contains("--host-mac"), "{failed:?}");
    let failed = failures(&wireless, "--host-mac");
    assert_eq!(failed.len(), 1);
    assert!(failed[0].1.contains("--ip"), "{failed:?}");
    assert_eq!(failures(&wireless, "--host-mac --ip 192.168.0.131"), []);
}

#[test]
fn forwarding_is_told_for_either_mac() {
    let docker = Facts {
        ip_forward: true,
        ..good()
    };
    let own = assess(&docker, &args(""));
    assert_eq!(count(&own, Verdict::Works, "does no harm"), 1);
    let hosts = assess(&docker, &args("--host-mac --ip 192.168.0.131"));
    assert_eq!(count(&hosts, Verdict::Works, "nftables"), 1);
}

#[test]
fn addresses_that_cannot_be_claimed_are_said_to_be_so() {
    for (line, words) in [
        ("--ip 192.168.0.7", "own address"),
        ("--ip 192.168.0.1", "gateway"),
        ("--ip 10.0.0.5", "192.168.0.0/24"),
        ("--ip 192.168.0.255", "192.168.0.0/24"),
    ] {
        let failed = failures(&good(), line);
        assert_eq!(failed.len(), 1, "{line}");
        assert_eq!(failed[0].0, Exit::AddressRefused);
        assert!(failed[0].1.contains(words), "{failed:?}");
    }
    let known = assess(&good(), &args("--ip 192.168.0.129"));
    assert_eq!(count(&known, Verdict::Note, "probably be refused"), 1);
}

#[test]
fn what_is_missing_is_told_with_the_way_to_get_it() {
    let failure = |exit| Failure::new(exit, "it is not there", "get it");
    let poor = Facts {
        interface: Err(failure(Exit::NoInterface)),
        raw_socket: Err(failure(Exit::NoPrivilege)),
        site: Err(failure(Exit::LocalIo)),
        port: Err(io::ErrorKind::AddrInUse.into()),
        ..good()
    };
    let exits: Vec<Exit> = failures(&poor, "").into_iter().map(|f| f.0).collect();
    assert_eq!(exits, [Exit::NoInterface, Exit::LocalIo, Exit::LocalIo]);
    let unprivileged = Facts {
        interface: good().interface,
        raw_socket: Err(failure(Exit::NoPrivilege)),
        ..good()
    };
    let failed = failures(&unprivileged, "");
    assert_eq!(failed.len(), 1);
    assert!(failed[0].1.contains("get it"), "{failed:?}");
}

#[test]
fn listening_to_everybody_is_warned_of_and_ssh_is_shown() {
    let open = assess(&good(), &args("--listen 0.0.0.0:9000"));
    assert_eq!(count(&open, Verdict::Note, "without encryption"), 1);
    assert_eq!(count(&open, Verdict::Note, "--allow-host"), 1);
    for (listen, line) in [
        ("127.0.0.1:8620", "ssh -N -L 8620:127.0.0.1:8620 julia@lab"),
        ("0.0.0.0:9000", "ssh -N -L 9000:127.0.0.1:9000 julia@lab"),
        ("[::1]:9000", "ssh -N -L 9000:[::1]:9000 julia@lab"),
        ("192.168.0.7:80", "ssh -N -L 80:192.168.0.7:80 julia@lab"),
    ] {
        let listen = listen.parse().expect("an address");
        assert_eq!(ssh_line(&good(), listen), line);
    }
}
