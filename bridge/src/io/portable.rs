//! The raw socket on systems other than Linux, over `pnet`'s data link (BPF devices, Npcap).
//!
//! There are no claimed-address filters in the kernel here, no kernel timestamps and no offload
//! headers: frames are filtered in this process, stamped when they are read, and counted as they
//! are. A thread of its own blocks in the read; a bounded channel leads out of it.

use super::{Admit, Batch, Counters, OpenError, OpenOptions, now_ns};
use pnet_datalink::{Channel, Config, DataLinkSender};
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;

/// Frames that wait between the reading thread and the bridge.
const QUEUE_FRAMES: usize = 4096;

type Received = (u64, Vec<u8>);

/// A raw socket on one interface.
pub struct RawSocket {
    interface: String,
    mac: [u8; 6],
    admit: Arc<RwLock<Admit>>,
    frames: Mutex<mpsc::Receiver<Received>>,
    sender: Mutex<Box<dyn DataLinkSender>>,
    dropped: Arc<AtomicU64>,
    received: AtomicU64,
    sent: AtomicU64,
    send_refused: AtomicU64,
}

impl std::fmt::Debug for RawSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawSocket")
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

impl RawSocket {
    /// Opens the socket.
    ///
    /// # Errors
    /// Not permitted, no such interface, a down one, or what the system said.
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        let name = &options.interface;
        let interface = pnet_datalink::interfaces()
            .into_iter()
            .find(|i| i.name == *name)
            .ok_or_else(|| OpenError::NoInterface(name.clone()))?;
        if !interface.is_up() {
            return Err(OpenError::Down(name.clone()));
        }
        let own = interface.mac.map(|mac| mac.octets());
        let mac = options.own_mac.or(own).ok_or_else(|| {
            OpenError::Io(
                "looking for the interface's MAC",
                io::ErrorKind::Unsupported.into(),
            )
        })?;
        let config = Config {
            promiscuous: options.own_mac.is_some(),
            ..Config::default()
        };
        let (sender, mut receiver) = match pnet_datalink::channel(&interface, config) {
            Ok(Channel::Ethernet(sender, receiver)) => (sender, receiver),
            Ok(_) => {
                return Err(OpenError::Io(
                    "being made",
                    io::ErrorKind::Unsupported.into(),
                ));
            }
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                return Err(OpenError::NotPermitted);
            }
            Err(e) => return Err(OpenError::Io("being made", e)),
        };
        let admit = Arc::new(RwLock::new(options.admit.clone()));
        let dropped = Arc::new(AtomicU64::new(0));
        let (into, frames) = mpsc::channel(QUEUE_FRAMES);
        let (gate, lost) = (Arc::clone(&admit), Arc::clone(&dropped));
        std::thread::spawn(move || {
            while let Ok(frame) = receiver.next() {
                let wanted = admits(&gate.read().unwrap_or_else(PoisonError::into_inner), frame);
                if !wanted {
                    continue;
                }
                match into.try_send((now_ns(), frame.to_vec())) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => return,
                }
            }
        });
        Ok(Self {
            interface: name.clone(),
            mac,
            admit,
            frames: Mutex::new(frames),
            sender: Mutex::new(sender),
            dropped,
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            send_refused: AtomicU64::new(0),
        })
    }

    /// The MAC that frames to us carry: our own, or the interface's.
    pub fn mac(&self) -> [u8; 6] {
        self.mac
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Changes which frames get in, from the next frame on.
    ///
    /// # Errors
    /// None on this system.
    pub fn admit(&self, admit: &Admit) -> io::Result<()> {
        *self.admit.write().unwrap_or_else(PoisonError::into_inner) = admit.clone();
        Ok(())
    }

    /// Moves waiting frames into `batch`; returns how many.
    ///
    /// # Errors
    /// `WouldBlock` when there are none; `BrokenPipe` when the interface is gone.
    pub fn try_recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        let before = batch.len();
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = false;
        while !batch.is_full() {
            match frames.try_recv() {
                Ok((timestamp_ns, frame)) => batch.push(timestamp_ns, &[&frame]),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    gone = true;
                    break;
                }
            }
        }
        match batch.len() - before {
            0 if gone => Err(io::ErrorKind::BrokenPipe.into()),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            taken => {
                self.received.fetch_add(taken as u64, Ordering::Relaxed);
                Ok(taken)
            }
        }
    }

    /// Sends frames; returns how many the system took (at least one).
    ///
    /// # Errors
    /// Why the first of them was not taken.
    pub fn try_send_batch(&self, frames: &[&[u8]]) -> io::Result<usize> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, frame) in frames.iter().enumerate() {
            match sender
                .send_to(frame, None)
                .unwrap_or_else(|| Err(io::ErrorKind::Other.into()))
            {
                Ok(()) => {
                    self.sent.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) if at > 0 => return Ok(at),
                Err(error) => {
                    self.send_refused.fetch_add(1, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(frames.len())
    }

    /// Waits, on this thread, until there is something to read; `false` when time is up first.
    ///
    /// # Errors
    /// None on this system.
    pub fn wait_readable(&self, at_most: Duration) -> io::Result<bool> {
        let until = std::time::Instant::now() + at_most;
        loop {
            let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
            if !frames.is_empty() || frames.is_closed() {
                return Ok(true);
            }
            drop(frames);
            if std::time::Instant::now() >= until {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What the socket did so far.
    pub fn counters(&self) -> Counters {
        Counters {
            received: self.received.load(Ordering::Relaxed),
            dropped_by_kernel: self.dropped.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            send_refused: self.send_refused.load(Ordering::Relaxed),
            ..Counters::default()
        }
    }
}

/// A raw socket under tokio.
#[derive(Debug)]
pub struct PacketIo {
    socket: RawSocket,
}

impl PacketIo {
    /// Takes the socket into the runtime.
    ///
    /// # Errors
    /// None on this system.
    pub fn new(socket: RawSocket) -> io::Result<Self> {
        Ok(Self { socket })
    }

    /// The socket itself: its MAC, its filter, its counters.
    pub fn socket(&self) -> &RawSocket {
        &self.socket
    }

    /// Waits for frames and adds them to `batch`; returns how many.
    ///
    /// # Errors
    /// When the interface is gone.
    pub async fn recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        let ready = |cx: &mut std::task::Context<'_>| {
            let mut frames = self
                .socket
                .frames
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            frames.poll_recv(cx)
        };
        match std::future::poll_fn(ready).await {
            Some((timestamp_ns, frame)) => batch.push(timestamp_ns, &[&frame]),
            None => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        self.socket.received.fetch_add(1, Ordering::Relaxed);
        match self.socket.try_recv_batch(batch) {
            Ok(more) => Ok(more + 1),
            Err(_) => Ok(1),
        }
    }

    /// Sends the frames in order, with a receipt for each.
    ///
    /// # Errors
    /// None on this system.
    pub async fn send_batch(
        &self,
        frames: &[&[u8]],
        mut receipt: impl FnMut(usize, io::Result<u64>),
    ) -> io::Result<()> {
        for (at, frame) in frames.iter().enumerate() {
            receipt(at, self.socket.try_send_batch(&[frame]).map(|_| now_ns()));
        }
        Ok(())
    }
}

/// The kernel filter's rule, for kernels that have no such filter.
fn admits(admit: &Admit, frame: &[u8]) -> bool {
    let Admit::Addresses(addresses) = admit else {
        return true;
    };
    let claimed = |at: usize| {
        let bytes: Option<[u8; 4]> = frame.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.is_some_and(|bytes| addresses.contains(&Ipv4Addr::from(bytes)))
    };
    match frame.get(12..14) {
        Some([0x08, 0x06]) => claimed(28) || claimed(38),
        Some([0x08, 0x00]) => claimed(30),
        _ => false,
    }
}
