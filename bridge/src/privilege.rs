//! Privileges: used once to open the socket, then dropped on every thread, for good.
//!
//! Capabilities and identity belong to threads. They are dropped while there is only one, before
//! the runtime starts; every later thread inherits nothing. Identity too, because root without a
//! capability still owns root's files.

#[cfg(target_os = "linux")]
use crate::error::Exit;
use crate::error::Failure;

/// Who goes on when root has opened the socket. Whoever called sudo, in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// Nobody, when there is no sudo: nothing is written to files from now on.
    Nobody,
    /// Root, when there is no sudo: files are written where root said.
    Root,
}

/// Drops every capability of this thread: bounding, ambient, inheritable, permitted, effective;
/// forbids that an exec brings any back; and is not root any more, unless `successor` or a user
/// namespace without anybody else says so. Called before any other thread is started.
///
/// # Errors
/// When the system does not let go of them, or another thread runs already.
#[cfg(target_os = "linux")]
pub fn drop_all(successor: Successor) -> Result<(), Failure> {
    use rustix::thread::{self as own, CapabilitySet, CapabilitySets};
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
    if !matches!(threads, Ok(1)) {
        return Err(stuck(&format!("other threads run already ({threads:?})")));
    }
    let failed = |error: rustix::io::Errno| stuck(&error.to_string());
    own::set_no_new_privs(true).map_err(failed)?;
    own::clear_ambient_capability_set().map_err(failed)?;
    let held = own::capabilities(None).map_err(failed)?;
    // Only a holder of CAP_SETPCAP may shrink the bounding set; without it, no_new_privs alone
    // keeps an exec from gaining anything.
    if held.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().iter() {
            match own::remove_capability_from_bounding_set(capability) {
                // A kernel that is older than this list does not know the last ones.
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
    let identity = CapabilitySet::SETUID | CapabilitySet::SETGID;
    if rustix::process::geteuid().is_root()
        && held.effective.contains(identity)
        && let Some((user, group)) = successor.ids()
    {
        become_user(user, group).map_err(failed)?;
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    own::set_capabilities(None, sets).map_err(failed)
}

/// Systems other than Linux have no capabilities to drop.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same face on every system")]
pub fn drop_all(_successor: Successor) -> Result<(), Failure> {
    Ok(())
}

#[cfg(target_os = "linux")]
impl Successor {
    /// User and group; none when it is root.
    fn ids(self) -> Option<(u32, u32)> {
        const NOBODY: u32 = 65_534;
        let id = |name| std::env::var(name).ok()?.parse().ok().filter(|&id| id != 0);
        let by_sudo = id("SUDO_UID").zip(id("SUDO_GID"));
        by_sudo.or_else(|| (self == Self::Nobody).then_some((NOBODY, NOBODY)))
    }
}

/// Becomes somebody else, in all of the thread's identities. In a user namespace there may be
/// nobody else to become; its root is nobody special outside.
#[cfg(target_os = "linux")]
fn become_user(user: u32, group: u32) -> Result<(), rustix::io::Errno> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    let outcome = set_thread_groups(&[group])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| set_thread_res_uid(user, user, user));
    match outcome {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::PERM) => Ok(()),
        outcome => outcome,
    }
}

#[cfg(target_os = "linux")]
fn stuck(why: &str) -> Failure {
    Failure::new(
        Exit::NoPrivilege,
        format!("the privileges that opened the socket could not be dropped: {why}"),
        "run it without sudo after `sudo setcap cap_net_raw,cap_net_admin+ep`, and report this",
    )
}
