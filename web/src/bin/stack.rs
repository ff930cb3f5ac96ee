//! The stack's worker.

fn main() {
    synema_web::stack::start();
}
