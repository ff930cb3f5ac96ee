//! Where things are, and how cargo and rustup are called.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use cargo_metadata::{Metadata, MetadataCommand};

/// The workspace, as `cargo metadata` describes it.
pub(crate) struct House {
    /// The whole description, without dependencies from elsewhere.
    pub(crate) metadata: Metadata,
}

impl House {
    /// Finds the workspace that this program was built from.
    ///
    /// # Errors
    /// When `cargo metadata` fails.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata could not describe the workspace")?;
        Ok(Self { metadata })
    }

    /// The checkout's first folder.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo puts what it builds (`CARGO_TARGET_DIR` is honoured).
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Where the page is put together.
    pub(crate) fn site(&self) -> PathBuf {
        self.target().join("site")
    }

    /// A `cargo` command, in the workspace's root.
    pub(crate) fn cargo_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(self.root());
        command
    }

    /// Runs cargo to its end, its output shown.
    ///
    /// # Errors
    /// When cargo does not start or does not succeed.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> anyhow::Result<()> {
        run(&mut self.cargo_command(arguments))
    }

    /// Adds a compilation target with rustup, when it is missing.
    ///
    /// # Errors
    /// When it is missing and there is no rustup to add it, or rustup fails.
    pub(crate) fn need_target(&self, target: &str) -> anyhow::Result<()> {
        let output = Command::new("rustc")
            .args(["--print", "target-libdir", "--target", target])
            .current_dir(self.root())
            .output()
            .context("rustc does not start")?;
        let folder = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && Path::new(folder.trim()).is_dir() {
            return Ok(());
        }
        eprintln!("adding the target {target} with rustup");
        run(Command::new("rustup")
            .args(["target", "add", target])
            .current_dir(self.root()))
        .with_context(|| format!("the Rust target {target} is missing; install it and try again"))
    }
}

/// Runs a command to its end, its output shown.
///
/// # Errors
/// When it does not start or does not succeed; the message holds the command.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{} does not start", command.get_program().display()))?;
    if !status.success() {
        bail!("{} failed ({status})", spelled(command));
    }
    Ok(())
}

/// A command as one would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// Whether a program can be started by its name, or lies where administrators' programs do.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders =
        env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/snap/bin"].map(PathBuf::from));
    folders
        .map(|folder| folder.join(program))
        .any(|file| file.is_file())
}
