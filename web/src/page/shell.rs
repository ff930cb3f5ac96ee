//! What the page does to the browser: workers, listeners, files.

use super::entry;
use super::keys;
use super::picture;
use super::playing::Play;
use super::samples;
use super::sharing::Share;
use super::state::{Action, Effect, Theme};
use crate::document::body::octets;
use crate::post;
use crate::protocol::{FromDocument, FromStack, ToDocument, ToStack};
use js_sys::{Array, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use synema_diagram::link::embed;
use synema_diagram::words::Language;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, ErrorEvent, Event, HtmlAnchorElement, MessageChannel, Url, Worker, WorkerOptions,
    WorkerType,
};
use yew::Callback;

/// The shortest time between two changes of the address bar, milliseconds.
const ADDRESS_MS: i32 = 250;

/// The workers, and what the browser does for the page.
pub struct Shell {
    stack: Option<Worker>,
    document: Option<Worker>,
    act: Callback<Action>,
    /// Whether who leaves the page is warned.
    warns: Rc<Cell<bool>>,
    /// What the address bar will have as its fragment before long.
    address: Rc<Cell<Option<String>>>,
}

impl Shell {
    /// Starts the workers and listens; says why a worker could not be started.
    pub fn start(
        on_stack: Callback<Vec<FromStack>>,
        on_document: Callback<(Vec<FromDocument>, Option<JsValue>)>,
        act: &Callback<Action>,
    ) -> (Self, Option<String>) {
        let mut failed = None;
        let mut started = |name: &str| match spawn(name, act) {
            Ok(worker) => Some(worker),
            Err(error) => {
                failed = Some(format!("{name}: {error:?}"));
                None
            }
        };
        let (stack, document) = (started("stack"), started("document"));
        if let Some(worker) = &stack {
            post::receive(worker, move |batch, _| on_stack.emit(batch));
        }
        if let Some(worker) = &document {
            post::receive(worker, move |batch, attached| {
                on_document.emit((batch, attached));
            });
        }
        let warns = Rc::new(Cell::new(false));
        listen(act);
        listen_to_leaving(warns.clone());
        let act = act.clone();
        (
            Self {
                stack,
                document,
                act,
                warns,
                address: Rc::default(),
            },
            failed,
        )
    }

    /// Does what `reduce` asked for.
    pub fn perform(&self, effect: Effect) {
        match effect {
            Effect::Stack(message) => {
                if let Some(worker) = &self.stack {
                    post::send(worker, &[message]);
                }
            }
            Effect::Document(message) => {
                if let Some(worker) = &self.document {
                    post::send(worker, &[message]);
                }
            }
            Effect::OpenFile(file) => {
                if let Some(worker) = &self.document {
                    let name = file.name();
                    post::send_with(worker, &[ToDocument::Open { name }], Some(&file));
                }
            }
            Effect::OpenSample(name) => {
                if let Some(worker) = &self.document {
                    samples::open(worker.clone(), name, self.act.clone());
                }
            }
            Effect::Join => self.join(),
            Effect::ForgetLink => {
                self.address.take();
                entry::forget_link();
            }
            Effect::Address(fragment) => self.put_into_address(fragment),
            Effect::Frame => tell_frame(self.act.clone()),
            Effect::Copy(text) => copy(text, self.act.clone()),
            Effect::SaveText { name, text } => {
                if let Err(error) = save_text(&name, &text) {
                    web_sys::console::error_1(&error);
                }
            }
            Effect::MakePng { name, svg, inside } => {
                make_png(name, svg, inside, self.act.clone());
            }
            Effect::Warn(warns) => self.warns.set(warns),
            Effect::Remember(session) => entry::remember(session),
            Effect::KeepTheme(theme) => {
                entry::keep_theme(theme);
                self.show_theme(theme);
            }
            Effect::KeepLanguage(language) => {
                entry::keep_language(language);
                self.show_language(language);
            }
        }
    }

    /// The root element gets the theme too: scroll bars and form controls follow it.
    pub fn show_theme(&self, theme: Theme) {
        set_on_root("data-theme", theme.name());
    }

    /// Browsers choose faces and line breaks by it, and screen readers a voice.
    pub fn show_language(&self, language: Language) {
        set_on_root("lang", language.code());
    }

    /// Browsers bear the address bar to be changed a few times a second, no more.
    fn put_into_address(&self, fragment: String) {
        if self.address.replace(Some(fragment)).is_some() {
            return;
        }
        let address = self.address.clone();
        let put = Closure::once_into_js(move || {
            if let Some(fragment) = address.take() {
                entry::put_into_address(&fragment);
            }
        });
        if let Some(window) = web_sys::window() {
            // Only a window that is being closed refuses.
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
                put.unchecked_ref(),
                ADDRESS_MS,
            );
        }
    }

    /// Joins the workers by a channel of their own.
    fn join(&self) {
        let (Some(stack), Some(document)) = (&self.stack, &self.document) else {
            return;
        };
        match MessageChannel::new() {
            Ok(channel) => {
                post::hand_over(stack, &[ToStack::Document], &channel.port1());
                post::hand_over(document, &[ToDocument::Stack], &channel.port2());
            }
            Err(error) => web_sys::console::error_1(&error),
        }
    }
}

fn set_on_root(attribute: &str, value: &str) {
    let root = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.document_element());
    if let Some(root) = root {
        // Only a malformed name is refused, and these are constants.
        let _ = root.set_attribute(attribute, value);
    }
}

/// Starts `start-{name}.js`, beside the page's own script, as a module worker.
fn spawn(name: &str, act: &Callback<Action>) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(name);
    let worker = Worker::new_with_options(&entry::beside(&format!("start-{name}.js")), &options)?;
    let act = act.clone();
    let name = name.to_owned();
    let failed = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        act.emit(Action::WorkerFailed(format!("{name}: {}", event.message())));
    });
    worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
    failed.forget();
    Ok(worker)
}

/// Keys, files that are dropped, the system's theme, and the page's end.
fn listen(act: &Callback<Action>) {
    let Some(window) = web_sys::window() else {
        return;
    };
    on(&window, "keydown", {
        let act = act.clone();
        move |event| keys::keydown(&event, &act)
    });
    listen_to_drops(&window, act);
    // Another link to this page, with another key or document, was put into the address bar.
    let opens = act.clone();
    on(&window, "hashchange", move |_| {
        let window = web_sys::window();
        if let (true, Some(window)) = (entry::is_given(), window) {
            // Without a reload only the old key would go on to be used.
            let _ = window.location().reload();
        } else if let Some(text) = entry::link() {
            opens.emit(Action::OpenLink(text));
        } else if let Some(text) = entry::experiment() {
            opens.emit(Action::Play(Play::Link(text)));
        }
    });
    on(&window, "pageshow", {
        let act = act.clone();
        move |event| {
            let again = event.dyn_ref::<web_sys::PageTransitionEvent>();
            if again.is_some_and(web_sys::PageTransitionEvent::persisted) {
                act.emit(Action::Connect { take_over: false });
            }
        }
    });
    on(&window, "pagehide", {
        let act = act.clone();
        move |_| act.emit(Action::Leave)
    });
    if let Ok(Some(query)) = window.match_media("(prefers-color-scheme: dark)") {
        let act = act.clone();
        on(&query, "change", move |_| {
            act.emit(Action::Theme(entry::theme()));
        });
    }
}

/// Who leaves is warned when something would be lost.
fn listen_to_leaving(warns: Rc<Cell<bool>>) {
    let Some(window) = web_sys::window() else {
        return;
    };
    on(&window, "beforeunload", move |event| {
        if warns.get() {
            event.prevent_default();
        }
    });
}

/// A file that is dragged over the page, left there or taken away.
fn listen_to_drops(window: &web_sys::Window, act: &Callback<Action>) {
    let data = |event: &Event| {
        let event = event.dyn_ref::<web_sys::DragEvent>()?;
        event.data_transfer()
    };
    on(window, "dragenter", {
        let act = act.clone();
        move |event| {
            let types = data(&event).map(|data| data.types());
            if types.is_some_and(|types| types.includes(&"Files".into(), 0)) {
                act.emit(Action::Dragged(true));
            }
        }
    });
    on(window, "dragover", |event| event.prevent_default());
    on(window, "dragleave", {
        let act = act.clone();
        move |event| {
            // From one element to the next is no leave-taking.
            let to = event
                .dyn_ref::<web_sys::DragEvent>()
                .and_then(|event| event.related_target());
            if to.is_none() {
                act.emit(Action::Dragged(false));
            }
        }
    });
    on(window, "drop", {
        let act = act.clone();
        move |event| {
            event.prevent_default();
            let files = data(&event).and_then(|data| data.files());
            match files.and_then(|files| files.get(0)) {
                Some(file) => act.emit(Action::Open(file)),
                None => act.emit(Action::Dragged(false)),
            }
        }
    });
}

fn on(target: &web_sys::EventTarget, name: &str, then: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(then);
    let function = closure.as_ref().unchecked_ref();
    if let Err(error) = target.add_event_listener_with_callback(name, function) {
        web_sys::console::error_1(&error);
    }
    closure.forget();
}

/// Tells when the next frame of the screen is drawn.
fn tell_frame(act: Callback<Action>) {
    let closure = Closure::once_into_js(move |now_ms: f64| {
        act.emit(Action::Play(Play::Tick(now_ms)));
    });
    if let Some(window) = web_sys::window() {
        // Only a window that is being closed refuses.
        let _ = window.request_animation_frame(closure.unchecked_ref());
    }
}

/// Puts a text into the clipboard; says whether the browser let it.
fn copy(text: String, act: Callback<Action>) {
    spawn_local(async move {
        let clipboard = web_sys::window().map(|window| window.navigator().clipboard());
        // Only pages that came over a safe way have one.
        let clipboard = clipboard.filter(|clipboard| !clipboard.is_undefined());
        let copied = match clipboard {
            Some(clipboard) => JsFuture::from(clipboard.write_text(&text)).await.is_ok(),
            None => false,
        };
        act.emit(Action::Share(Share::Copied(copied)));
    });
}

fn make_png(name: String, svg: String, inside: Vec<u8>, act: Callback<Action>) {
    spawn_local(async move {
        let made = picture::png(&svg).await.and_then(|png| {
            let png = if inside.is_empty() {
                png
            } else {
                embed::into_png(&png, &inside)
            };
            let parts = Array::of1(&Uint8Array::from(png.as_slice()));
            let blob = octets(&parts).and_then(|blob| save(&name, &blob));
            blob.map_err(|error| format!("{error:?}"))
        });
        act.emit(Action::Share(Share::Pictured(made.err())));
    });
}

fn save_text(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = octets(&Array::of1(&Uint8Array::from(text.as_bytes())))?;
    save(name, &blob)
}

/// Offers a file to be saved.
///
/// # Errors
/// When the browser makes no URL or element for it.
pub fn save(name: &str, blob: &JsValue) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob.unchecked_ref::<Blob>())?;
    let document = web_sys::window().and_then(|window| window.document());
    let document = document.ok_or_else(|| JsValue::from_str("no document"))?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // Browsers take the blob when the click is worked through; a minute later it is certain.
    let revoke = Closure::once_into_js(move || Url::revoke_object_url(&url));
    if let Some(window) = web_sys::window() {
        window.set_timeout_with_callback_and_timeout_and_arguments_0(
            revoke.unchecked_ref(),
            60_000,
        )?;
    }
    Ok(())
}
