//! Becoming the owner of namespaces without being root.

use crate::error::{Exit, Failure};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};
use std::fs;

/// Enters a user namespace in which this process, whoever it is outside, may build networks; and
/// a network namespace of its own. The process must have one thread only.
///
/// As root on a system without user namespaces, the network namespace alone does.
///
/// # Errors
/// When the system forbids it: with what forbids it, and what to do.
pub(super) fn enter() -> Result<(), Failure> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if let Err(error) = unshare(CloneFlags::CLONE_NEWUSER) {
        return match unshare(CloneFlags::CLONE_NEWNET) {
            Ok(()) => Ok(()),
            Err(_) => Err(forbidden(Kind::User, error)),
        };
    }
    // user_namespaces(7): without a privilege outside, a group map needs setgroups denied.
    map("setgroups", "deny")?;
    map("uid_map", &format!("0 {uid} 1"))?;
    map("gid_map", &format!("0 {gid} 1"))?;
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| forbidden(Kind::Network, error))
}

fn map(file: &str, line: &str) -> Result<(), Failure> {
    fs::write(format!("/proc/self/{file}"), line).map_err(|error| {
        // user_namespaces(7): since Linux 5.12, mapping root needs CAP_SETFCAP outside.
        let is_bare_root = line.starts_with("0 0 ") && error.raw_os_error() == Some(libc::EPERM);
        let step = match is_bare_root {
            true => "run it as somebody else than root, or leave root its capability SETFCAP \
                     (for Docker: --user 1000, or --cap-add SETFCAP)"
                .to_owned(),
            false => of_a_container(),
        };
        told(&format!("writing /proc/self/{file} failed: {error}"), step)
    })
}

/// A kind of namespace that the lab is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Network,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Network => "network",
        }
    }

    /// The setting that limits their number.
    fn limit(self) -> &'static str {
        match self {
            Self::User => "user/max_user_namespaces",
            Self::Network => "user/max_net_namespaces",
        }
    }
}

/// Settings that forbid namespaces: the value that does, and one that does not.
const RULES: [(&str, &str, &str); 4] = [
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("user/max_user_namespaces", "0", ENOUGH),
    ("user/max_net_namespaces", "0", ENOUGH),
];

/// Namespaces for many labs.
const ENOUGH: &str = "15000";

/// The failure, with the step for the rule that is in force here.
pub(super) fn forbidden(kind: Kind, error: Errno) -> Failure {
    let sysctl = |name: &str| {
        fs::read_to_string(format!("/proc/sys/{name}"))
            .map(|text| text.trim().to_owned())
            .ok()
    };
    let in_force = RULES
        .iter()
        .find(|(name, value, _)| sysctl(name).is_some_and(|now| now == *value))
        .map(|&(name, _, allowed)| (name, allowed));
    // unshare(2): ENOSPC is a limit that was reached, which need not be zero.
    let is_limit = error == Errno::ENOSPC;
    let step = match in_force.or_else(|| is_limit.then_some((kind.limit(), ENOUGH))) {
        Some((name, allowed)) => {
            let name = name.replace('/', ".");
            format!("run `sudo sysctl {name}={allowed}`, or `sudo synema lab`")
        }
        None => of_a_container(),
    };
    let why = match is_limit {
        true => "no more of them are allowed".to_owned(),
        false => error.to_string(),
    };
    told(
        &format!("making a {} namespace failed: {why}", kind.name()),
        step,
    )
}

fn of_a_container() -> String {
    let allow = "in a container, allow it the unshare call (for Docker: --cap-add SYS_ADMIN \
                 --security-opt seccomp=unconfined)";
    match geteuid().is_root() {
        true => allow.to_owned(),
        false => format!("run it with sudo; {allow}"),
    }
}

fn told(cause: &str, step: String) -> Failure {
    Failure::new(
        Exit::NamespacesForbidden,
        format!("this system does not let the lab make its namespaces: {cause}"),
        step,
    )
}
