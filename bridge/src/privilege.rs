//! Privileges: used once to open the socket, then dropped on every thread, for good.
//!
//! Capabilities belong to threads. They are dropped while there is only one, before the runtime
//! starts; every later thread inherits nothing.

#[cfg(target_os = "linux")]
use crate::error::Exit;
use crate::error::Failure;

/// Drops every capability of this thread: bounding, ambient, inheritable, permitted, effective;
/// and forbids that an exec brings any back. Called before any other thread is started.
///
/// # Errors
/// When the system does not let go of them, or another thread runs already.
#[cfg(target_os = "linux")]
pub fn drop_all() -> Result<(), Failure> {
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
pub fn drop_all() -> Result<(), Failure> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn stuck(why: &str) -> Failure {
    Failure::new(
        Exit::NoPrivilege,
        format!("the privileges that opened the socket could not be dropped: {why}"),
        "run it without sudo after `sudo setcap cap_net_raw,cap_net_admin+ep`, and report this",
    )
}
