//! How large an element is, told whenever that changes.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, ResizeObserver};

/// Watches an element as long as it lives.
pub struct Watch {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut()>,
}

impl Watch {
    /// `tell` is given the inner width and height, CSS pixels, at once and at every change.
    /// None where the browser cannot watch.
    pub fn new(element: &HtmlElement, tell: impl Fn(f64, f64) + 'static) -> Option<Self> {
        let watched = element.clone();
        let closure = Closure::<dyn FnMut()>::new(move || {
            tell(
                f64::from(watched.client_width()),
                f64::from(watched.client_height()),
            );
        });
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _closure: closure,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
