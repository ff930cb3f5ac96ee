//! The captures that come with the page, for who has none at hand, and how they are got.

use super::{entry, state::Action};
use crate::post;
use crate::protocol::{FromDocument, ToDocument};
use crate::words::{Word, Words, fill};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Response, Worker};
use yew::Callback;

/// A capture that comes with the page.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its file's name below `samples/`.
    pub file: &'static str,
    /// What it shows, in a few words.
    pub title: Word,
}

/// All of them.
pub const SAMPLES: [Sample; 3] = [
    Sample {
        file: "losses.pcapng",
        title: |words| words.sample_losses,
    },
    Sample {
        file: "reset.pcapng",
        title: |words| words.sample_reset,
    },
    Sample {
        file: "google-wget.pcapng",
        title: |words| words.sample_google,
    },
];

/// Gets a sample from where the page came from, and hands it over to the document's worker.
pub fn open(worker: Worker, file: &'static str, act: Callback<Action>) {
    spawn_local(async move {
        match get(file).await {
            Ok(blob) => {
                let name = file.to_owned();
                post::send_with(&worker, &[ToDocument::Open { name }], Some(&blob));
            }
            Err(why) => {
                let why = why.as_string().unwrap_or_else(|| format!("{why:?}"));
                let failed = FromDocument::OpenFailed {
                    name: file.to_owned(),
                    why: fill(Words::of(entry::language()).sample_failed, &[("why", &why)]),
                };
                act.emit(Action::Document(vec![failed]));
            }
        }
    });
}

async fn get(file: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or("no window")?;
    let answer =
        JsFuture::from(window.fetch_with_str(&entry::beside(&format!("samples/{file}")))).await?;
    let answer: Response = answer.dyn_into()?;
    if !answer.ok() {
        return Err(format!("status {}", answer.status()).into());
    }
    let blob: Blob = JsFuture::from(answer.blob()?).await?.dyn_into()?;
    Ok(blob.into())
}
