//! A backup on disk: JSON lines and files that are named by their own hash, and a manifest that names them all.
//!
//! ```text
//! manifest.json          what this is, when it was taken, and the SHA-256 of every file below
//! tables/<table>.jsonl   every item, in DynamoDB JSON; sealed values stay sealed
//! objects.jsonl          every object: bucket, name, headers, SHA-256
//! objects/<SHA-256>      its bytes
//! ```
//! The keys are no part of it: they lie in a folder of their own, of the same form.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use ledger::{Sha256, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Digest;
use storage::{Bucket, ObjectHeaders};

use crate::Failure;

/// Format of a backup.
pub const FORMAT: &str = "battery-passport-backup/1";
const MANIFEST: &str = "manifest.json";
/// What opens the wrapped keys, and signs; in the folder of the keys.
pub(crate) const SECRETS: &str = "secrets.jsonl";
/// The index of objects.
pub(crate) const OBJECTS: &str = "objects.jsonl";

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// When it was begun.
    pub taken_at: Timestamp,
    /// Whose it is alone; none where it is everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// What the platform was started with and has to be started with again, such as the host that its codes name.
    pub settings: BTreeMap<String, String>,
    /// Entries of each log.
    pub logs: BTreeMap<String, u64>,
    /// Every file of lines, by its path.
    pub files: BTreeMap<String, Lines>,
}

/// A file of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// How many.
    pub lines: u64,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// A key that no table holds: that of the vault, those that sign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What it is called where the platform looks for it.
    pub name: String,
    /// In hexadecimal.
    pub value: String,
}

/// An object in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ObjectLine {
    pub(crate) bucket: Bucket,
    pub(crate) name: String,
    pub(crate) headers: ObjectHeaders,
    pub(crate) sha256: Sha256,
}

/// A folder that is written or read.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty folder, made where there is none.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        let folder = Self(path.to_owned());
        std::fs::create_dir_all(path).map_err(|error| folder.failed("", &error))?;
        let mut entries = std::fs::read_dir(path).map_err(|error| folder.failed("", &error))?;
        match entries.next() {
            None => Ok(folder),
            Some(_) => Err(Failure::NotEmpty(path.display().to_string())),
        }
    }

    pub(crate) fn of(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Without anything in it.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| self.failed("", &error);
        for entry in std::fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
            removed.map_err(failed)?;
        }
        Ok(())
    }

    fn failed(&self, file: &str, error: &dyn std::fmt::Display) -> Failure {
        Failure::File(self.0.join(file).display().to_string(), error.to_string())
    }

    /// A file of lines to write.
    pub(crate) fn writer(&self, file: &str) -> Result<Writer<'_>, Failure> {
        let path = self.0.join(file);
        let failed = |error: std::io::Error| self.failed(file, &error);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        Ok(Writer {
            folder: self,
            name: file.to_owned(),
            file: BufWriter::new(create(&path).map_err(failed)?),
            hash: sha2::Sha256::new(),
            lines: 0,
        })
    }

    /// Keeps bytes under their own hash.
    pub(crate) fn keep(&self, bytes: &[u8]) -> Result<Sha256, Failure> {
        let hash = Sha256::of(bytes);
        let name = object(hash);
        let path = self.0.join(&name);
        let failed = |error: std::io::Error| self.failed(&name, &error);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let written = create(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(failed)?;
        Ok(hash)
    }

    /// What was kept under a hash.
    pub(crate) fn kept(&self, hash: Sha256) -> Result<Vec<u8>, Failure> {
        let name = object(hash);
        let bytes =
            std::fs::read(self.0.join(&name)).map_err(|error| self.failed(&name, &error))?;
        match Sha256::of(&bytes) == hash {
            true => Ok(bytes),
            false => Err(Failure::Changed(name)),
        }
    }

    /// Writes the manifest, last: a folder without one is no backup. Its SHA-256 vouches for the whole.
    pub(crate) fn seal(&self, manifest: &Manifest) -> Result<Sha256, Failure> {
        let text = serde_json::to_vec_pretty(manifest);
        let text = text.map_err(|error| self.failed(MANIFEST, &error))?;
        let written = create(&self.0.join(MANIFEST)).and_then(|mut file| file.write_all(&text));
        written.map_err(|error| self.failed(MANIFEST, &error))?;
        Ok(Sha256::of(&text))
    }

    /// The manifest, once every file that it names is what it was.
    pub(crate) fn manifest(&self) -> Result<Manifest, Failure> {
        let text = std::fs::read(self.0.join(MANIFEST));
        let text = text.map_err(|error| self.failed(MANIFEST, &error))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| self.failed(MANIFEST, &error))?;
        if manifest.format != FORMAT {
            return Err(Failure::Format(manifest.format));
        }
        for (file, lines) in &manifest.files {
            let bytes = std::fs::File::open(self.0.join(file));
            let mut hash = sha2::Sha256::new();
            let mut bytes = bytes.map_err(|error| self.failed(file, &error))?;
            std::io::copy(&mut bytes, &mut Hashing(&mut hash))
                .map_err(|error| self.failed(file, &error))?;
            if finished(hash) != lines.sha256 {
                return Err(Failure::Changed(file.clone()));
            }
        }
        Ok(manifest)
    }

    /// The lines of a file, one after the other.
    pub(crate) fn lines<T: DeserializeOwned>(
        &self,
        file: &str,
    ) -> Result<impl Iterator<Item = Result<T, Failure>>, Failure> {
        let opened = File::open(self.0.join(file)).map_err(|error| self.failed(file, &error))?;
        let (folder, file) = (self.clone(), file.to_owned());
        let lines = BufReader::new(opened).lines();
        Ok(lines.map(move |line| {
            let line = line.map_err(|error| folder.failed(&file, &error))?;
            serde_json::from_str(&line).map_err(|error| folder.failed(&file, &error))
        }))
    }
}

/// A file for its owner's eyes only: keys are among them.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn finished(hash: sha2::Sha256) -> Sha256 {
    Sha256::from_bytes(hash.finalize().into())
}

fn object(hash: Sha256) -> String {
    format!("objects/{hash}")
}

struct Hashing<'h>(&'h mut sha2::Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of lines that is being written.
pub(crate) struct Writer<'f> {
    folder: &'f Folder,
    name: String,
    file: BufWriter<File>,
    hash: sha2::Sha256,
    lines: u64,
}

impl Writer<'_> {
    pub(crate) fn line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line =
            serde_json::to_vec(value).map_err(|it| self.folder.failed(&self.name, &it))?;
        line.push(b'\n');
        self.hash.update(&line);
        self.lines += 1;
        let written = self.file.write_all(&line);
        written.map_err(|error| self.folder.failed(&self.name, &error))
    }

    /// Its name and what the manifest says of it.
    pub(crate) fn done(mut self) -> Result<(String, Lines), Failure> {
        let flushed = self.file.flush();
        flushed.map_err(|error| self.folder.failed(&self.name, &error))?;
        let lines = Lines {
            lines: self.lines,
            sha256: finished(self.hash),
        };
        Ok((self.name, lines))
    }
}
