//! The application's root.

use web_sys::Worker;
use yew::prelude::*;

use crate::workers::{self, HELLO};

/// The page.
pub struct App {
    workers: Vec<Worker>,
    said: Vec<String>,
}

/// What happens to the page.
pub enum Msg {
    /// A worker posted a text.
    Said(String),
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let mut said = Vec::new();
        let mut started = Vec::new();
        for name in ["stack", "document"] {
            let link = ctx.link().clone();
            match workers::spawn(name, move |text| link.send_message(Msg::Said(text))) {
                Ok(worker) => started.push(worker),
                Err(error) => said.push(format!("worker {name} did not start: {error:?}")),
            }
        }
        Self {
            workers: started,
            said,
        }
    }

    fn update(&mut self, _ctx: &Context<Self>, msg: Msg) -> bool {
        let Msg::Said(text) = msg;
        self.said.push(text);
        let listening = self
            .said
            .iter()
            .filter(|text| text.starts_with(HELLO))
            .count();
        if let (2, [stack, document]) = (listening, self.workers.as_slice())
            && self.said.len() == 2
            && let Err(error) = workers::join(stack, document)
        {
            self.said
                .push(format!("the workers were not joined: {error:?}"));
        }
        true
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        html! {
            <main data-test="app">
                <h1>{ "Synema" }</h1>
                <ul>{ for self.said.iter().map(|text| html! { <li data-test="said">{ text }</li> }) }</ul>
            </main>
        }
    }
}
