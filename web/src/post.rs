//! Messages between the page and its workers: one transferred `ArrayBuffer` each.
//!
//! ```text
//!   [ ArrayBuffer: postcard of Vec<Message> , Blob | MessagePort | File (optional) ]
//! ```
//!
//! A JavaScript array of one or two elements. What is in the buffer is Rust's on
//! both ends; the second element is for what only the browser can carry across.

use crate::broken;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessagePort, Worker};

/// Whoever can be posted to.
pub trait Post {
    /// Posts `message`; what is in `transfer` is handed over, not copied.
    ///
    /// # Errors
    /// When the browser cannot clone or transfer it.
    fn post(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue>;

    /// From now on `on_message` is called with everything that this one posts to us.
    fn listen(&self, on_message: &js_sys::Function);
}

impl Post for Worker {
    fn post(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue> {
        self.post_message_with_transfer(message, transfer)
    }
    fn listen(&self, on_message: &js_sys::Function) {
        self.set_onmessage(Some(on_message));
    }
}

impl Post for DedicatedWorkerGlobalScope {
    fn post(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue> {
        self.post_message_with_transfer(message, transfer)
    }
    fn listen(&self, on_message: &js_sys::Function) {
        self.set_onmessage(Some(on_message));
    }
}

impl Post for MessagePort {
    fn post(&self, message: &JsValue, transfer: &JsValue) -> Result<(), JsValue> {
        self.post_message_with_transferable(message, transfer)
    }
    fn listen(&self, on_message: &js_sys::Function) {
        self.set_onmessage(Some(on_message));
    }
}

/// Posts a batch. What the browser refuses is said on its console: there is nobody else to tell.
pub fn send<T: Serialize>(to: &impl Post, batch: &[T]) {
    send_with(to, batch, None);
}

/// Posts a batch and, copied, what only the browser can carry (a `Blob`, a `File`).
pub fn send_with<T: Serialize>(to: &impl Post, batch: &[T], attached: Option<&JsValue>) {
    let buffer = buffer_of(&encode(batch));
    let message = Array::of1(&buffer);
    if let Some(attached) = attached {
        message.push(attached);
    }
    if let Err(error) = to.post(&message, &Array::of1(&buffer)) {
        web_sys::console::error_1(&error);
    }
}

/// Hands `port` over to a worker, with a batch to say what it is for.
pub fn hand_over<T: Serialize>(to: &impl Post, batch: &[T], port: &MessagePort) {
    let buffer = buffer_of(&encode(batch));
    let message = Array::of2(&buffer, port);
    if let Err(error) = to.post(&message, &Array::of2(&buffer, port)) {
        web_sys::console::error_1(&error);
    }
}

/// Calls `on_batch` with each batch that `from` posts, and with what came along.
/// A message that is not ours is said on the console and otherwise ignored.
pub fn receive<T: DeserializeOwned + 'static>(
    from: &impl Post,
    mut on_batch: impl FnMut(Vec<T>, Option<JsValue>) + 'static,
) {
    let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if broken::is_broken() {
            return;
        }
        match unpack(&event.data()) {
            Some((batch, attached)) => on_batch(batch, attached),
            None => web_sys::console::error_2(
                &"Synema: a message that cannot be read was ignored".into(),
                &event.data(),
            ),
        }
    });
    from.listen(closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The batch's bytes.
pub fn encode<T: Serialize>(batch: &[T]) -> Vec<u8> {
    postcard::to_allocvec(batch)
        .expect("our message types have known lengths and a Vec grows: postcard has no other error")
}

/// The batch from its bytes, if they are one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<Vec<T>> {
    match postcard::take_from_bytes(bytes) {
        Ok((batch, [])) => Some(batch),
        _ => None,
    }
}

/// Bytes as an `ArrayBuffer` of their own.
pub fn buffer_of(bytes: &[u8]) -> ArrayBuffer {
    Uint8Array::from(bytes).buffer()
}

fn unpack<T: DeserializeOwned>(data: &JsValue) -> Option<(Vec<T>, Option<JsValue>)> {
    let message = data.dyn_ref::<Array>()?;
    let buffer: ArrayBuffer = message.get(0).dyn_into().ok()?;
    let batch = decode(&Uint8Array::new(&buffer).to_vec())?;
    let attached = message.get(1);
    Some((batch, (!attached.is_undefined()).then_some(attached)))
}
