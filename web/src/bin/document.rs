//! The document's worker.

fn main() {
    synema_web::document::start();
}
