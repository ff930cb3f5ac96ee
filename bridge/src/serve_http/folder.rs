//! The folder that is served: opened once, and nothing outside of it is ever reached.
//!
//! On Linux the kernel itself keeps every path below the folder (`openat2` with
//! `RESOLVE_BENEATH`), whatever is moved or linked meanwhile; elsewhere a path is made
//! canonical and compared.

use crate::error::{Exit, Failure};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use synema_core::app::server::files::{Directory, Found, Listed, NotFound, Unreadable};

/// A list shows no more.
const MAX_LISTED: usize = 10_000;

/// A folder of this machine.
#[derive(Debug)]
pub struct Folder {
    root: File,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// When it is not there, is no folder, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let failed = |what: &str, next: &str| {
            Failure::new(Exit::LocalIo, format!("the folder {shown} {what}"), next)
        };
        let path = fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("does not exist", "name one that does"),
            _ => failed(&format!("cannot be opened: {error}"), "look at its rights"),
        })?;
        if !path.is_dir() {
            return Err(failed(
                "is not a folder",
                "name the folder that holds the files",
            ));
        }
        let root = File::open(&path);
        let folder = root.and_then(|root| fs::read_dir(&path).map(|_| Self { root, path }));
        folder.map_err(|error| {
            failed(
                &format!("cannot be read: {error}"),
                "look at its rights, or serve another one",
            )
        })
    }

    /// Whether it can still be read, by who we are now.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), Failure> {
        fs::read_dir(&self.path).map(drop).map_err(|error| {
            Failure::new(
                Exit::LocalIo,
                format!(
                    "the folder {} cannot be read once privileges are dropped: {error}",
                    self.path.display()
                ),
                "make it readable for the user that serves it",
            )
        })
    }

    #[cfg(target_os = "linux")]
    fn open_below(&self, below: &Path) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        let below = match below.as_os_str().is_empty() {
            true => Path::new("."),
            false => below,
        };
        // A pipe that somebody left there must not make us wait.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(&self.root, below, flags, Mode::empty(), resolve)?.into())
    }

    #[cfg(not(target_os = "linux"))]
    fn open_below(&self, below: &Path) -> io::Result<File> {
        let path = fs::canonicalize(self.path.join(below))?;
        if !path.starts_with(&self.path) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        File::open(path)
    }

    /// The names in an open folder that can be served.
    fn list(&self, below: &Path) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(self.path.join(below))? {
            let Ok(name) = entry?.file_name().into_string() else {
                continue;
            };
            if name.starts_with('.') || listed.len() == MAX_LISTED {
                continue;
            }
            // What leads out, or cannot be read, is not offered.
            let Ok(metadata) = self
                .open_below(&below.join(&name))
                .and_then(|f| f.metadata())
            else {
                continue;
            };
            if metadata.is_file() || metadata.is_dir() {
                listed.push(Listed {
                    name,
                    is_folder: metadata.is_dir(),
                    len: metadata.len(),
                });
            }
        }
        Ok(listed)
    }
}

impl Directory for Folder {
    type File = File;

    fn find(&mut self, path: &[String]) -> Result<Found<File>, NotFound> {
        let below: PathBuf = path.iter().collect();
        let file = self.open_below(&below).map_err(|error| why(&error))?;
        let metadata = file.metadata().map_err(|error| why(&error))?;
        if metadata.is_dir() {
            return self
                .list(&below)
                .map(Found::Folder)
                .map_err(|error| why(&error));
        }
        if !metadata.is_file() {
            return Err(NotFound::Forbidden);
        }
        let secs = u64::try_from(metadata.mtime()).ok();
        let nanos = u64::try_from(metadata.mtime_nsec()).unwrap_or(0);
        Ok(Found::File {
            len: metadata.len(),
            modified_ns: secs.and_then(|secs| secs.checked_mul(1_000_000_000)?.checked_add(nanos)),
            file,
        })
    }

    fn read(&mut self, file: &mut File, offset: u64, buf: &mut [u8]) -> Result<usize, Unreadable> {
        loop {
            match file.read_at(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome.map_err(|_| Unreadable),
            }
        }
    }
}

fn why(error: &io::Error) -> NotFound {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NotFound::Nothing,
        io::ErrorKind::InvalidFilename => NotFound::Nothing,
        _ => NotFound::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("synema-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(path.join("served/inner")).unwrap();
            fs::write(path.join("secret"), "secret").unwrap();
            fs::write(path.join("served/inner/a.txt"), "hello").unwrap();
            Self(path)
        }

        fn served(&self) -> Folder {
            Folder::open(&self.0.join("served")).unwrap()
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(path: &[&str]) -> Vec<String> {
        path.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn links_that_stay_inside_are_followed_and_others_are_not() {
        let there = Temporary::new("links");
        let served = there.0.join("served");
        symlink("inner/a.txt", served.join("good")).unwrap();
        symlink("../secret", served.join("out")).unwrap();
        symlink(there.0.join("secret"), served.join("absolute")).unwrap();
        symlink("..", served.join("up")).unwrap();
        symlink("loop", served.join("loop")).unwrap();
        let mut folder = there.served();
        let Ok(Found::File {
            mut file, len: 5, ..
        }) = folder.find(&names(&["good"]))
        else {
            panic!("a link that stays inside");
        };
        let mut buf = [0; 10];
        assert_eq!(folder.read(&mut file, 1, &mut buf), Ok(4));
        assert_eq!(&buf[..4], b"ello");
        for path in [
            &["out"][..],
            &["absolute"],
            &["up"],
            &["up", "secret"],
            &["loop"],
        ] {
            let found = folder.find(&names(path));
            assert!(
                matches!(found, Err(NotFound::Forbidden)),
                "{path:?}: {found:?}"
            );
        }
        assert!(matches!(
            folder.find(&names(&["no"])),
            Err(NotFound::Nothing)
        ));
        assert!(matches!(
            folder.find(&names(&["good", "x"])),
            Err(NotFound::Nothing)
        ));
        let Ok(Found::Folder(mut listed)) = folder.find(&[]) else {
            panic!("the folder itself");
        };
        listed.sort();
        let shown: Vec<_> = listed.iter().map(|it| (&*it.name, it.is_folder)).collect();
        assert_eq!(shown, [("good", false), ("inner", true)]);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let there = Temporary::new("pipe");
        let path = there.0.join("served/pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let found = there.served().find(&names(&["pipe"]));
        assert!(matches!(found, Err(NotFound::Forbidden)), "{found:?}");
    }

    #[test]
    fn what_is_no_folder_is_said_to_be_none() {
        let there = Temporary::new("none");
        let failed = |name: &str| Folder::open(&there.0.join(name)).unwrap_err();
        assert!(failed("nothing").cause.ends_with("does not exist"));
        assert!(failed("secret").cause.ends_with("is not a folder"));
        assert_eq!(failed("secret").exit, Exit::LocalIo);
    }
}
