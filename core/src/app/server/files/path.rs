//! The path of a request, taken apart and judged: nothing that is not below the
//! folder gets any further.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Longest path, in names.
const MAX_DEPTH: usize = 64;

/// What may not stand as it is in a path's segment (RFC 3986 §3.3), and what
/// HTML would misread.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path below the served folder: names that are each one file's or folder's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) names: Vec<String>,
    /// It ended with a slash: a folder is meant.
    pub(super) is_folder: bool,
}

/// Why a path is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathError {
    /// It breaks the grammar, or tries to leave the folder.
    Bad,
    /// It names what is not shown: a name that begins with a dot.
    Hidden,
}

impl Path {
    /// Takes a request target apart (RFC 9112 §3.2): `/a/b?query`, or the same
    /// after `http://host`.
    pub(super) fn parse(target: &str) -> Result<Self, PathError> {
        let after_scheme = target
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("http://"))
            .map(|_| &target[7..]);
        let origin_form = match after_scheme {
            Some(rest) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
            None => target,
        };
        let end = origin_form.find(['?', '#']).unwrap_or(origin_form.len());
        let path = &origin_form[..end];
        let path = if path.is_empty() { "/" } else { path };
        let below = path.strip_prefix('/').ok_or(PathError::Bad)?;
        let mut names = Vec::new();
        for segment in below.split('/').filter(|segment| !segment.is_empty()) {
            if names.len() == MAX_DEPTH {
                return Err(PathError::Bad);
            }
            names.push(name(segment)?);
        }
        let is_folder = below.is_empty() || below.ends_with('/');
        Ok(Self { names, is_folder })
    }

    /// The path as it is written in a URL, with a slash at the end.
    pub(super) fn as_folder_url(&self) -> String {
        let mut url = String::from("/");
        for name in &self.names {
            url.push_str(&encoded(name));
            url.push('/');
        }
        url
    }
}

/// One name, decoded once.
fn name(segment: &str) -> Result<String, PathError> {
    let decoded = percent_decode_str(segment).decode_utf8();
    let name = decoded.map_err(|_| PathError::Bad)?.into_owned();
    // Whatever may separate names on any system, and what steps out of the folder.
    if name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err(PathError::Bad);
    }
    if name.starts_with('.') {
        return Err(PathError::Hidden);
    }
    Ok(name)
}

/// A name as it is written in a URL.
pub(super) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(target: &str) -> Result<Vec<String>, PathError> {
        Path::parse(target).map(|path| path.names)
    }

    #[test]
    fn paths_are_taken_apart_and_decoded_once() {
        assert_eq!(names("/"), Ok(vec![]));
        assert_eq!(
            names("/a/b%20c.txt?d=/e"),
            Ok(vec!["a".into(), "b c.txt".into()])
        );
        assert_eq!(names("http://host/a"), Ok(vec!["a".into()]));
        assert_eq!(names("HTTP://host"), Ok(vec![]));
        assert_eq!(
            names("//evil.test//a"),
            Ok(vec!["evil.test".into(), "a".into()])
        );
        assert_eq!(names("/%2541"), Ok(vec!["%41".into()]));
        assert_eq!(names("/h%C3%A9"), Ok(vec!["hé".into()]));
        assert!(Path::parse("/a/").unwrap().is_folder);
        assert!(!Path::parse("/a").unwrap().is_folder);
    }

    #[test]
    fn no_way_leads_out_of_the_folder() {
        for target in [
            "/..",
            "/../etc/passwd",
            "/a/../../b",
            "/%2e%2e/a",
            "/%2E%2e",
            "/a/%2e",
            "/..%2fa",
            "/a%2fb",
            "/a%5cb",
            "/..\\a",
            "/a%00",
            "/%ff",
            "a",
            "*",
            "../a",
            "http:/../a",
        ] {
            assert_eq!(names(target), Err(PathError::Bad), "{target}");
        }
        let deep = "/a".repeat(MAX_DEPTH + 1);
        assert_eq!(names(&deep), Err(PathError::Bad));
        assert_eq!(names("/.git/config"), Err(PathError::Hidden));
        assert_eq!(names("/%2ehtaccess"), Err(PathError::Hidden));
    }

    #[test]
    fn a_redirect_stays_on_this_server() {
        let path = Path::parse("//evil.test/\"b<c").unwrap();
        assert_eq!(path.as_folder_url(), "/evil.test/%22b%3Cc/");
    }

    proptest! {
        /// Whatever is asked for, only good names get through, and they are written
        /// so that they come back the same.
        #[test]
        fn names_that_get_through_are_good(target in "(/|%2e|%2f|\\.|%5c|[a-z é%?#:@]|\\PC){0,24}") {
            let Ok(path) = Path::parse(&target) else { return Ok(()) };
            for name in &path.names {
                prop_assert!(!name.is_empty() && !name.starts_with('.'), "{name:?}");
                prop_assert!(!name.contains(['/', '\\', '\0']), "{name:?}");
            }
            let again = Path::parse(&path.as_folder_url());
            prop_assert_eq!(again.map(|path| path.names), Ok(path.names));
        }
    }
}
