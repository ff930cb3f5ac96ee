//! The stack in its virtual time, and the two threads that call it.
//!
//! Only one of packetdrill's threads can ask for time to pass. The other one makes
//! the calls that block: it really sleeps, and whenever something has happened it
//! is woken and looks whether its call can end. Until it has looked, and has read
//! the clock if its call has ended, time stands still.

use crate::errno::{Answer, Errno};
use crate::link::{self, Sent};
use crate::memory;
use crate::readiness::Epoll;
use crate::settings::Settings;
use crate::socket::{Kind, Socket};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use synema_core::ip::Interface;
use synema_core::stack::{Config, Stack, StackEvent};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId};

/// A clock that shows this is some way from its origin: nothing subtracts below it.
const START: Instant = Instant::from_millis(1_000_000);
/// How much time passes while it is read.
const READING: Duration = Duration::from_micros(1);
/// How long the other thread may take to look, in real time, before it is believed
/// to be busy elsewhere.
const PATIENCE: Duration = Duration::from_secs(2);
/// Nobody waits for a packet longer than this, in virtual time.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The thread whose call blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleeper {
    /// It sleeps, until this time at most.
    Asleep(Option<Instant>),
    /// It is to look whether its call can end.
    Woken,
    /// Its call has ended, and it is yet to read the clock.
    Returning(ThreadId),
}

/// Stack, clock, and all that has a file descriptor.
pub(crate) struct Host {
    pub(crate) now: Instant,
    pub(crate) stack: Stack,
    pub(crate) settings: Settings,
    pub(crate) sockets: BTreeMap<RawFd, Socket>,
    pub(crate) epolls: BTreeMap<RawFd, Epoll>,
    owned: BTreeMap<RawFd, OwnedFd>,
    /// What the stack sent and packetdrill has not taken.
    sent: VecDeque<(Instant, Vec<u8>)>,
    frames: u64,
    out: Vec<u8>,
    sleeper: Option<Sleeper>,
    /// The number of a thread whose call has ended, until it was given time to say so.
    reporting: Option<libc::pid_t>,
}

struct Shared {
    host: Mutex<Host>,
    changed: Condvar,
}

static SHARED: OnceLock<Shared> = OnceLock::new();

/// The host while nobody else has it.
pub(crate) type Guard = MutexGuard<'static, Host>;

/// How far a call got.
pub(crate) enum Attempt<T> {
    /// To its end.
    Done(Answer<T>),
    /// It cannot end yet; it gives up at the time given.
    Blocked(Option<Instant>),
}

/// The host with its address, made when it is first asked for.
pub(crate) fn start(address: Ipv4Addr, prefix_len: u8, gateway: Ipv4Addr) -> Result<(), String> {
    let interface = Interface::new(address, prefix_len, Some(gateway));
    let interface = interface.map_err(|error| error.to_string())?;
    let mut host = Host {
        now: START,
        stack: Stack::new(Config::new(link::OURS), 1, ()),
        settings: Settings::default(),
        sockets: BTreeMap::new(),
        epolls: BTreeMap::new(),
        owned: BTreeMap::new(),
        sent: VecDeque::new(),
        frames: 0,
        out: Vec::new(),
        sleeper: None,
        reporting: None,
    };
    let assumed = host.stack.assume(START, interface);
    assumed.map_err(|error| error.to_string())?;
    let shared = Shared {
        host: Mutex::new(host),
        changed: Condvar::new(),
    };
    let again = SHARED.set(shared).is_err();
    if again {
        return Err("there is one host only, and it was started before".into());
    }
    Ok(())
}

/// Waits for the host; `None` before [`start`].
pub(crate) fn lock() -> Option<Guard> {
    let shared = SHARED.get()?;
    // Who panicked has ended the whole process: a panic does not cross into C.
    Some(shared.host.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes a call, and again whenever something has happened, until it ends.
pub(crate) fn call<T>(mut attempt: impl FnMut(&mut Host) -> Attempt<T>) -> Answer<T> {
    let (Some(shared), Some(mut host)) = (SHARED.get(), lock()) else {
        return Err(Errno(libc::ENODEV));
    };
    let mut has_slept = false;
    loop {
        let attempted = attempt(&mut host);
        host.drain();
        match attempted {
            Attempt::Done(answer) => {
                if has_slept {
                    host.sleeper = Some(Sleeper::Returning(thread::current().id()));
                    shared.changed.notify_all();
                }
                return answer;
            }
            Attempt::Blocked(until) => {
                has_slept = true;
                host.sleeper = Some(Sleeper::Asleep(until));
                shared.changed.notify_all();
                while matches!(host.sleeper, Some(Sleeper::Asleep(_))) {
                    let waited = shared.changed.wait(host);
                    host = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// A call that never blocks.
pub(crate) fn call_once<T>(attempt: impl FnOnce(&mut Host) -> Answer<T>) -> Answer<T> {
    let mut host = lock().ok_or(Errno(libc::ENODEV))?;
    let answer = attempt(&mut host);
    host.drain();
    drop(settle(host));
    answer
}

/// What the clock shows; reading it takes a moment.
pub(crate) fn read_clock() -> Option<Instant> {
    let mut host = lock()?;
    if host.sleeper == Some(Sleeper::Returning(thread::current().id())) {
        host.sleeper = None;
        host.reporting = Some(memory::thread_number());
        if let Some(shared) = SHARED.get() {
            shared.changed.notify_all();
        }
        return Some(host.now);
    }
    let at = host.now + READING;
    host = go_to(host, at);
    Some(host.now)
}

/// Lets time pass. Who sleeps has let go of packetdrill's own lock: a call that has
/// ended meanwhile is now reported, before anything later happens.
pub(crate) fn sleep(length: Duration) {
    if let Some(host) = lock() {
        let at = host.now + length;
        let mut host = go_to(host, at);
        let reporting = host.reporting.take();
        drop(host);
        if let Some(thread) = reporting {
            wait_until_idle(thread);
        }
    }
}

/// Waits, in real time, until a thread sleeps.
fn wait_until_idle(thread: libc::pid_t) {
    let path = format!("/proc/self/task/{thread}/stat");
    let give_up_at = std::time::Instant::now() + PATIENCE;
    while std::time::Instant::now() < give_up_at {
        let stat = std::fs::read_to_string(&path).unwrap_or_default();
        // The state follows the name, which may hold anything but ends with the last ')'.
        match stat.rsplit_once(") ") {
            Some((_, rest)) if !rest.starts_with('S') => thread::yield_now(),
            _ => return,
        }
    }
}

/// Hands the stack an IPv4 packet.
pub(crate) fn receive(packet: &[u8]) {
    if let Some(mut host) = lock() {
        let frame = link::framed(packet);
        host.handle(&frame);
        host.drain();
        drop(settle(host));
    }
}

/// The next packet that the stack sends, and when; `None` if it sends none.
pub(crate) fn next_sent() -> Option<(Instant, Vec<u8>)> {
    let mut host = lock()?;
    let give_up_at = host.now + LONGEST_WAIT;
    loop {
        if let Some(sent) = host.sent.pop_front() {
            return Some(sent);
        }
        let next = host.next_deadline().filter(|at| *at <= give_up_at)?;
        host = go_to(host, next);
    }
}

/// Lets time pass up to `at`, with all that becomes due on the way.
fn go_to(mut host: Guard, at: Instant) -> Guard {
    while let Some(next) = host.next_deadline().filter(|next| *next <= at) {
        host.now = host.now.max(next);
        let now = host.now;
        host.stack.handle_timeout(now);
        host.drain();
        host = settle(host);
    }
    host.now = host.now.max(at);
    host
}

/// Lets the thread that sleeps look whether its call can end.
fn settle(mut host: Guard) -> Guard {
    let Some(shared) = SHARED.get() else {
        return host;
    };
    if matches!(host.sleeper, Some(Sleeper::Asleep(_))) {
        host.sleeper = Some(Sleeper::Woken);
        shared.changed.notify_all();
    }
    let me = thread::current().id();
    let is_busy = |host: &mut Host| match host.sleeper {
        Some(Sleeper::Woken) => true,
        Some(Sleeper::Returning(thread)) => thread != me,
        _ => false,
    };
    let waited = shared.changed.wait_timeout_while(host, PATIENCE, is_busy);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

impl Host {
    /// When something happens by itself.
    fn next_deadline(&self) -> Option<Instant> {
        let sleeper = match self.sleeper {
            Some(Sleeper::Asleep(until)) => until,
            _ => None,
        };
        self.stack.poll_timeout().into_iter().chain(sleeper).min()
    }

    fn handle(&mut self, frame: &[u8]) {
        let id = FrameId::received(self.frames);
        self.frames += 1;
        self.stack.handle_frame(self.now, id, frame);
    }

    /// Takes all that the stack has to send and to tell.
    pub(crate) fn drain(&mut self) {
        if self.settings.have_changed() {
            self.settings.read();
            self.stack
                .set_link_full(self.now, self.settings.link_is_full);
        }
        let mut out = std::mem::take(&mut self.out);
        while self.stack.poll_transmit(self.now, &mut out).is_some() {
            match link::read(&out) {
                Sent::Packet(packet) => self.sent.push_back((self.now, packet.to_vec())),
                Sent::Asked(answer) => self.handle(&answer),
                Sent::Other => {}
            }
        }
        self.out = out;
        while let Some(event) = self.stack.poll_event() {
            self.note(&event);
        }
    }

    fn note(&mut self, event: &StackEvent) {
        match *event {
            StackEvent::Acceptable { port } => {
                let listeners = self.sockets.values_mut();
                for listener in listeners.filter(|socket| socket.listens_on(port)) {
                    listener.wakes += 1;
                }
            }
            StackEvent::Connection { conn, event } => {
                // What can be said of it is said now: it may be forgotten once it has ended.
                let info = self.stack.info(self.now, conn);
                if let Some(socket) = self.socket_of(conn) {
                    socket.last_info = info.or(socket.last_info);
                    socket.on_event(event);
                }
            }
            _ => {}
        }
    }

    fn socket_of(&mut self, conn: ConnId) -> Option<&mut Socket> {
        let has = |socket: &&mut Socket| socket.conn() == Some(conn);
        self.sockets.values_mut().find(has)
    }

    /// A descriptor that nobody else in this process has.
    fn new_fd(&mut self) -> Answer<RawFd> {
        let file = File::open("/dev/null").map_err(|_| Errno(libc::EMFILE))?;
        let fd = file.as_raw_fd();
        self.owned.insert(fd, file.into());
        Ok(fd)
    }

    pub(crate) fn add_socket(&mut self, socket: Socket) -> Answer<RawFd> {
        let fd = self.new_fd()?;
        self.sockets.insert(fd, socket);
        Ok(fd)
    }

    pub(crate) fn add_epoll(&mut self) -> Answer<RawFd> {
        let fd = self.new_fd()?;
        self.epolls.insert(fd, Epoll::default());
        Ok(fd)
    }

    pub(crate) fn socket(&mut self, fd: RawFd) -> Answer<&mut Socket> {
        let missing = if self.owned.contains_key(&fd) {
            libc::ENOTSOCK
        } else {
            libc::EBADF
        };
        self.sockets.get_mut(&fd).ok_or(Errno(missing))
    }

    /// Gives a descriptor back; answers what stood behind it.
    pub(crate) fn forget(&mut self, fd: RawFd) -> Answer<Option<Kind>> {
        self.owned.remove(&fd).ok_or(Errno(libc::EBADF))?;
        self.epolls.remove(&fd);
        for epoll in self.epolls.values_mut() {
            epoll.forget(fd);
        }
        Ok(self.sockets.remove(&fd).map(|socket| socket.kind))
    }
}
