//! The page: the Yew application.

fn main() {
    synema_web::page::start();
}
