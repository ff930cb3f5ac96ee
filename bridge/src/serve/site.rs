//! The page's files, read once into memory: a request can name only what is there.

use crate::error::{Exit, Failure};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The whole site may have so many bytes.
const MAX_BYTES: u64 = 256 << 20;
/// And so many files.
const MAX_FILES: usize = 4096;
/// And folders so deep.
const MAX_DEPTH: usize = 16;

/// One file of the site.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Bytes,
    /// Its media type.
    pub media_type: &'static str,
}

/// The built page.
#[derive(Clone, Debug, Default)]
pub struct Site {
    assets: BTreeMap<String, Asset>,
}

impl Site {
    /// Finds the site (`told`, else `$SYNEMA_SITE`, else `site` beside the program or beside
    /// the program's folder, as `target/site` is) and reads it. The current folder is never
    /// asked: it may be somebody else's, and the page is given the token.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn find(told: Option<&Path>) -> Result<Self, Failure> {
        let explicit = told
            .map(Path::to_path_buf)
            .or_else(|| env::var_os("SYNEMA_SITE").map(PathBuf::from));
        let candidates = explicit.map_or_else(usual_places, |path| vec![path]);
        let Some(root) = candidates
            .iter()
            .find(|path| path.join("index.html").is_file())
        else {
            let places: Vec<_> = candidates.iter().map(|p| p.display().to_string()).collect();
            return Err(Failure::new(
                Exit::LocalIo,
                format!("no built page (index.html) is in {}", places.join(" or ")),
                "build it with `cargo xtask build`, or say with --www where it is",
            ));
        };
        Self::read(root).map_err(|error| {
            Failure::new(
                Exit::LocalIo,
                format!("the page in {} cannot be read: {error}", root.display()),
                "build it anew with `cargo xtask build`",
            )
        })
    }

    /// Reads every file below `root`. Symbolic links are not followed.
    ///
    /// # Errors
    /// What the system said, or that there is too much.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut site = Self::default();
        let mut left = MAX_BYTES;
        site.read_folder(root, "", 0, &mut left)?;
        Ok(site)
    }

    /// The file under a request's path; `/` is the page.
    pub fn asset(&self, path: &str) -> Option<&Asset> {
        let name = path.strip_prefix('/')?;
        let name = if name.is_empty() { "index.html" } else { name };
        self.assets.get(name)
    }

    fn read_folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        left: &mut u64,
    ) -> io::Result<()> {
        let too_much = || io::Error::new(io::ErrorKind::FileTooLarge, "it has too many files");
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_dir() && depth < MAX_DEPTH {
                let prefix = format!("{prefix}{name}/");
                self.read_folder(&entry.path(), &prefix, depth + 1, left)?;
            } else if kind.is_file() {
                let size = entry.metadata()?.len();
                *left = left.checked_sub(size).ok_or_else(too_much)?;
                if self.assets.len() >= MAX_FILES {
                    return Err(too_much());
                }
                let asset = Asset {
                    bytes: fs::read(entry.path())?.into(),
                    media_type: media_type(&name),
                };
                self.assets.insert(format!("{prefix}{name}"), asset);
            }
        }
        Ok(())
    }
}

fn usual_places() -> Vec<PathBuf> {
    let Ok(program) = env::current_exe() else {
        return Vec::new();
    };
    program
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("site"))
        .collect()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("synema-site-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("pkg")).expect("a folder for the test");
        path
    }

    #[test]
    fn only_what_is_there_can_be_named() {
        let root = folder("named");
        fs::write(root.join("index.html"), "<!doctype html>").expect("written");
        fs::write(root.join("pkg/app.wasm"), [0, 0x61]).expect("written");
        let site = Site::find(Some(&root)).expect("it has a page");
        fs::remove_dir_all(&root).expect("removed");
        let page = site.asset("/").expect("the page");
        assert_eq!(page.media_type, "text/html; charset=utf-8");
        let wasm = site.asset("/pkg/app.wasm").expect("the program");
        assert_eq!(wasm.media_type, "application/wasm");
        for path in [
            "",
            "index.html",
            "/../etc/passwd",
            "/pkg/../index.html",
            "//index.html",
            "/pkg",
            "/pkg/",
            "/%2e%2e/etc/passwd",
        ] {
            assert!(site.asset(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_missing_page_is_said_to_be_missing() {
        let root = folder("missing");
        let failure = Site::find(Some(&root)).expect_err("no index.html");
        fs::remove_dir_all(&root).expect("removed");
        assert_eq!(failure.exit, Exit::LocalIo);
        assert!(failure.cause.contains("index.html"), "{}", failure.cause);
    }
}
