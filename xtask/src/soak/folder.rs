//! Where the files of a soak are, and stay when something is to be looked at.

use std::{env, fs, path::PathBuf, process};

use anyhow::Context;

/// A folder of files, gone with it.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new one for this program.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(name: &str) -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("synema-{name}-{}", process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Moves what is there to a place where it stays.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub(super) fn keep(&self) -> anyhow::Result<PathBuf> {
        let kept = self.0.with_extension("kept");
        fs::rename(&self.0, &kept).with_context(|| format!("cannot make {}", kept.display()))?;
        Ok(kept)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What was kept is not there any more.
        let _ = fs::remove_dir_all(&self.0);
    }
}
