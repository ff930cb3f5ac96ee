//! Becoming the owner of namespaces without being root.

use crate::error::{Exit, Failure};
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
            Err(_) => Err(forbidden(&format!(
                "making a user namespace failed: {error}"
            ))),
        };
    }
    // user_namespaces(7): without a privilege outside, a group map needs setgroups denied.
    map("setgroups", "deny")?;
    map("uid_map", &format!("0 {uid} 1"))?;
    map("gid_map", &format!("0 {gid} 1"))?;
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| forbidden(&format!("making a network namespace failed: {error}")))
}

fn map(file: &str, line: &str) -> Result<(), Failure> {
    fs::write(format!("/proc/self/{file}"), line)
        .map_err(|error| forbidden(&format!("writing /proc/self/{file} failed: {error}")))
}

/// The failure, with the step for the rule that is in force here.
pub(super) fn forbidden(cause: &str) -> Failure {
    let sysctl = |name: &str| {
        fs::read_to_string(format!("/proc/sys/{name}"))
            .map(|text| text.trim().to_owned())
            .ok()
    };
    let rules = [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("user/max_user_namespaces", "0", "15000"),
        ("user/max_net_namespaces", "0", "15000"),
    ];
    let in_force = rules
        .iter()
        .find(|(name, value, _)| sysctl(name).is_some_and(|now| now == *value));
    let step = match in_force {
        Some((name, _, allowed)) => {
            let name = name.replace('/', ".");
            format!("run `sudo sysctl {name}={allowed}`, or `sudo synema lab`")
        }
        None => "run it with sudo; in a container, allow it the unshare call (for Docker: \
                 --cap-add SYS_ADMIN --security-opt seccomp=unconfined)"
            .to_owned(),
    };
    Failure::new(
        Exit::NamespacesForbidden,
        format!("this system does not let the lab make its namespaces: {cause}"),
        step,
    )
}
