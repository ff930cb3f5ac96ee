//! The page for any web host: `dist/`, to be put below any path, with no bridge behind it.
//!
//! ```text
//!   dist/index.html          the one name that stays
//!   dist/3f0c…/              all the rest, in a folder named after what is in it
//! ```
//!
//! Hosts let browsers keep files as they like. As no two versions share a folder, a new page never
//! meets an old stack.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use crate::{
    house::House,
    site::{self, Speed},
};

/// The page's first file.
const INDEX: &str = "index.html";

/// Builds the page and puts it into `dist/`.
///
/// # Errors
/// When the page cannot be built, or a file cannot be written.
pub(crate) fn run(house: &House) -> anyhow::Result<()> {
    let site = site::build(house, Speed::Page)?;
    let dist = house.root().join("dist");
    assemble(&site, &dist)?;
    println!(
        "{} can be put on any web host, below any path. Whoever opens it there needs nothing else: \
         experiments, captures and sharing work without a bridge.",
        dist.display()
    );
    Ok(())
}

/// Makes `dist` of a page that has been built. What was there before is replaced.
///
/// # Errors
/// When a file cannot be read or written, or the first one does not name those that it needs.
pub(crate) fn assemble(site: &Path, dist: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    list(site, Path::new(""), &mut files)?;
    files.sort();
    let version = version(site, &files)?;

    site::remove(dist)?;
    let folder = dist.join(&version);
    site::copy_folder(site, &folder)?;
    let moved = folder.join(INDEX);
    let index = fs::read_to_string(&moved).with_context(|| cannot("read", &moved))?;
    fs::remove_file(&moved).with_context(|| cannot("remove", &moved))?;
    let first = dist.join(INDEX);
    fs::write(&first, leading_into(&version, &index, &files)?)
        .with_context(|| cannot("write", &first))
}

/// The index, with what it names looked for in the folder.
fn leading_into(folder: &str, index: &str, files: &[PathBuf]) -> anyhow::Result<String> {
    let mut text = index.to_owned();
    for attribute in ["href", "src"] {
        text = text.replace(
            &format!("{attribute}=\""),
            &format!("{attribute}=\"{folder}/"),
        );
    }
    let named: Vec<_> = text
        .split('"')
        .filter_map(|it| it.strip_prefix(folder))
        .collect();
    ensure!(!named.is_empty(), "{INDEX} names no file");
    for name in named {
        let name = name.trim_start_matches('/');
        ensure!(
            files.iter().any(|file| file == Path::new(name)),
            "{INDEX} names {name}, which is not there"
        );
    }
    Ok(text)
}

/// Eight bytes in hexadecimal that change with every file's name and content.
fn version(site: &Path, files: &[PathBuf]) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    for file in files {
        let path = site.join(file);
        let bytes = fs::read(&path).with_context(|| cannot("read", &path))?;
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update(bytes.len().to_be_bytes());
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    Ok(digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// All files below a folder, by their names from `site` on.
fn list(site: &Path, below: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let folder = site.join(below);
    for entry in fs::read_dir(&folder).with_context(|| cannot("read", &folder))? {
        let entry = entry.with_context(|| cannot("read", &folder))?;
        let name = below.join(entry.file_name());
        if entry
            .file_type()
            .with_context(|| cannot("read", &folder))?
            .is_dir()
        {
            list(site, &name, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site_with(script: &str) -> tempfile::TempDir {
        let site = tempfile::tempdir().expect("a folder of the test's own");
        let index = r#"<link href="style.css"><script src="start.js"></script>"#;
        fs::create_dir(site.path().join("icons")).expect("it is empty");
        for (name, text) in [
            (INDEX, index),
            ("style.css", "a{}"),
            ("start.js", script),
            ("icons/a", "i"),
        ] {
            fs::write(site.path().join(name), text).expect("the folder is there");
        }
        site
    }

    #[test]
    fn another_content_is_another_folder_and_nothing_old_stays() {
        let dist = tempfile::tempdir().expect("a folder of the test's own");
        let mut folders = Vec::new();
        for script in ["one", "two"] {
            assemble(site_with(script).path(), dist.path()).expect("it is all there");
            let text = fs::read_to_string(dist.path().join(INDEX)).expect("it was written");
            let (_, rest) = text.split_once("src=\"").expect("the script is named");
            let (folder, rest) = rest.split_once('/').expect("in a folder");
            assert!(rest.starts_with("start.js\""), "{rest}");
            let started = fs::read_to_string(dist.path().join(folder).join("start.js"));
            assert_eq!(started.expect("it is where the index says"), script);
            assert!(dist.path().join(folder).join("icons/a").is_file());
            assert_eq!(fs::read_dir(dist.path()).expect("it is there").count(), 2);
            folders.push(folder.to_owned());
        }
        assert_ne!(folders[0], folders[1]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let site = site_with("");
        fs::remove_file(site.path().join("style.css")).expect("it was written");
        let dist = tempfile::tempdir().expect("a folder of the test's own");
        let error = assemble(site.path(), dist.path()).expect_err("it must not pass");
        assert_eq!(
            error.to_string(),
            "index.html names style.css, which is not there"
        );
    }
}
