//! Starting the two workers, and the first words that are exchanged.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort, Worker, WorkerOptions,
    WorkerType,
};

/// What a worker posts first, followed by its own name: from now on it listens.
pub const HELLO: &str = "hello from ";

/// Starts `start-{name}.js` as a module worker; `on_text` is called with every text that it posts.
///
/// # Errors
/// When the browser knows no module workers or refuses the script.
pub fn spawn(name: &str, on_text: impl Fn(String) + 'static) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(name);
    let worker = Worker::new_with_options(&format!("start-{name}.js"), &options)?;
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            on_text(text);
        }
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    Ok(worker)
}

/// Joins two workers by a channel of their own: each receives one end of it.
///
/// # Errors
/// When a port cannot be transferred.
pub fn join(a: &Worker, b: &Worker) -> Result<(), JsValue> {
    let channel = MessageChannel::new()?;
    for (worker, port) in [(a, channel.port1()), (b, channel.port2())] {
        worker.post_message_with_transfer(&port, &js_sys::Array::of1(&port))?;
    }
    Ok(())
}

/// The worker's side: says hello to the page, and through the port, when it comes, to the other worker,
/// whose greeting is passed on to the page.
pub fn listen(name: &'static str) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let page = scope.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(port) = event.data().dyn_into::<MessagePort>() {
            greet(name, &port, &page);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    report(&scope, &format!("{HELLO}{name}"));
}

fn greet(name: &'static str, port: &MessagePort, page: &DedicatedWorkerGlobalScope) {
    let page = page.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            report(&page, &format!("{name} got: {text}"));
        }
    });
    port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    if let Err(error) = port.post_message(&format!("{HELLO}{name}").into()) {
        web_sys::console::error_1(&error);
    }
}

fn report(page: &DedicatedWorkerGlobalScope, text: &str) {
    if let Err(error) = page.post_message(&text.into()) {
        web_sys::console::error_1(&error);
    }
}
