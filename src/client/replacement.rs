//! A file that is written beside its path, and replaces what is there once it is complete.

use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;
use tokio::fs::File;
use tokio::task::spawn_blocking;

/// A temporary file that replaces another. Dropping it removes the temporary file.
pub(super) struct Replacement {
    pub(super) file: File,
    temporary: TempPath,
    target: PathBuf,
}

impl Replacement {
    /// Creates the temporary file in the folder of the file that it replaces.
    ///
    /// Fails if there is anything but a regular file that may be written.
    pub(super) async fn create(path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        spawn_blocking(move || {
            let target = target(path)?;
            let permissions = permissions(&target)?;
            let folder = match target.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let (file, temporary) = temporary(folder)?;
            if let Some(permissions) = permissions {
                file.set_permissions(permissions)?;
            }
            Ok(Self {
                file: File::from_std(file),
                temporary,
                target,
            })
        })
        .await?
    }

    /// Replaces the file. What was written has to be flushed.
    pub(super) async fn persist(self) -> io::Result<()> {
        self.file.sync_all().await?;
        let Self {
            file,
            temporary,
            target,
        } = self;
        drop(file);
        let persisted = spawn_blocking(move || temporary.persist(target)).await?;
        persisted.map_err(|error| error.error)
    }
}

/// Returns where a symbolic link leads. The link itself stays.
fn target(path: PathBuf) -> io::Result<PathBuf> {
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path),
        _ => Ok(path),
    }
}

/// Returns the permissions of an existing file.
fn permissions(path: &Path) -> io::Result<Option<Permissions>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // Renaming would replace a file that may not be written.
    fs::OpenOptions::new().write(true).open(path)?;
    Ok(Some(metadata.permissions()))
}

/// Creates a file with the permissions of a new file.
fn temporary(folder: &Path) -> io::Result<(fs::File, TempPath)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    Ok(builder.tempfile_in(folder)?.into_parts())
}
