//! A file's name for what came from a URL.

/// The last part of the path, of harmless characters only; `index` where there is none.
pub fn of_url(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or("");
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let last = match path.split_once('/') {
        Some((_, path)) => path.rsplit('/').next().unwrap_or(""),
        None => "",
    };
    let name: String = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(80)
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        "index".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::of_url;

    #[test]
    fn names_are_harmless() {
        for (url, name) in [
            ("http://www.lab.test/", "index"),
            ("http://www.lab.test", "index"),
            ("http://www.lab.test/a/1mb.bin?x=/y", "1mb.bin"),
            ("http://www.lab.test/..%2f..%2fetc", "2f..2fetc"),
            ("http://h/.bashrc", "bashrc"),
            ("", "index"),
        ] {
            assert_eq!(of_url(url), name, "{url}");
        }
    }
}
