//! The page: `web`'s wasm binaries, their JavaScript, and `www`, put together in `target/site`.
//!
//! ```text
//!   cargo build -p synema-web --target wasm32-unknown-unknown    page.wasm, stack.wasm, document.wasm
//!     -> wasm-bindgen, as a library                              {page,stack,document}{.js,_bg.wasm}
//!     -> www/                                                    index.html, style.css, start-*.js, icons
//!     => target/site/
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use cargo_metadata::TargetKind;
use wasm_bindgen_cli_support::Bindgen;

use crate::house::House;

/// The compilation target of everything that runs in the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// How the page is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Slowly, to run fast and load fast: what users get.
    Page,
    /// Quickly, for those who work on it.
    Dev,
}

impl Speed {
    /// From the command line's flag.
    pub(crate) fn of(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Page }
    }

    /// The cargo profile, and the folder below the target's where cargo puts its output.
    fn profile(self) -> (&'static str, &'static str) {
        match self {
            Self::Page => ("page", "page"),
            Self::Dev => ("dev", "debug"),
        }
    }
}

/// Builds the page into `target/site` and returns that folder. What was there before is replaced only
/// when everything has been built.
///
/// # Errors
/// When the target is missing and cannot be added, the crate does not compile, wasm-bindgen refuses a
/// binary, or a file cannot be written.
pub(crate) fn build(house: &House, speed: Speed) -> anyhow::Result<PathBuf> {
    house.need_target(WASM)?;
    let (profile, folder) = speed.profile();
    house.cargo(&[
        "build",
        "-p",
        "synema-web",
        "--target",
        WASM,
        "--profile",
        profile,
    ])?;

    let fresh = house.target().join("site.new");
    remove(&fresh)?;
    copy_folder(&house.root().join("www"), &fresh)?;
    let compiled = house.target().join(WASM).join(folder);
    for name in binaries(house)? {
        bind(&compiled.join(format!("{name}.wasm")), &fresh)?;
    }

    let site = house.site();
    remove(&site)?;
    fs::rename(&fresh, &site).with_context(|| format!("cannot write {}", site.display()))?;
    report(&site)?;
    Ok(site)
}

fn binaries(house: &House) -> anyhow::Result<Vec<&str>> {
    let packages = &house.metadata.packages;
    let web = packages
        .iter()
        .find(|package| *package.name == "synema-web");
    let web = web.context("the workspace has no package synema-web")?;
    let is_binary = |target: &&cargo_metadata::Target| target.kind.contains(&TargetKind::Bin);
    Ok(web
        .targets
        .iter()
        .filter(is_binary)
        .map(|target| target.name.as_str())
        .collect())
}

fn bind(wasm: &Path, site: &Path) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .omit_default_module_path(false)
                .keep_debug(false)
                .typescript(false)
                .generate(site)
        })
        .with_context(|| format!("wasm-bindgen cannot use {}", wasm.display()))
}

/// Removes a folder, if it is there.
///
/// # Errors
/// When it is there and stays.
pub(crate) fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(cannot)?;
    for entry in fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let target = to.join(entry.file_name());
        if entry.file_type().with_context(cannot)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(cannot)?;
        }
    }
    Ok(())
}

fn report(site: &Path) -> anyhow::Result<()> {
    let mut bytes = 0;
    for entry in fs::read_dir(site)? {
        bytes += entry?.metadata()?.len();
    }
    println!("the page is in {} ({} kB)", site.display(), bytes / 1000);
    Ok(())
}
