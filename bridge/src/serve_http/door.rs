//! A door into the lab: who connects here is connected to our server by the kernel of a machine
//! behind the lab's router, over whatever the way there does to frames.

use crate::error::{Exit, Failure};
use crate::lab::{Lab, Place};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Connections at once; more wait.
const MAX_OPEN: usize = 64;

/// A listening socket of this machine.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Listens at `address`.
    pub(super) fn bind(address: SocketAddr) -> Result<Self, Failure> {
        let bound = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(|error| {
            Failure::new(
                Exit::LocalIo,
                format!("{address} cannot be listened on: {error}"),
                "name another address with --listen",
            )
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets connections through to `to`, for as long as it is polled.
    pub(super) async fn open(self, lab: Arc<Lab>, to: SocketAddr) {
        let Ok(listener) = tokio::net::TcpListener::from_std(self.listener) else {
            return;
        };
        let open = Arc::new(Semaphore::new(MAX_OPEN));
        while let Ok(permit) = Arc::clone(&open).acquire_owned().await {
            let Ok((outside, _)) = listener.accept().await else {
                continue;
            };
            let lab = Arc::clone(&lab);
            tokio::spawn(async move {
                pass(outside, lab, to).await;
                drop(permit);
            });
        }
    }
}

/// What goes wrong here, either side sees as its connection's end.
async fn pass(mut outside: TcpStream, lab: Arc<Lab>, to: SocketAddr) {
    // The kernel's connect waits.
    let inside = tokio::task::spawn_blocking(move || lab.connect(Place::Server, to)).await;
    let Ok(Ok(inside)) = inside else {
        return;
    };
    if inside.set_nonblocking(true).is_ok()
        && let Ok(mut inside) = TcpStream::from_std(inside)
    {
        let _ = copy_bidirectional(&mut outside, &mut inside).await;
    }
}
