//! Ctrl-C, and what the system asks of a program that shall end.

use crate::error::Exit;
use std::io;
use std::thread;
use tokio::runtime;
use tokio::sync::watch;

/// Whether somebody has asked us to end. Once asked, it stays asked.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from now on, on a thread of its own: also while everything else waits for a disk,
    /// a pipe or a terminal. Being asked a second time ends the program on the spot.
    ///
    /// # Errors
    /// When the system gives no thread or no signals.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tell, told) = watch::channel(false);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new()?
        };
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    signals.next().await;
                    tell.send_replace(true);
                    signals.next().await;
                    std::process::exit(Exit::Other as i32);
                });
            })?;
        Ok(Self(told))
    }

    /// Ends when we have been asked to.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|&asked| asked).await.is_err() {
            // The thread ends with the process only.
            std::future::pending::<()>().await;
        }
    }
}

/// Ends with Ctrl-C, or when the system asks us to.
pub(crate) async fn interrupted() {
    match Signals::new() {
        Ok(mut signals) => signals.next().await,
        // Without a handler the signal does what it always does: it ends us.
        Err(_) => std::future::pending().await,
    }
}

/// What asks a program to end.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What asks a program to end.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same face on every system")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
