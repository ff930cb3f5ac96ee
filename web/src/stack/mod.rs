//! The stack's worker: the engine, its socket, its clock, and its two listeners.
//!
//! A message of the socket is worked through, and what it makes the stack send is sent,
//! before the browser does anything else: nothing that is drawn delays an ACK.

pub mod engine;
pub mod name;
pub mod outbox;
pub mod retry;
pub mod socket;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::post;
use crate::protocol::{BATCH_MS, FromStack, ToStack};
use engine::{Do, Engine, Happened};
use socket::{Socket, SocketEvent};
use std::cell::RefCell;
use std::rc::Rc;
use synema_core::time::{Duration, Instant};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, MessagePort, RequestCache, RequestInit};

/// The longest `setTimeout`; later deadlines are looked at again after it.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// Begins to listen. Called once, by the worker's binary.
pub fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    crate::broken::tell_the_page(FromStack::Broken);
    let clock = match Clock::of_worker() {
        Ok(clock) => clock,
        Err(error) => {
            post::send(&scope, &[FromStack::Broken(format!("{error:?}"))]);
            return;
        }
    };
    let worker = Rc::new(RefCell::new(Worker {
        me: None,
        scope: scope.clone(),
        document: None,
        last_post: clock.now(),
        clock,
        engine: Engine::new(random_seed),
        socket: None,
        generation: 0,
        alarm: None,
        post_alarm: None,
        failed_alarm: None,
    }));
    worker.borrow_mut().me = Some(Handle(worker.clone()));
    let handle = Handle(worker);
    post::receive(&scope, move |batch: Vec<ToStack>, attached| {
        if let Some(port) = attached.and_then(|port| port.dyn_into::<MessagePort>().ok()) {
            handle.0.borrow_mut().document = Some(port);
        }
        for said in batch {
            handle.happened(Happened::Page(said));
        }
    });
    post::send(&scope, &[FromStack::Ready]);
}

/// 32 bytes from the system's random generator.
fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    scope
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut seed))
        .expect(
            "every browser with WebAssembly has crypto.getRandomValues in workers, for 32 bytes",
        );
    seed
}

/// The worker, as its callbacks hold it.
#[derive(Clone)]
struct Handle(Rc<RefCell<Worker>>);

struct Worker {
    me: Option<Handle>,
    scope: DedicatedWorkerGlobalScope,
    document: Option<MessagePort>,
    clock: Clock,
    engine: Engine,
    socket: Option<Socket>,
    /// Which socket is the present one: what an old one still says is not heard.
    generation: u32,
    alarm: Option<(Instant, Alarm)>,
    post_alarm: Option<Alarm>,
    failed_alarm: Option<Alarm>,
    last_post: Instant,
}

impl Handle {
    fn happened(&self, happened: Happened) {
        let mut worker = self.0.borrow_mut();
        let now = worker.clock.now();
        worker.engine.handle(now, happened);
        worker.obey();
        worker.set_alarm();
        worker.post_soon();
    }
}

impl Worker {
    fn handle(&self) -> Handle {
        self.me
            .clone()
            .expect("set once, before the first callback")
    }

    fn obey(&mut self) {
        for command in self.engine.take_commands() {
            match command {
                Do::Send(message) => {
                    if let Some(socket) = &self.socket {
                        socket.send(&message);
                    }
                }
                Do::Disconnect => self.socket = None,
                Do::Connect { url, token } => self.connect(&url, &token),
                Do::Knock => self.knock(),
            }
        }
    }

    fn connect(&mut self, url: &str, token: &str) {
        self.socket = None;
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let handle = self.handle();
        let opened = Socket::open(url, token, move |event| {
            // Nothing of ours is borrowed while the browser calls: it never calls from within our calls.
            if handle.0.borrow().generation == generation {
                handle.happened(match event {
                    SocketEvent::Opened => Happened::Opened,
                    SocketEvent::Message(message) => Happened::Message(message),
                    SocketEvent::Text => Happened::Message(Vec::new()),
                    SocketEvent::Closed { code, reason } => Happened::Closed { code, reason },
                });
            }
        });
        match opened {
            Ok(socket) => self.socket = Some(socket),
            Err(error) => {
                web_sys::console::error_1(&error);
                let handle = self.handle();
                // Told later, like a socket that could not connect: we are within a call of the engine's.
                self.failed_alarm = Alarm::set(&self.scope, 0, move || {
                    let reason = String::new();
                    handle.happened(Happened::Closed { code: 1006, reason });
                });
            }
        }
    }

    /// Any answer is one: what a socket is refused for, the bridge tells only in its own words.
    fn knock(&self) {
        let asked = RequestInit::new();
        asked.set_method("HEAD");
        asked.set_cache(RequestCache::NoStore);
        let answer = self.scope.fetch_with_str_and_init("/", &asked);
        let handle = self.handle();
        wasm_bindgen_futures::spawn_local(async move {
            let answers = JsFuture::from(answer).await.is_ok();
            handle.happened(Happened::Knocked { answers });
        });
    }

    /// An alarm that is set already and earlier stays: too early does no harm.
    fn set_alarm(&mut self) {
        let Some(due) = self.engine.deadline() else {
            return;
        };
        if self
            .alarm
            .as_ref()
            .is_some_and(|(set_for, _)| *set_for <= due)
        {
            return;
        }
        let wait = due.since(self.clock.now()).min(LONGEST_SLEEP);
        // Rounded up: to wake before the deadline would only mean to sleep again.
        let wait_ms = i32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
        let handle = self.handle();
        let alarm = Alarm::set(&self.scope, wait_ms, move || {
            handle.0.borrow_mut().alarm = None;
            handle.happened(Happened::Timeout);
        });
        self.alarm = alarm.map(|alarm| (due, alarm));
    }

    /// Posts what waits: at once after a silence, otherwise when the batch's time has come.
    fn post_soon(&mut self) {
        if self.engine.outbox().is_empty() || self.post_alarm.is_some() {
            return;
        }
        let since = self.clock.now().since(self.last_post).as_millis();
        let wait = u128::from(BATCH_MS).saturating_sub(since);
        if wait == 0 {
            self.post();
            return;
        }
        let handle = self.handle();
        self.post_alarm = Alarm::set(&self.scope, i32::try_from(wait).unwrap_or(16), move || {
            let mut worker = handle.0.borrow_mut();
            worker.post_alarm = None;
            worker.post();
        });
    }

    fn post(&mut self) {
        self.last_post = self.clock.now();
        let page = self.engine.outbox().take_page();
        if !page.is_empty() {
            post::send(&self.scope, &page);
        }
        if let Some(port) = &self.document {
            let document = self.engine.outbox().take_document();
            if !document.is_empty() {
                post::send(port, &document);
            }
        }
    }
}

/// A `setTimeout`, cleared when dropped.
struct Alarm {
    scope: DedicatedWorkerGlobalScope,
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

impl Alarm {
    fn set(
        scope: &DedicatedWorkerGlobalScope,
        wait_ms: i32,
        callback: impl FnMut() + 'static,
    ) -> Option<Self> {
        let callback = Closure::<dyn FnMut()>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let set = scope.set_timeout_with_callback_and_timeout_and_arguments_0(function, wait_ms);
        set.map_err(|error: JsValue| web_sys::console::error_1(&error))
            .ok()
            .map(|id| Self {
                scope: scope.clone(),
                id,
                _callback: callback,
            })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.scope.clear_timeout_with_handle(self.id);
    }
}
