//! The stack's own WebSocket: binary, with the bridge's key in the handshake.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use synema_relay::{SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// What happens to a socket.
#[derive(Debug)]
pub enum SocketEvent {
    /// It stands.
    Opened,
    /// A message came.
    Message(Vec<u8>),
    /// A text came; the relay knows none.
    Text,
    /// It is gone, or never came to be.
    Closed {
        /// The WebSocket's close code; 1006 when there was no closing handshake.
        code: u16,
        /// What the other end said.
        reason: String,
    },
}

/// The browser calls them as long as they live.
type Handlers = (
    Closure<dyn FnMut(Event)>,
    Closure<dyn FnMut(MessageEvent)>,
    Closure<dyn FnMut(CloseEvent)>,
);

/// An open socket; closed when dropped, after which nothing more is heard of it.
pub struct Socket {
    socket: WebSocket,
    _handlers: Handlers,
}

impl Socket {
    /// Opens a socket; `on_event` is called for all that happens to it. The key goes as a
    /// subprotocol: a header, which is in no URL, so in no history and no log.
    ///
    /// # Errors
    /// When the browser refuses: a malformed URL or key, or a policy against it.
    pub fn open(
        url: &str,
        token: &str,
        on_event: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let offered = Array::of2(
            &SUBPROTOCOL.into(),
            &format!("{TOKEN_SUBPROTOCOL_PREFIX}{token}").into(),
        );
        let socket = WebSocket::new_with_str_sequence(url, &offered)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let tell = on_event.clone();
        let opened = Closure::<dyn FnMut(Event)>::new(move |_| tell(SocketEvent::Opened));
        let tell = on_event.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            tell(match event.data().dyn_into::<ArrayBuffer>() {
                Ok(buffer) => SocketEvent::Message(Uint8Array::new(&buffer).to_vec()),
                Err(_) => SocketEvent::Text,
            });
        });
        let closed = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on_event(SocketEvent::Closed {
                code: event.code(),
                reason: event.reason(),
            });
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            _handlers: (opened, message, closed),
        })
    }

    /// Sends a message. A socket that is closing loses it, as a wire would.
    pub fn send(&self, message: &[u8]) -> bool {
        self.socket.send_with_u8_array(message).is_ok()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing twice is no error; with the default code there is none at all.
        let _ = self.socket.close();
    }
}
