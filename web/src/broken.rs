//! When our own code panics: the reader is told in plain words, and nothing more is done.

use crate::post;
use serde::Serialize;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use web_sys::DedicatedWorkerGlobalScope;

/// Set by the first panic: what a panic leaves behind must not be touched again.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// Whether something panicked here.
pub fn is_broken() -> bool {
    BROKEN.load(Ordering::Relaxed)
}

/// A worker's panic becomes a message to the page (and a trace on the console).
pub fn tell_the_page<T: Serialize + 'static>(message: fn(String) -> T) {
    std::panic::set_hook(Box::new(move |panic| {
        console_error_panic_hook::hook(panic);
        if BROKEN.swap(true, Ordering::Relaxed) {
            return;
        }
        let scope: DedicatedWorkerGlobalScope =
            wasm_bindgen::JsCast::unchecked_into(js_sys::global());
        post::send(&scope, &[message(in_words(panic))]);
    }));
}

/// The page's panic is written into the document, with what can still be done.
pub fn tell_the_reader() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        BROKEN.store(true, Ordering::Relaxed);
        let words = crate::words::Words::of(crate::page::entry::language());
        let text = format!(
            "{} {} {}",
            words.page_failed_title,
            crate::words::fill(words.worker_failed, &[("why", &in_words(panic))]),
            words.worker_failed_next,
        );
        let body = web_sys::window()
            .and_then(|w| w.document())
            .and_then(|d| d.body());
        if let Some(body) = body {
            body.set_text_content(Some(&text));
            body.set_class_name("broken");
        }
    }));
}

fn in_words(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    match panic.location() {
        Some(place) => format!("{text} ({}:{})", place.file(), place.line()),
        None => text,
    }
}
