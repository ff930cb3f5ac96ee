//! The browser's clock, as nanoseconds.

use synema_core::time::Instant;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Performance};

/// `performance.now()` of a worker: monotonic, since the worker began.
#[derive(Clone, Debug)]
pub struct Clock(Performance);

impl Clock {
    /// The clock of this worker.
    ///
    /// # Errors
    /// When there is none, or this is no worker.
    pub fn of_worker() -> Result<Self, JsValue> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
        scope
            .performance()
            .map(Self)
            .ok_or_else(|| JsValue::from_str("this browser has no performance.now()"))
    }

    /// Now. Browsers round it to 5 to 100 µs.
    pub fn now(&self) -> Instant {
        // Milliseconds since the worker began fit into 53 bits of nanoseconds for 104 days.
        Instant::from_nanos((self.0.now() * 1e6) as u64)
    }
}
