//! Taking what is one operator's to another platform: everything that its batteries need to go on there, and of what is anybody
//! else's only what they cannot do without.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::str::FromStr;

use futures_util::future::try_join_all;
use ledger::{Checkpoint, Note, ProofPlan, Tile, Timestamp};
use storage::{
    Bucket, Erasure, Log, LogFolder, LogNote, Moving, ObjectHeaders, Store, StoredItem,
    StoredObject, Table,
};

use crate::Failure;
use crate::backup::{Attempt, Backup, Beside, State, Taken, attempts, table_file, write_secrets};
use crate::belongings::Belongings;
use crate::everything::{UNDER_WAY, each_item, each_object};
use crate::folder::{FORMAT, Folder, Manifest, OBJECTS, ObjectLine, Secret, Writer};

/// Where one who moves comes from.
#[derive(Debug, Clone, Copy)]
pub struct Departure<'p> {
    /// Who moves.
    pub organisation: &'p str,
    /// The host that the logs there are named for.
    pub log_host: &'p str,
    /// What the key that wraps the keys is called in the folder of the keys.
    pub data_key: &'p str,
}

/// Takes what is one operator's, in the form of a backup: the batteries that it is responsible for, with their whole history, all that
/// belongs to them, and what the proofs of their events need of the logs. Keys are wrapped anew, so that nothing in it opens anything
/// that stays; the keys that sign the logs stay too: the other platform has logs of its own.
///
/// # Errors
/// [`Failure`]; [`Failure::NotLogged`] where no log took in what is to be taken.
pub async fn move_out(
    store: &Store,
    from: Departure<'_>,
    beside: &Beside,
    to: &Path,
    keys: &Path,
    now: Timestamp,
) -> Result<Backup, Failure> {
    let (folder, keys) = (Folder::new(to)?, Folder::new(keys)?);
    let attempt = async || {
        let own = Belongings::of(store, from.organisation).await?;
        let own = own.with_evidence(store).await?;
        let before = State::of(store, |chain| own.has_chain(chain)).await?;
        if before.heads != own.heads() {
            return Ok(Attempt::Disturbed);
        }
        if !before.pending.is_empty() {
            return Ok(Attempt::NotLogged);
        }
        let mut share = Share {
            store,
            from,
            moving: Moving::new(store, from.organisation)?,
            own,
            now,
            folder: &folder,
            entries: HashMap::new(),
        };
        let Some(taken) = share.take(&keys, beside).await? else {
            return Ok(Attempt::NotLogged);
        };
        let after = State::of(store, |chain| share.own.has_chain(chain)).await?;
        Ok(match after == before {
            true => Attempt::Taken(taken),
            false => Attempt::Disturbed,
        })
    };
    let (files, of_keys) = attempts([&folder, &keys], attempt).await?;
    let manifest = |files: Vec<Taken>| Manifest {
        format: FORMAT.to_owned(),
        taken_at: now,
        organisation: Some(from.organisation.to_owned()),
        settings: beside.settings.clone(),
        // Its proofs are of logs that stay.
        logs: BTreeMap::new(),
        files: files.into_iter().collect(),
    };
    keys.seal(&manifest(of_keys))?;
    let manifest = manifest(files);
    let digest = folder.seal(&manifest)?;
    Ok(Backup { manifest, digest })
}

struct Share<'m> {
    store: &'m Store,
    from: Departure<'m>,
    own: Belongings,
    moving: Moving<'m>,
    now: Timestamp,
    folder: &'m Folder,
    /// Its events' entries in each log.
    entries: HashMap<LogFolder, BTreeSet<u64>>,
}

impl Share<'_> {
    /// Files of the backup, and of its keys; `None` where something of it is in no log yet.
    async fn take(
        &mut self,
        keys: &Folder,
        beside: &Beside,
    ) -> Result<Option<(Vec<Taken>, Vec<Taken>)>, Failure> {
        let mut objects = self.folder.writer(OBJECTS)?;
        let mut taken = vec![self.records(&mut objects).await?, self.log().await?];
        let own = &self.own;
        let ledger = self.table(Table::Ledger, |item| own.has_chain(item.place().0));
        taken.push(ledger.await?);
        taken.push(
            self.table(Table::Signals, |item| own.is_signal(item))
                .await?,
        );
        // Whatever was asked before is not asked again there.
        taken.push(self.table(Table::Requests, |_| false).await?);
        if !self.proofs(&mut objects).await? {
            return Ok(None);
        }
        self.published(&mut objects).await?;
        let wrapped = self.keys(keys, &mut objects).await?;
        taken.push(objects.done()?);
        let mut secrets = beside.secrets.clone();
        secrets.push(Secret {
            name: self.from.data_key.to_owned(),
            value: hex::encode(self.moving.secret()),
        });
        Ok(Some((taken, vec![wrapped, write_secrets(keys, &secrets)?])))
    }

    /// Its records, and the bytes of its evidence.
    async fn records(&mut self, objects: &mut Writer<'_>) -> Result<Taken, Failure> {
        let mut lines = self.folder.writer(&table_file(Table::Records))?;
        let own = &self.own;
        each_item(self.store, Table::Records, |item| {
            own.record(item).map_or(Ok(()), |item| lines.line(&item))
        })
        .await?;
        for evidence in &self.own.evidence {
            let (name, object) = self.moving.evidence(evidence).await?;
            keep(self.folder, objects, Bucket::Evidence, &name, object)?;
        }
        lines.done()
    }

    async fn table(
        &self,
        table: Table,
        is_own: impl Fn(&StoredItem) -> bool,
    ) -> Result<Taken, Failure> {
        let mut lines = self.folder.writer(&table_file(table))?;
        each_item(self.store, table, |item| match is_own(&item) {
            true => lines.line(&item),
            false => Ok(()),
        })
        .await?;
        lines.done()
    }

    /// Which entry each of its events became.
    async fn log(&mut self) -> Result<Taken, Failure> {
        let mut lines = self.folder.writer(&table_file(Table::Log))?;
        let (own, entries, host) = (&self.own, &mut self.entries, self.from.log_host);
        each_item(self.store, Table::Log, |item| {
            let (pk, _) = item.place();
            let Some(chain) = pk.strip_prefix("LEAF#").filter(|it| own.has_chain(it)) else {
                return Ok(());
            };
            let log = Log::of(chain);
            let folder = match item.text("former") {
                Some(host) => LogFolder::former(log, host),
                None => log.into(),
            };
            let host = folder.host().unwrap_or(host).to_owned();
            let entries = entries.entry(folder).or_default();
            entries.extend(item.number("index"));
            lines.line(&item.with_text("former", &host))
        })
        .await?;
        lines.done()
    }

    /// What the proofs of its events need: the checkpoint of each log, its keys, and the tiles on the way to the root. `false`
    /// where a checkpoint does not cover all yet.
    async fn proofs(&self, objects: &mut Writer<'_>) -> Result<bool, Failure> {
        for (from, entries) in &self.entries {
            let host = from.host().unwrap_or(self.from.log_host);
            let to = LogFolder::former(from.log(), host);
            let failed =
                |error: &dyn std::fmt::Display| Failure::Log(from.to_string(), error.to_string());
            let copy = async |there: &str| {
                let object = self.store.stored_object(Bucket::Public, there).await?;
                object.ok_or_else(|| failed(&format!("`{there}` is missing")))
            };
            // Read once: the log may grow meanwhile, and the tiles are those of this checkpoint.
            let served = LogNote::Checkpoint.key(from);
            let Some(served) = self.store.stored_object(Bucket::Public, &served).await? else {
                return Ok(false);
            };
            let note = str::from_utf8(&served.bytes).map_err(|error| failed(&error))?;
            let note = Note::from_str(note).map_err(|error| failed(&error))?;
            let checkpoint = Checkpoint::from_str(note.text()).map_err(|error| failed(&error))?;
            if entries
                .last()
                .is_some_and(|last| *last >= checkpoint.size())
            {
                return Ok(false);
            }
            let mut tiles: BTreeSet<Tile> = BTreeSet::new();
            for index in entries {
                let plan = ProofPlan::inclusion(*index, checkpoint.size());
                tiles.extend(plan.map_err(|error| failed(&error))?.tiles());
            }
            let here = LogNote::Checkpoint.key(&to);
            keep(self.folder, objects, Bucket::Public, &here, served)?;
            let tiles = tiles
                .iter()
                .map(|tile| (format!("v1/{from}/{tile}"), format!("v1/{to}/{tile}")));
            let keys = (LogNote::Keys.key(from), LogNote::Keys.key(&to));
            for (there, here) in tiles.chain([keys]) {
                let object = copy(&there).await?;
                keep(self.folder, objects, Bucket::Public, &here, object)?;
            }
        }
        Ok(true)
    }

    /// What is published of its batteries, and what was erased of them.
    async fn published(&self, objects: &mut Writer<'_>) -> Result<(), Failure> {
        let names = self.store.object_names(Bucket::Public, "").await?;
        let is_page = |name: &&String| !name.starts_with("v1/") && self.own.has_page(name);
        let pages: Vec<&String> = names.iter().filter(is_page).collect();
        for some in pages.chunks(UNDER_WAY) {
            let read = some
                .iter()
                .map(|name| self.store.stored_object(Bucket::Public, name));
            for (name, object) in some.iter().zip(try_join_all(read).await?) {
                if let Some(object) = object {
                    keep(self.folder, objects, Bucket::Public, name, object)?;
                }
            }
        }
        let folder = Erasure::folder();
        each_object(
            self.store,
            Bucket::Archive,
            folder,
            |name, object| match self.own.has_chain(&Erasure::read(&object.bytes)?.subject) {
                true => keep(self.folder, objects, Bucket::Archive, name, object),
                false => Ok(()),
            },
        )
        .await
    }

    /// Its keys; and of each subject of which something stays, that it did.
    async fn keys(&self, keys: &Folder, objects: &mut Writer<'_>) -> Result<Taken, Failure> {
        let mut items = Vec::new();
        each_item(self.store, Table::Keys, |item| {
            let subject = item.place().0;
            if self.own.has_chain(subject) {
                items.push((subject.to_owned(), item));
            }
            Ok(())
        })
        .await?;
        let mut lines = keys.writer(&table_file(Table::Keys))?;
        for (subject, item) in items {
            let stays = self.own.key_of_what_stays(&subject);
            lines.line(&self.moving.key(item, stays.is_some()).await?)?;
            if let Some(number) = stays {
                let stayed = Erasure::stayed_behind(&subject.parse()?, number, self.now)?;
                let object = StoredObject {
                    headers: ObjectHeaders::default(),
                    bytes: stayed.to_bytes()?,
                };
                keep(
                    self.folder,
                    objects,
                    Bucket::Archive,
                    &stayed.name(),
                    object,
                )?;
            }
        }
        for item in self.moving.keys_of_others().await? {
            lines.line(&item)?;
        }
        lines.done()
    }
}

fn keep(
    folder: &Folder,
    objects: &mut Writer<'_>,
    bucket: Bucket,
    name: &str,
    object: StoredObject,
) -> Result<(), Failure> {
    objects.line(&ObjectLine {
        bucket,
        name: name.to_owned(),
        headers: object.headers,
        sha256: folder.keep(&object.bytes)?,
    })
}
