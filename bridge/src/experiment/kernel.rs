//! A script that is spoken by a program on the kernel's own TCP.

use super::twin::SocketOptions;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use synema_core::time::Instant;
use synema_sim::experiment::{Deed, Heard, Line, Script, letters};

/// It looks so often whether it is to stop.
const GLANCE: Duration = Duration::from_millis(20);
/// So much is read at once, bytes.
const PIECE_LEN: usize = 4096;

/// The program, until it is dropped.
#[derive(Debug)]
pub(super) struct Program {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Program {
    /// Waits for one caller, and speaks.
    ///
    /// # Errors
    /// When its thread does not start.
    pub(super) fn start(
        listener: TcpListener,
        lines: Vec<Line>,
        options: SocketOptions,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                // A connection that breaks is what some experiments are about.
                let _ = Speaker::new(lines).run(&listener, options, &told);
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Speaker {
    script: Script,
    heard: Heard,
    begun: std::time::Instant,
    reads: bool,
    written: u64,
    /// What there was no room for.
    waiting: VecDeque<u8>,
    /// Whether it closes when nothing waits.
    closes: bool,
}

impl Speaker {
    fn new(lines: Vec<Line>) -> Self {
        Self {
            script: Script::new(lines),
            heard: Heard::default(),
            begun: std::time::Instant::now(),
            reads: true,
            written: 0,
            waiting: VecDeque::new(),
            closes: false,
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.begun.elapsed()
    }

    fn run(
        &mut self,
        listener: &TcpListener,
        options: SocketOptions,
        stop: &AtomicBool,
    ) -> io::Result<()> {
        let Some(mut stream) = caller(listener, stop)? else {
            return Ok(());
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(options.no_delay)?;
        sockopt::set_tcp_quickack(&stream, options.quick_acks)?;
        self.heard.is_connected = true;
        self.hear();
        while !stop.load(Ordering::Relaxed) {
            while let Some(deed) = self.script.next(self.now()) {
                self.act(&mut stream, deed)?;
            }
            self.wait(&stream)?;
            self.send_waiting(&mut stream)?;
            self.read(&mut stream)?;
        }
        Ok(())
    }

    /// Until something can be read or written that is wanted, or the next deed is due.
    fn wait(&self, stream: &TcpStream) -> io::Result<()> {
        let mut wanted = PollFlags::empty();
        if self.reads && !self.heard.peer_closed {
            wanted |= PollFlags::IN;
        }
        if !self.waiting.is_empty() {
            wanted |= PollFlags::OUT;
        }
        let due = self.script.poll_timeout();
        let patience = due.map_or(GLANCE, |at| at.since(self.now()).min(GLANCE));
        sleep_until_ready(stream, wanted, patience)
    }

    fn act(&mut self, stream: &mut TcpStream, deed: Deed) -> io::Result<()> {
        match deed {
            Deed::Say(text) => self.write(stream, text.as_bytes()),
            Deed::Write(lens) => {
                for len in lens {
                    let from = self.written + self.waiting.len() as u64;
                    self.write(stream, &letters(from, len))?;
                }
                Ok(())
            }
            Deed::StopReading => {
                self.reads = false;
                Ok(())
            }
            Deed::Read => {
                self.reads = true;
                self.read(stream)
            }
            Deed::Close => {
                self.closes = true;
                self.send_waiting(stream)
            }
            Deed::Abort => {
                sockopt::set_socket_linger(&*stream, Some(Duration::ZERO))?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            // A server calls nobody, and has its address.
            _ => Ok(()),
        }
    }

    fn write(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        self.waiting.extend(bytes);
        self.send_waiting(stream)
    }

    fn send_waiting(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match stream.write(self.waiting.make_contiguous()) {
                Ok(len) => {
                    self.written += len as u64;
                    self.waiting.drain(..len);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if std::mem::take(&mut self.closes) {
            stream.shutdown(Shutdown::Write)?;
        }
        Ok(())
    }

    fn read(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        let mut piece = [0; PIECE_LEN];
        while self.reads && !self.heard.peer_closed {
            match stream.read(&mut piece) {
                Ok(0) => self.heard.peer_closed = true,
                Ok(len) => self.heard.received += len as u64,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.hear();
        Ok(())
    }

    fn hear(&mut self) {
        self.script.take_cues(self.now(), self.heard);
    }
}

fn caller(listener: &TcpListener, stop: &AtomicBool) -> io::Result<Option<TcpStream>> {
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => return Ok(Some(stream)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                sleep_until_ready(listener, PollFlags::IN, GLANCE)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn sleep_until_ready(
    socket: &impl std::os::fd::AsFd,
    wanted: PollFlags,
    patience: Duration,
) -> io::Result<()> {
    let timeout = Timespec {
        tv_sec: 0,
        tv_nsec: patience.min(GLANCE).subsec_nanos().into(),
    };
    match poll(&mut [PollFd::new(socket, wanted)], Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
