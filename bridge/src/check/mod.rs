//! `synema serve --check`: what will and will not work here, in words.
//!
//! [`gather`] asks the system; [`assess`] is pure and says what the answers mean.

mod facts;

use crate::cli::ServeArgs;
use crate::error::{Exit, Failure};
use crate::gate::ClaimRules;
use facts::{Facts, gather};
use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use synema_relay::{ClaimRefusal, Subnet};

/// What one look at the machine says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    words: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It will work.
    Works,
    /// It will work; this is worth knowing.
    Note,
    /// It will not work; the process would end with this code.
    Fails(Exit),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Works => "works  ",
            Verdict::Note => "note   ",
            Verdict::Fails(_) => "FAILS  ",
        };
        write!(f, "{mark}{}", self.words)
    }
}

/// Prints what was found, and how to reach the page from another machine.
///
/// # Errors
/// The first finding that will keep `synema serve` from working.
pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let facts = gather(args);
    let findings = assess(&facts, args);
    print(&findings, &ssh_line(&facts, args.web.listen)).map_err(|error| {
        Failure::new(
            Exit::LocalIo,
            format!("standard output does not take what was found: {error}"),
            "run it where its output is read",
        )
    })?;
    let worst = findings.iter().find_map(|finding| match finding.verdict {
        Verdict::Fails(exit) => Some((exit, &finding.words)),
        _ => None,
    });
    match worst {
        None => Ok(()),
        Some((exit, words)) => Err(Failure::new(
            exit,
            format!("`synema serve` will not work here: {words}"),
            "do what the lines marked FAILS say, and check again; `synema lab` needs none of it",
        )),
    }
}

fn print(findings: &[Finding], ssh_line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    write!(
        out,
        "\nFrom another machine, through ssh (nothing else is opened):\n  {ssh_line}\n\
         and open the URL that `synema serve` prints, there.\n"
    )?;
    out.flush()
}

/// The line that makes the page reachable from a laptop: the port stays on loopback at both
/// ends, and the Host that the browser sends stays one that is trusted.
fn ssh_line(facts: &Facts, listen: SocketAddr) -> String {
    let port = match listen.port() {
        0 => 8620,
        port => port,
    };
    let inside = match listen.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() && ip.is_ipv4() => "127.0.0.1".to_owned(),
        ip if ip.is_ipv6() => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    format!(
        "ssh -N -L {port}:{inside}:{port} {}@{}",
        facts.user, facts.machine
    )
}

/// What the facts mean for `synema serve`.
fn assess(facts: &Facts, args: &ServeArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let interface = match &facts.interface {
        Ok(interface) => interface,
        Err(failure) => {
            findings.push(fails(
                failure.exit,
                format!("{}: {}", failure.cause, failure.next_step),
            ));
            findings.extend(of_the_page(facts, args));
            return findings;
        }
    };
    findings.push(works(format!(
        "{} is up, an Ethernet with an MTU of {} bytes",
        args.interface,
        interface.mtu.unwrap_or(1500)
    )));
    if !interface.running {
        findings.push(note(format!(
            "{} has no carrier: plug in the cable, or nobody will answer",
            args.interface
        )));
    }
    findings.push(match &facts.raw_socket {
        Ok(()) => works(
            "raw sockets are permitted; every privilege is dropped as soon as one is open".into(),
        ),
        Err(failure) => fails(
            failure.exit,
            format!("{}: {}", failure.cause, failure.next_step),
        ),
    });
    findings.extend(of_the_mac(facts, args));
    findings.extend(of_the_network(facts, args));
    findings.extend(of_the_page(facts, args));
    findings
}

/// Own MAC or the host's: what the network and the kernel make of it.
fn of_the_mac(facts: &Facts, args: &ServeArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (facts.wireless, args.host_mac) {
        (true, false) => findings.push(fails(
            Exit::Unsupported,
            format!(
                "{} is wireless: an access point takes frames from the station's own MAC alone; \
                 add --host-mac --ip <address>",
                args.interface
            ),
        )),
        (_, true) => findings.push(works(
            "the stack sends from the interface's own MAC, as Wi-Fi and port security want it"
                .into(),
        )),
        (false, false) => findings.push(works(
            "the stack has a MAC of its own, so this machine's kernel takes no part".into(),
        )),
    }
    if facts.virtual_machine && !args.host_mac {
        findings.push(note(
            "this looks like a virtual machine: many hypervisors drop frames from a MAC that is \
             not the machine's (\"MAC spoofing\", \"forged transmits\"); allow it there, or add \
             --host-mac"
                .into(),
        ));
    }
    match (args.host_mac, facts.ip_forward) {
        (true, _) if args.ip.is_none() => findings.push(fails(
            Exit::Usage,
            "with --host-mac the address must be told with --ip: the rule that keeps the kernel \
             away from it is made before the privileges are dropped"
                .into(),
        )),
        (true, true) => findings.push(works(
            "net.ipv4.ip_forward is 1: the kernel would forward packets for the claimed address; \
             an nftables table, which vanishes with synema, keeps it away"
                .into(),
        )),
        (true, false) => findings.push(works(
            "an nftables table, which vanishes with synema, keeps the kernel away from the \
             claimed address"
                .into(),
        )),
        (false, true) => findings.push(works(
            "net.ipv4.ip_forward is 1, which does no harm: the kernel drops frames to another MAC"
                .into(),
        )),
        (false, false) => {}
    }
    findings
}

/// The subnet, the way out of it, and the address to be claimed.
fn of_the_network(facts: &Facts, args: &ServeArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Ok(interface) = &facts.interface else {
        return findings;
    };
    let subnets = interface.ipv4.iter().map(|subnet| Subnet {
        addr: subnet.address,
        prefix_len: subnet.prefix_len,
    });
    let holds = |subnet: &Subnet| args.ip.is_none_or(|ip| subnet.contains(ip));
    let Some(subnet) = subnets.clone().find(holds).or(subnets.clone().next()) else {
        findings.push(fails(
            Exit::NoInterface,
            format!(
                "{} has no IPv4 address, so that its subnet is not known: give it one",
                args.interface
            ),
        ));
        return findings;
    };
    let rules = ClaimRules {
        subnet,
        gateway: interface.gateway,
        host_addrs: facts.host_addrs.clone(),
        only: None,
    };
    findings.push(match interface.gateway {
        Some(gateway) => works(format!("{subnet}, with {gateway} as the way out of it")),
        None => note(format!(
            "{subnet} has no gateway on this interface: only its own stations can be reached"
        )),
    });
    if interface.dns.is_empty() {
        findings.push(note(
            "no name server is known: use addresses in URLs, or give this machine one".into(),
        ));
    }
    findings.push(of_the_address(facts, args, &rules));
    findings.push(note(
        "this machine itself cannot reach the claimed address over the same interface; try from \
         another one, or use `synema lab`"
            .into(),
    ));
    findings
}

/// The address that was told, or those that may be proposed.
fn of_the_address(facts: &Facts, args: &ServeArgs, rules: &ClaimRules) -> Finding {
    let subnet = rules.subnet;
    let Some(ip) = args.ip else {
        let proposed = rules.propose(&facts.heard_of, 3);
        let proposed: Vec<String> = proposed.iter().map(ToString::to_string).collect();
        return match proposed.is_empty() {
            true => fails(
                Exit::AddressRefused,
                format!("no address of {subnet} is left to be claimed"),
            ),
            false => works(format!("addresses that look free: {}", proposed.join(", "))),
        };
    };
    match rules.check(ip) {
        Ok(()) if facts.heard_of.contains(&ip) => note(format!(
            "this machine has heard of a station at {ip}: the claim will probably be refused"
        )),
        Ok(()) => works(format!(
            "{ip} may be claimed; whether it is free, the probes will tell"
        )),
        Err(ClaimRefusal::HostsOwn) => fails(
            Exit::AddressRefused,
            format!(
                "{ip} is this machine's own address: its kernel would reset our connections; \
                 choose an unused one"
            ),
        ),
        Err(why) => fails(
            Exit::AddressRefused,
            format!("{ip} cannot be claimed: {why}; choose an unused one in {subnet}"),
        ),
    }
}

/// The page: its files, its port, and who can reach it.
fn of_the_page(facts: &Facts, args: &ServeArgs) -> Vec<Finding> {
    let listen = args.web.listen;
    let mut findings = vec![
        match &facts.site {
            Ok(()) => works("the page is built".into()),
            Err(failure) => fails(
                failure.exit,
                format!("{}: {}", failure.cause, failure.next_step),
            ),
        },
        match &facts.port {
            Ok(()) => works(format!("{listen} can be listened on")),
            Err(error) => fails(
                Exit::LocalIo,
                format!("{listen} cannot be listened on ({error}): choose another with --listen"),
            ),
        },
    ];
    if !listen.ip().is_loopback() {
        findings.push(note(format!(
            "{listen} is reached from other machines without encryption: whoever sees the token \
             can send as the claimed address; the ssh line below is the better way"
        )));
        if listen.ip().is_unspecified() && args.web.allow_host.is_empty() {
            findings.push(note(
                "pages are served under loopback names alone: for others, add --allow-host <name>"
                    .into(),
            ));
        }
    }
    findings
}

fn works(words: String) -> Finding {
    Finding {
        verdict: Verdict::Works,
        words,
    }
}

fn note(words: String) -> Finding {
    Finding {
        verdict: Verdict::Note,
        words,
    }
}

fn fails(exit: Exit, words: String) -> Finding {
    Finding {
        verdict: Verdict::Fails(exit),
        words,
    }
}

#[cfg(test)]
mod tests;
