//! Bringing everything back.

use std::path::Path;

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use storage::{Bucket, Erasure, EvidenceError, Log, Store, StoredItem, StoredObject, Table};
use uuid::Uuid;

use crate::Failure;
use crate::backup::{Beside, table_file};
use crate::everything::UNDER_WAY;
use crate::folder::{Folder, Manifest, OBJECTS, ObjectLine, SECRETS};

/// Lines that are brought back at once.
const AT_ONCE: usize = 400;

/// A backup with the keys that lie apart, every file of which is what it was when it was taken.
#[derive(Debug)]
pub struct Verified {
    folder: Folder,
    keys: Folder,
    manifest: Manifest,
}

impl Verified {
    /// Compares every file with its hash.
    ///
    /// # Errors
    /// [`Failure`] naming the file that is not what it was.
    pub fn open(from: &Path, keys: &Path) -> Result<Self, Failure> {
        let (folder, keys) = (Folder::of(from), Folder::of(keys));
        let manifest = folder.manifest()?;
        let of_keys = keys.manifest()?;
        if of_keys.taken_at != manifest.taken_at {
            return Err(Failure::OtherKeys(of_keys.taken_at, manifest.taken_at));
        }
        let is_share = manifest.organisation.is_some();
        for line in folder.lines::<ObjectLine>(OBJECTS)? {
            let line = line?;
            if !belongs(&line, is_share) {
                return Err(Failure::DoesNotBelong(line.name));
            }
            folder.kept(line.sha256)?;
        }
        if is_share {
            // Logs of a platform are not brought to another.
            for item in folder.lines::<StoredItem>(&table_file(Table::Log))? {
                let item = item?;
                let (pk, sk) = item.place();
                if !pk.starts_with("LEAF#") || item.text("former").is_none() {
                    return Err(Failure::DoesNotBelong(format!("{pk} {sk}")));
                }
            }
        }
        Ok(Self {
            folder,
            keys,
            manifest,
        })
    }

    /// Whose it is alone; none where it is everybody's.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        self.manifest.organisation.as_deref()
    }

    /// What was taken along beside the store: needed before there is one.
    ///
    /// # Errors
    /// [`Failure`] naming the file that cannot be read.
    pub fn beside(&self) -> Result<Beside, Failure> {
        Ok(Beside {
            settings: self.manifest.settings.clone(),
            secrets: self.keys.lines(SECRETS)?.collect::<Result<_, _>>()?,
        })
    }

    /// Brings everything into an empty store. What was written until a failure does no harm to another attempt, which has to begin
    /// with an empty store again.
    ///
    /// # Errors
    /// [`Failure`] naming what is not empty.
    pub async fn restore(&self, store: &Store) -> Result<(), Failure> {
        is_empty(store).await?;
        let mut pieces: Vec<Uuid> = Vec::new();
        for table in Table::ALL {
            let folder = match table {
                Table::Keys => &self.keys,
                _ => &self.folder,
            };
            for items in chunks(folder.lines::<StoredItem>(&table_file(table))?, AT_ONCE) {
                let items = items?;
                pieces.extend(items.iter().filter_map(piece));
                store.put_items(table, items).await?;
            }
        }
        for objects in chunks(self.folder.lines::<ObjectLine>(OBJECTS)?, UNDER_WAY) {
            let puts = objects?.into_iter().map(async |line| {
                let object = StoredObject {
                    headers: line.headers,
                    bytes: self.folder.kept(line.sha256)?,
                };
                store.put_object(line.bucket, &line.name, object).await?;
                Ok::<_, Failure>(())
            });
            try_join_all(puts).await?;
        }
        for piece in pieces {
            match store.settle_evidence(piece).await {
                // What was missing before is named by the audit.
                Err(EvidenceError::Missing) => {}
                settled => settled?,
            }
        }
        Ok(())
    }
}

/// Whether an object is one that a backup has; what is one operator's share has nothing of the logs but what proofs need.
fn belongs(line: &ObjectLine, is_share: bool) -> bool {
    let plain = |name: &str| !name.is_empty() && name != "." && name != "..";
    let is_file = line.name.split('/').all(plain);
    let former = || {
        let mut logs = Log::ALL.iter().map(|log| format!("v1/{log}/former/"));
        logs.any(|folder| line.name.starts_with(&folder))
    };
    is_file
        && match line.bucket {
            _ if !is_share => true,
            Bucket::Public => !line.name.starts_with("v1/") || former(),
            Bucket::Archive => line.name.starts_with(Erasure::folder()),
            Bucket::Evidence => true,
        }
}

/// The piece of evidence whose record an item is.
fn piece(item: &StoredItem) -> Option<Uuid> {
    let (pk, sk) = item.place();
    let id = pk.strip_prefix("E#").filter(|_| sk == "0#EVIDENCE")?;
    id.parse().ok()
}

/// Erases again what an older backup brought back, as the files in `folder` say: the folder `erasures/` of an archive that outlived it.
/// How many there were of which something was there.
///
/// # Errors
/// [`Failure`] naming the file that is no erasure; it can be done over.
pub async fn erase_again(store: &Store, folder: &Path) -> Result<usize, Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::File(path.display().to_string(), error.to_string())
    };
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    let mut done = 0;
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What else lies there is the store's own.
        if name.starts_with('.') || !name.ends_with(".json") {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, &error))?;
        let erasure = Erasure::read(&bytes).map_err(|error| failed(&path, &error))?;
        // That of somebody who is not here is none of this platform's business.
        let here = store.items_of(Table::Records, &erasure.subject).await?;
        if here.is_empty() {
            continue;
        }
        if store.erase_again(&erasure).await? {
            done += 1;
        }
        store.archive_erasure(&erasure).await?;
    }
    Ok(done)
}

async fn is_empty(store: &Store) -> Result<(), Failure> {
    for table in Table::ALL {
        let (items, _) = store.items(table, None).await?;
        if !items.is_empty() {
            return Err(Failure::NotEmpty(format!("the table `{}`", table.suffix())));
        }
    }
    for bucket in Bucket::ALL {
        if !store.object_names(bucket, "").await?.is_empty() {
            return Err(Failure::NotEmpty(format!("the bucket {bucket:?}")));
        }
    }
    Ok(())
}

/// Lines, some at a time.
fn chunks<T: DeserializeOwned>(
    mut lines: impl Iterator<Item = Result<T, Failure>>,
    most: usize,
) -> impl Iterator<Item = Result<Vec<T>, Failure>> {
    std::iter::from_fn(move || {
        let chunk: Result<Vec<T>, Failure> = lines.by_ref().take(most).collect();
        match chunk {
            Ok(chunk) if chunk.is_empty() => None,
            chunk => Some(chunk),
        }
    })
}
