//! The document's worker: keeps the live capture and an opened file, and answers the page's
//! questions about the one that is shown.
//!
//! ```text
//!   stack's worker ──Live──> wire ──.
//!   a file ────────────────> file ──┴─> shown ──> Extent, Scene, Strip, Detail …
//! ```

pub mod beside;
pub mod body;
pub mod live;
pub mod play;
pub mod share;
pub mod shown;
mod trials;
pub mod turned;
pub mod writing;

use crate::broken;
use crate::post;
use crate::protocol::{BATCH_MS, FromDocument, Live, ShareRequest, Shared, ToDocument};
use crate::words::Words;
use beside::Beside;
use body::{Download, octets};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use play::Plays;
use share::Made;
use shown::Shown;
use std::cell::RefCell;
use std::rc::Rc;
use synema_diagram::view::View;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessagePort};

/// Begins to listen. Called once, by the worker's binary.
pub fn start() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    broken::tell_the_page(FromDocument::Broken);
    let worker = Rc::new(RefCell::new(Worker {
        scope: scope.clone(),
        view: View::default(),
        offset_ns: 0,
        wire: Shown::wire("", None, View::default()),
        file: None,
        plays: Plays::default(),
        beside: None,
        version: 0,
        told: None,
        body: None,
        alarm: false,
    }));
    let listening = worker.clone();
    post::receive(&scope, move |batch: Vec<ToDocument>, attached| {
        for said in batch {
            asked(&listening, said, attached.as_ref());
        }
        tell_extent(&listening);
        listening.borrow_mut().tell_beside();
    });
    post::send(&scope, &[FromDocument::Ready]);
}

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    view: View,
    /// What to add to the stack's clock for an estimate of the bridge's, nanoseconds.
    offset_ns: u64,
    wire: Shown,
    /// A file, or the run of an experiment.
    file: Option<(String, Shown)>,
    plays: Plays,
    /// Another run, to be compared with the one that is shown.
    beside: Option<Beside>,
    /// Changes with every change of what is shown.
    version: u64,
    /// The version that the page was told of.
    told: Option<u64>,
    body: Option<Download>,
    /// Whether the page will be told of a change before long.
    alarm: bool,
}

type Handle = Rc<RefCell<Worker>>;

fn asked(handle: &Handle, said: ToDocument, attached: Option<&JsValue>) {
    match said {
        ToDocument::Stack => {
            if let Some(port) = attached.and_then(JsCast::dyn_ref::<MessagePort>) {
                let handle = handle.clone();
                post::receive(port, move |batch: Vec<Live>, _| heard(&handle, batch));
            }
        }
        ToDocument::Open { name } => {
            if let Some(file) = attached.and_then(JsCast::dyn_ref::<Blob>) {
                read(handle.clone(), name, file);
            }
        }
        said => handle.borrow_mut().answer(&said),
    }
}

/// The stack's worker told something; the page hears of it within a frame of the screen.
fn heard(handle: &Handle, batch: Vec<Live>) {
    let mut worker = handle.borrow_mut();
    let mut is_changed = false;
    for live in batch {
        is_changed |= worker.live(live);
    }
    if !is_changed {
        return;
    }
    if worker.file.is_some() {
        return;
    }
    worker.version += 1;
    if worker.alarm {
        return;
    }
    worker.alarm = true;
    let later = handle.clone();
    let closure = Closure::once_into_js(move || {
        later.borrow_mut().alarm = false;
        tell_extent(&later);
    });
    let wait = i32::try_from(BATCH_MS).unwrap_or(16);
    let function = closure.unchecked_ref();
    if let Err(error) = worker
        .scope
        .set_timeout_with_callback_and_timeout_and_arguments_0(function, wait)
    {
        web_sys::console::error_1(&error);
    }
}

/// Tells the page that the document has changed, if it has.
fn tell_extent(handle: &Handle) {
    let mut worker = handle.borrow_mut();
    if worker.told == Some(worker.version) {
        return;
    }
    worker.told = Some(worker.version);
    let (version, view) = (worker.version, worker.view);
    let extent = worker.shown().extent(version, view);
    let mut said = vec![FromDocument::Extent(extent)];
    let Worker { plays, file, .. } = &mut *worker;
    if let Some((_, shown)) = file {
        said.extend(plays.heights(shown, view).map(FromDocument::Heights));
    }
    post::send(&worker.scope, &said);
}

/// Reads a file without stopping the world: the browser hands its bytes over when it has them.
fn read(handle: Handle, name: String, file: &Blob) {
    let promise = file.array_buffer();
    let (done, failed) = (handle.clone(), handle);
    let named = name.clone();
    let then = Closure::once_into_js(move |buffer: JsValue| {
        let bytes = Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec();
        done.borrow_mut().open(name, &bytes);
        tell_extent(&done);
    });
    let catch = Closure::once_into_js(move |error: JsValue| {
        let why = error.as_string().unwrap_or_else(|| format!("{error:?}"));
        failed
            .borrow()
            .say(FromDocument::OpenFailed { name: named, why });
    });
    let _: JsValue = js_sys::Reflect::get(&promise, &"then".into())
        .and_then(|function| {
            let function: js_sys::Function = function.dyn_into()?;
            function.call2(&promise, &then, &catch)
        })
        .unwrap_or(JsValue::UNDEFINED);
}

impl Worker {
    fn say(&self, message: FromDocument) {
        post::send(&self.scope, &[message]);
    }

    fn shown(&mut self) -> &mut Shown {
        match &mut self.file {
            Some((_, file)) => file,
            None => &mut self.wire,
        }
    }

    /// Shows something else, or the wire.
    fn show(&mut self, file: Option<(String, Shown)>) {
        if let Some((_, before)) = std::mem::replace(&mut self.file, file) {
            self.plays.leave(before);
        }
        self.version += 1;
    }

    /// Says whether the live document changed.
    fn live(&mut self, live: Live) -> bool {
        match live {
            Live::Begin { hello, at } => {
                self.offset_ns = hello.now_ns.saturating_sub(at.as_nanos());
                let fresh = Shown::wire(&hello.interface, Some(hello.mac), self.view);
                let before = std::mem::replace(&mut self.wire, fresh);
                if before.packets() > 0 && self.file.is_none() {
                    self.keep(before);
                }
                self.tell_written();
                return true;
            }
            Live::BodyBegin {
                fetch,
                media_type,
                name,
            } => self.body = Some(Download::new(fetch, name, media_type)),
            Live::Body { fetch, bytes } => {
                if let Some(body) = self.body.as_mut().filter(|body| body.fetch == fetch) {
                    body.take(&bytes);
                }
            }
            Live::BodyEnd { fetch } => {
                let body = self.body.as_mut().filter(|body| body.fetch == fetch);
                if let Some(body) = body.and_then(Download::finish) {
                    self.say(FromDocument::Body { fetch, body });
                }
            }
            live => return self.wire.take(self.offset_ns, live),
        }
        false
    }

    fn answer(&mut self, said: &ToDocument) {
        let (version, view) = (self.version, self.view);
        let answer = match *said {
            ToDocument::Contents => FromDocument::Contents(Box::new(self.shown().contents(view))),
            ToDocument::Wanted {
                number,
                ref text,
                apply,
            } => self.filter(number, text, apply),
            ToDocument::Look(view) => {
                self.view = view;
                self.version += 1;
                return;
            }
            ToDocument::Window { y0, y1 } => FromDocument::Scene {
                version,
                scene: Box::new(self.shown().scene(view, y0, y1)),
            },
            ToDocument::Strip { from, count } => FromDocument::Strip {
                version,
                strip: self.shown().strip(view, from, count),
            },
            ToDocument::Overview { buckets } => {
                FromDocument::Overview(self.shown().overview(view, buckets))
            }
            ToDocument::Detail { number } => {
                let detail = self.shown().detail(view, number).map(Box::new);
                let row = self.shown().row(view, number);
                let (stream, at_ns) = self.shown().whereabouts(number);
                FromDocument::Detail {
                    number,
                    detail,
                    row,
                    stream,
                    at_ns,
                }
            }
            ToDocument::Share(ref request) => return self.share(request),
            ToDocument::OpenLink { ref text } => return self.open_link(text),
            ToDocument::Catalogue => FromDocument::Catalogue(self.plays.told()),
            ToDocument::Play(ref request) => return self.play(request),
            ToDocument::Compare(ref trial) => return self.compare(trial.as_ref()),
            ToDocument::Beside(ref said) => {
                let answer = self.beside.as_mut().and_then(|beside| beside.asked(said));
                match answer {
                    Some(answer) => FromDocument::Beside(Box::new(answer)),
                    None => return,
                }
            }
            ToDocument::Graph(request) => FromDocument::Graph(self.shown().graph(view, request)),
            ToDocument::GraphPick { x, y } => match self.shown().picked(x, y) {
                Some(packet) => FromDocument::Picked(packet),
                None => return,
            },
            ToDocument::Unfold { packet, on } => {
                self.shown().document.unfold(packet, on);
                self.version += 1;
                return;
            }
            ToDocument::Write(ref change) => {
                self.shown().write(change.clone());
                self.version += 1;
                return self.tell_written();
            }
            ToDocument::ShowWire => {
                self.show(None);
                return self.tell_written();
            }
            ToDocument::Download => return self.download(),
            ToDocument::SaveBody { fetch } => return self.save_body(fetch),
            ToDocument::Stack | ToDocument::Open { .. } => return,
        };
        self.say(answer);
    }

    /// Tells the page what is written on what is shown.
    fn tell_written(&mut self) {
        let mut written = self.shown().written();
        written.unsaved_anywhere |= self.wire.is_unsaved() || self.plays.is_unsaved();
        self.say(FromDocument::Written(Box::new(written)));
    }

    fn filter(&mut self, number: u32, text: &str, apply: bool) -> FromDocument {
        let language = self.view.language;
        let problem = self.shown().filter(language, text, apply).err();
        let applied = (apply && problem.is_none()).then(|| text.to_owned());
        self.version += u64::from(applied.is_some());
        FromDocument::Wanted {
            number,
            applied,
            problem,
        }
    }

    /// A run that ended with its bridge stays in sight until the reader goes on.
    fn keep(&mut self, before: Shown) {
        let name = Words::of(self.view.language).before_restart.to_owned();
        self.show(Some((name.clone(), before)));
        self.say(FromDocument::Opened {
            name,
            partly: None,
            passed_over: None,
        });
    }

    fn open(&mut self, name: String, bytes: &[u8]) {
        match Shown::file(&name, bytes, self.view) {
            Ok((file, read)) => {
                self.show(Some((name.clone(), file)));
                self.say(FromDocument::Opened {
                    name,
                    partly: read.partly,
                    passed_over: read.passed_over,
                });
                self.tell_written();
            }
            Err(why) => self.say(FromDocument::OpenFailed { name, why }),
        }
    }

    fn open_link(&mut self, text: &str) {
        match Shown::link(text, self.view) {
            Ok(file) => {
                let name = Words::of(self.view.language).from_link.to_owned();
                self.show(Some((name.clone(), file)));
                self.say(FromDocument::Opened {
                    name,
                    partly: None,
                    passed_over: None,
                });
                self.tell_written();
            }
            Err(why) => self.say(FromDocument::LinkFailed { why }),
        }
    }

    fn share(&mut self, request: &ShareRequest) {
        let (number, view) = (request.number, self.view);
        let name = self.name_with(request.form.ending());
        let made = share::share(self.shown(), view, request);
        let shared = match made {
            Err(why) => Shared::Nothing(why),
            Ok(Made::Text(text, packets)) => Shared::Text { text, packets },
            Ok(Made::Picture(svg, inside)) => Shared::Picture { name, svg, inside },
            Ok(Made::File(bytes)) => {
                let blob = octets(&Array::of1(&Uint8Array::from(bytes.as_slice())));
                self.hand_over(name, blob.map_err(|error| format!("{error:?}")));
                self.tell_written();
                Shared::Saved
            }
        };
        self.say(FromDocument::Shared { number, shared });
    }

    /// A name for a file that is made of what is shown.
    fn name_with(&self, ending: &str) -> String {
        let stem = self.file.as_ref().map(|(name, _)| {
            let name = name.strip_suffix(".gz").unwrap_or(name);
            name.rsplit_once('.').map_or(name, |(stem, _)| stem)
        });
        match stem {
            Some(stem) => format!("{stem}-synema.{ending}"),
            None => format!("synema.{ending}"),
        }
    }

    fn download(&mut self) {
        let name = self.name_with("pcapng");
        let made = self
            .shown()
            .pcapng()
            .map_err(|error| error.to_string())
            .and_then(|bytes| {
                octets(&Array::of1(&Uint8Array::from(bytes.as_slice())))
                    .map_err(|error| format!("{error:?}"))
            });
        if made.is_ok() {
            self.shown().saved();
        }
        self.hand_over(name, made);
        self.tell_written();
    }

    fn save_body(&mut self, fetch: u32) {
        if let Some(body) = self.body.as_mut().filter(|body| body.fetch == fetch) {
            let name = body.name.clone();
            let made = body.blob().map_err(|error| format!("{error:?}"));
            self.hand_over(name, made);
        }
    }

    fn hand_over(&self, name: String, made: Result<Blob, String>) {
        match made {
            Ok(blob) => post::send_with(&self.scope, &[FromDocument::File { name }], Some(&blob)),
            Err(why) => self.say(FromDocument::FileFailed { why }),
        }
    }
}
