//! How the page was opened: the bridge's key, the session before a reload, theme and language.
//!
//! The key comes in the URL's fragment, which no browser sends to a server. It is taken out of the
//! address bar at once, so that a link that is copied from there opens nothing, and kept for
//! reloads of this tab alone.

use super::state::{Entry, Theme};
use crate::protocol::EXPERIMENT_KEY;
use synema_diagram::link::KEY;
use synema_diagram::words::Language;
use synema_relay::{RELAY_PATH, SessionId};
use wasm_bindgen::JsValue;
use web_sys::{Storage, Window};

/// `#token=…&experiments`
const EXPERIMENTS: &str = "experiments";
const TOKEN: &str = "synema-token";
const SESSION: &str = "synema-session";
const THEME: &str = "synema-theme";
const LANGUAGE: &str = "synema-language";

/// No more of a link is looked at: a page's own address line holds no more either.
const LONGEST: usize = 2 << 20;

/// The document in the link that this page was opened with; it stays in the address bar, so that a
/// reload shows it again.
pub fn link() -> Option<String> {
    link_of(&web_sys::window()?.location().hash().ok()?)
}

/// The document in `#d=…`.
fn link_of(hash: &str) -> Option<String> {
    let text = hash.trim_start_matches('#').strip_prefix(KEY)?;
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.to_owned())
}

/// The experiment in the link that this page was opened with.
pub fn experiment() -> Option<String> {
    let hash = web_sys::window()?.location().hash().ok()?;
    let is_one = hash.len() <= LONGEST && hash[1.min(hash.len())..].starts_with(EXPERIMENT_KEY);
    is_one.then_some(hash)
}

/// Puts a fragment into the address bar: a reload shows the same again.
pub fn put_into_address(fragment: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let Ok(history) = window.history() else {
        return;
    };
    if fragment.is_empty() {
        hide_fragment(&window);
        return;
    }
    // A browser that is asked too often refuses: then the address is that of a moment ago.
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{fragment}")));
}

/// Whether the reader's system asks for nothing to move.
pub fn wants_stillness() -> bool {
    let window = web_sys::window();
    let query = window.and_then(|window| {
        let query = window.match_media("(prefers-reduced-motion: reduce)");
        query.ok().flatten()
    });
    query.is_some_and(|query| query.matches())
}

/// Takes the document out of the address bar: another one is shown.
pub fn forget_link() {
    let is_there = link().is_some() || experiment().is_some();
    if let (true, Some(window)) = (is_there, web_sys::window()) {
        hide_fragment(&window);
    }
}

/// Where this page is, without its fragment.
pub fn home() -> String {
    let Some(window) = web_sys::window() else {
        return String::new();
    };
    let location = window.location();
    let (origin, path) = (location.origin(), location.pathname());
    format!("{}{}", origin.unwrap_or_default(), path.unwrap_or_default())
}

/// Whether who brings a key asks for the experiments all the same, as the demo does. To be asked
/// before [`find`], which hides it.
pub fn wants_experiments() -> bool {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    hash.is_some_and(|hash| hash.split('&').any(|part| part == EXPERIMENTS))
}

/// Where a file is that comes with the page: in the folder of its script.
pub fn beside(name: &str) -> String {
    let script = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector("script[src]").ok()?)
        .and_then(|script| script.get_attribute("src"));
    in_folder_of(&script.unwrap_or_default(), name)
}

fn in_folder_of(script: &str, name: &str) -> String {
    let folder = script.rsplit_once('/').map_or("", |(folder, _)| folder);
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// How the bridge behind this page is reached; none without a key.
pub fn find() -> Option<Entry> {
    let window = web_sys::window()?;
    let given = token_of(&window.location().hash().ok()?);
    let storage = session_storage(&window);
    if let (Some(token), Some(storage)) = (&given, &storage)
        && storage.set_item(TOKEN, token).is_ok()
    {
        hide_fragment(&window);
    }
    let remembered = |key: &str| {
        storage
            .as_ref()
            .and_then(|storage| storage.get_item(key).ok()?)
    };
    let token = given.clone().or_else(|| remembered(TOKEN))?;
    let session = remembered(SESSION)
        .filter(|_| given.is_none())
        .and_then(|text| session_of(&text));
    Some(Entry {
        url: relay_url(&window)?,
        token,
        session,
    })
}

/// Whether the address bar holds a key now.
pub fn is_given() -> bool {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    hash.is_some_and(|hash| token_of(&hash).is_some())
}

/// Keeps the session's id for a reload of this tab.
pub fn remember(session: SessionId) {
    let text: String = session.0.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(storage) = web_sys::window().as_ref().and_then(session_storage) {
        // A full or forbidden storage only means that a reload begins anew.
        let _ = storage.set_item(SESSION, &text);
    }
}

/// The theme that was chosen before, or the system's.
pub fn theme() -> Theme {
    let Some(window) = web_sys::window() else {
        return Theme::Light;
    };
    let kept = local_storage(&window).and_then(|storage| storage.get_item(THEME).ok()?);
    match kept.as_deref() {
        Some("dark") => Theme::Dark,
        Some("light") => Theme::Light,
        _ => system_theme(&window),
    }
}

/// Keeps the choice of theme; the system's own needs no keeping.
pub fn keep_theme(theme: Theme) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let is_system = system_theme(&window) == theme;
    if let Some(storage) = local_storage(&window) {
        // A full or forbidden storage only means that the choice is not remembered.
        let _ = if is_system {
            storage.remove_item(THEME)
        } else {
            storage.set_item(THEME, theme.name())
        };
    }
}

/// The language that was chosen before, or the first of the browser's that is spoken here.
pub fn language() -> Language {
    let Some(window) = web_sys::window() else {
        return Language::default();
    };
    let kept = local_storage(&window).and_then(|storage| storage.get_item(LANGUAGE).ok()?);
    let kept = kept.and_then(|tag| Language::of_tag(&tag));
    let wanted = window.navigator().languages();
    let mut wanted = wanted.iter().filter_map(|tag| tag.as_string());
    kept.or_else(|| wanted.find_map(|tag| Language::of_tag(&tag)))
        .unwrap_or_default()
}

/// Keeps the choice of language.
pub fn keep_language(language: Language) {
    if let Some(storage) = web_sys::window().as_ref().and_then(local_storage) {
        // A full or forbidden storage only means that the choice is not remembered.
        let _ = storage.set_item(LANGUAGE, language.code());
    }
}

fn system_theme(window: &Window) -> Theme {
    match window.match_media("(prefers-color-scheme: dark)") {
        Ok(Some(query)) if query.matches() => Theme::Dark,
        _ => Theme::Light,
    }
}

fn session_storage(window: &Window) -> Option<Storage> {
    window.session_storage().ok()?
}

fn local_storage(window: &Window) -> Option<Storage> {
    window.local_storage().ok()?
}

fn hide_fragment(window: &Window) {
    let location = window.location();
    let (Ok(path), Ok(search), Ok(history)) =
        (location.pathname(), location.search(), window.history())
    else {
        return;
    };
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{search}")));
}

fn relay_url(window: &Window) -> Option<String> {
    let location = window.location();
    let scheme = match location.protocol().ok()?.as_str() {
        "https:" => "wss",
        "http:" => "ws",
        _ => return None,
    };
    Some(format!("{scheme}://{}{RELAY_PATH}", location.host().ok()?))
}

/// The key in `#token=…`; only of characters that a WebSocket subprotocol may have.
fn token_of(hash: &str) -> Option<String> {
    let mut parts = hash.trim_start_matches('#').split('&');
    let token = parts.find_map(|part| part.strip_prefix("token="))?;
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!token.is_empty() && token.len() <= 256 && token.chars().all(is_good))
        .then(|| token.to_owned())
}

fn session_of(text: &str) -> Option<SessionId> {
    let mut id = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(SessionId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_for_beside_the_script() {
        assert_eq!(in_folder_of("start-page.js", "samples/a"), "samples/a");
        assert_eq!(in_folder_of("3f0c/start-page.js", "b.js"), "3f0c/b.js");
    }

    #[test]
    fn the_key_is_found_in_the_fragment_and_nothing_else_is_taken_for_one() {
        assert_eq!(token_of("#token=aB3-_x").as_deref(), Some("aB3-_x"));
        assert_eq!(token_of("#view=1&token=k").as_deref(), Some("k"));
        for bad in [
            "",
            "#",
            "#token=",
            "#token=a b",
            "#token=a,b",
            "#tokens=a",
            "#token=\u{e9}",
        ] {
            assert_eq!(token_of(bad), None, "{bad}");
        }
        assert_eq!(token_of(&format!("#token={}", "a".repeat(257))), None);
    }

    #[test]
    fn a_document_is_found_in_the_fragment_and_a_key_never() {
        assert_eq!(link_of("#d=abc-_").as_deref(), Some("abc-_"));
        for none in [
            "",
            "#",
            "#d=",
            "#ladder",
            "#token=secret",
            "#token=secret&d=abc",
        ] {
            assert_eq!(link_of(none), None, "{none}");
        }
        assert_eq!(link_of(&format!("#d={}", "a".repeat(LONGEST + 1))), None);
        assert_eq!(token_of("#d=token=abc"), None);
    }

    #[test]
    fn a_session_survives_its_text() {
        let text = "000102030405060708090a0b0c0d0eff";
        let id = session_of(text).expect("32 digits");
        assert_eq!(id.0[15], 0xff);
        assert_eq!(session_of("xyz"), None);
        assert_eq!(session_of(&"é".repeat(16)), None);
    }
}
