//! The page: the Yew application.

fn main() {
    console_error_panic_hook::set_once();
    yew::Renderer::<synema_web::page::App>::new().render();
}
