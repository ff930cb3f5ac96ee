//! A thread that lives in a network namespace of its own, with a runtime for its servers.
//!
//! A namespace belongs to a thread, and a socket to the namespace of the thread that makes it: all
//! that is done in a place is sent there as a task.

use super::userns;
use crate::error::{Exit, Failure};
use nix::sched::{CloneFlags, unshare};
use std::fs::{self, File};
use std::future::Future;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::{self, Handle};

/// Longer than anything that is done in a place may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A namespace, held by its thread for as long as the process lives.
#[derive(Debug)]
pub(super) struct Inhabited {
    name: &'static str,
    runtime: Handle,
    netlink: rtnetlink::Handle,
    namespace: OwnedFd,
}

impl Inhabited {
    /// Starts a thread in a new network namespace.
    pub(super) fn new(name: &'static str) -> Result<Self, Failure> {
        let (tell, told) = mpsc::channel();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || live(name, &tell))
            .map_err(|error| broken(name, &format!("its thread did not start: {error}")))?;
        told.recv_timeout(PATIENCE)
            .map_err(|_| broken(name, "its thread did not answer"))?
    }

    /// The namespace, for links that end in it.
    pub(super) fn namespace(&self) -> &OwnedFd {
        &self.namespace
    }

    /// The kernel's routing tables and links there.
    pub(super) fn netlink(&self) -> rtnetlink::Handle {
        self.netlink.clone()
    }

    /// Does something there and waits for the outcome.
    pub(super) fn run<T, F>(&self, what: impl FnOnce() -> F + Send + 'static) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let (tell, told) = mpsc::channel();
        self.runtime.spawn(async move {
            // Nobody listens any more only when time was up.
            let _ = tell.send(what().await);
        });
        told.recv_timeout(PATIENCE)
            .map_err(|_| broken(self.name, "it did not answer in time"))?
    }

    /// Sets a setting of the network below /proc/sys/net. A container may have that read-only: what
    /// is right already is left alone.
    pub(super) fn set(&self, setting: &'static str, value: &'static str) -> Result<(), Failure> {
        let name = self.name;
        self.run(move || async move {
            let path = format!("/proc/sys/net/{setting}");
            if fs::read_to_string(&path).is_ok_and(|now| now.trim() == value) {
                return Ok(());
            }
            fs::write(path, value).map_err(|error| {
                broken(
                    name,
                    &format!("its setting {setting} could not be written: {error}"),
                )
            })
        })
    }
}

type Told = mpsc::Sender<Result<Inhabited, Failure>>;

fn live(name: &'static str, tell: &Told) {
    let prepared = prepare(name);
    let (runtime, inhabited) = match prepared {
        Ok((runtime, inhabited)) => (Some(runtime), Ok(inhabited)),
        Err(failure) => (None, Err(failure)),
    };
    if tell.send(inhabited).is_ok()
        && let Some(runtime) = runtime
    {
        runtime.block_on(std::future::pending::<()>());
    }
}

fn prepare(name: &'static str) -> Result<(runtime::Runtime, Inhabited), Failure> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| userns::forbidden(userns::Kind::Network, error))?;
    let wrong = |doing: &str, error: std::io::Error| broken(name, &format!("{doing}: {error}"));
    let namespace = File::open("/proc/thread-self/ns/net")
        .map_err(|error| wrong("its namespace could not be opened", error))?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| wrong("its runtime did not start", error))?;
    let netlink = {
        let _inside = runtime.enter();
        let (connection, netlink, _) = rtnetlink::new_connection()
            .map_err(|error| wrong("its netlink socket could not be made", error))?;
        runtime.spawn(connection);
        netlink
    };
    let inhabited = Inhabited {
        name,
        runtime: runtime.handle().clone(),
        netlink,
        namespace: namespace.into(),
    };
    Ok((runtime, inhabited))
}

/// A failure of the lab's own making.
pub(super) fn broken(place: &str, why: &str) -> Failure {
    Failure::new(
        Exit::Other,
        format!("the lab's {place} could not be set up: {why}"),
        "try `sudo synema lab`, and report this with the output of `uname -r`",
    )
}
