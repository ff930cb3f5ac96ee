//! The file server, as who lives at a claimed address.

use super::Folder;
use crate::curl::report::printable;
use crate::drive::Tenant;
use crate::say;
use synema_core::app::server::Service;
use synema_core::app::server::files::{FileServer, Settings};
use synema_core::stack::{ListenError, Stack, StackEvent};
use synema_core::tcp::Policy;
use synema_core::time::Instant;
use synema_core::trace::Record;
use synema_core::wire::Port;

/// Clients at once.
const MAX_CLIENTS: usize = 512;
/// Their connections, and those that are being made.
pub(super) const MAX_CONNECTIONS: usize = 2048;
/// What may wait to be sent to one client, bytes: no more than a file has to be read ahead.
const SEND_BUFFER: u32 = 512 << 10;
/// Requests have no bodies: so much is enough for any, bytes.
const RECEIVE_BUFFER: u32 = 64 << 10;

/// The files of a folder, and whether it is said who fetched which.
pub(super) struct Files {
    server: FileServer<Folder>,
    verbose: bool,
}

impl Files {
    pub(super) fn new(folder: Folder, port: u16, hosts: Vec<String>, verbose: bool) -> Self {
        let mut policy = Policy::rfc();
        policy.send.buffer_len = SEND_BUFFER;
        policy.receive.buffer_len = RECEIVE_BUFFER;
        let settings = Settings {
            port: Port(port),
            policy,
            max_clients: MAX_CLIENTS,
            // The station's clock counts from 1970.
            is_unix_time: true,
            hosts,
            ..Settings::default()
        };
        Self {
            server: FileServer::new(folder, settings),
            verbose,
        }
    }
}

impl Tenant for Files {
    fn tell(&mut self) {
        while let Some(served) = self.server.poll_served() {
            if self.verbose {
                let (method, target) = (printable(&served.method), printable(&served.target));
                let (remote, status, len) = (served.remote, served.status, served.body_len);
                say::line(format_args!("{remote} {method} {target} {status} {len}"));
            }
        }
    }
}

impl Service<Vec<Record>> for Files {
    fn start(&mut self, stack: &mut Stack<Vec<Record>>) -> Result<(), ListenError> {
        self.server.start(stack)
    }

    fn on_event(&mut self, stack: &mut Stack<Vec<Record>>, now: Instant, event: StackEvent) {
        self.server.on_event(stack, now, event);
    }

    fn on_timeout(&mut self, stack: &mut Stack<Vec<Record>>, now: Instant) {
        self.server.on_timeout(stack, now);
    }

    fn stop(&mut self, stack: &mut Stack<Vec<Record>>, now: Instant) {
        self.server.stop(stack, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Service::<Vec<Record>>::poll_timeout(&self.server)
    }
}
