//! Where files come from: the bridge's folder, or one in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A folder of files, to be looked into and read from.
///
/// Paths are lists of names, none of which is empty, `.` or `..`, begins with a
/// dot, or holds a slash, a backslash or a NUL: what a name means is judged before.
pub trait Directory {
    /// A file that is being read. Dropping it closes it.
    type File;

    /// What is at a path; the empty one is the folder itself.
    ///
    /// # Errors
    /// When there is nothing, or it may not be shown.
    fn find(&mut self, path: &[String]) -> Result<Found<Self::File>, NotFound>;

    /// Reads bytes from `offset` on; answers how many, zero at the end.
    ///
    /// # Errors
    /// When it cannot be read any more.
    fn read(
        &mut self,
        file: &mut Self::File,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize, Unreadable>;
}

/// What is at a path.
#[derive(Debug)]
pub enum Found<F> {
    /// A file.
    File {
        /// To be read from.
        file: F,
        /// Its length, bytes.
        len: u64,
        /// When it was changed, nanoseconds since 1970, if that is known.
        modified_ns: Option<u64>,
    },
    /// A folder.
    Folder(Vec<Listed>),
}

/// One line of a folder's list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
    /// A file's length, bytes.
    pub len: u64,
}

/// Why nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// There is nothing.
    Nothing,
    /// It may not be read, or leads out of the folder.
    Forbidden,
}

/// A file could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A folder in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory {
    /// By their paths.
    files: BTreeMap<Vec<String>, MemoryFile>,
}

/// A file in memory.
#[derive(Clone, Debug)]
pub struct MemoryFile {
    bytes: Arc<[u8]>,
    modified_ns: Option<u64>,
}

impl MemoryDirectory {
    /// An empty folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file at a path such as `a/b.html`; folders come into being.
    #[must_use]
    pub fn with_file(
        mut self,
        path: &str,
        bytes: impl Into<Arc<[u8]>>,
        modified_ns: Option<u64>,
    ) -> Self {
        let names = path.split('/').map(str::to_owned).collect();
        let bytes = bytes.into();
        self.files.insert(names, MemoryFile { bytes, modified_ns });
        self
    }

    /// The names right below a folder; `None` if there is no such folder.
    fn list(&self, folder: &[String]) -> Option<Vec<Listed>> {
        let below = |(path, file): (&Vec<String>, &MemoryFile)| {
            let (name, deeper) = path.strip_prefix(folder)?.split_first()?;
            Some(Listed {
                name: name.clone(),
                is_folder: !deeper.is_empty(),
                len: if deeper.is_empty() {
                    file.bytes.len() as u64
                } else {
                    0
                },
            })
        };
        let mut listed: Vec<Listed> = self.files.iter().filter_map(below).collect();
        listed.dedup();
        (!listed.is_empty() || folder.is_empty()).then_some(listed)
    }
}

impl Directory for MemoryDirectory {
    type File = MemoryFile;

    fn find(&mut self, path: &[String]) -> Result<Found<MemoryFile>, NotFound> {
        if let Some(file) = self.files.get(path) {
            return Ok(Found::File {
                file: file.clone(),
                len: file.bytes.len() as u64,
                modified_ns: file.modified_ns,
            });
        }
        self.list(path).map(Found::Folder).ok_or(NotFound::Nothing)
    }

    fn read(
        &mut self,
        file: &mut MemoryFile,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize, Unreadable> {
        let start = usize::try_from(offset).map_err(|_| Unreadable)?;
        let rest = file.bytes.get(start..).unwrap_or_default();
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}
