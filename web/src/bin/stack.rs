//! The stack's worker.

fn main() {
    console_error_panic_hook::set_once();
    synema_web::workers::listen("stack");
}
