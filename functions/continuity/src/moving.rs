//! Taking what is one operator's to another platform: everything that its batteries need to go on there, and of what is anybody
//! else's only what they cannot do without.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::str::FromStr;

use ledger::{Checkpoint, Note, ProofPlan, Tile, Timestamp};
use storage::{
    Bucket, Erasure, Log, LogFolder, LogNote, Moving, Store, StoredItem, StoredObject, Table,
};

use crate::Failure;
use crate::backup::{Backup, Beside, Taken, table_file, undisturbed, write_secrets};
use crate::belongings::Belongings;
use crate::everything::{each_item, each_object};
use crate::folder::{FORMAT, Folder, Manifest, OBJECTS, ObjectLine, Secret, Writer};

/// Where one who moves comes from.
#[derive(Debug, Clone, Copy)]
pub struct From<'p> {
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
    from: From<'_>,
    beside: &Beside,
    to: &Path,
    keys: &Path,
    now: Timestamp,
) -> Result<Backup, Failure> {
    let (folder, keys) = (Folder::new(to)?, Folder::new(keys)?);
    let take = async |logs: &BTreeMap<String, u64>| {
        let own = Belongings::of(store, from.organisation).await?;
        let moving = Moving::new(store, from.organisation)?;
        let mut move_ = Move {
            store,
            from,
            own,
            moving,
            folder: &folder,
            entries: HashMap::new(),
        };
        Ok(move_
            .take(&keys, beside)
            .await?
            .map(|it| (logs.clone(), it)))
    };
    let (logs, (files, of_keys)) = undisturbed(store, take).await?;
    let manifest = |files: Vec<Taken>| Manifest {
        format: FORMAT.to_owned(),
        taken_at: now,
        organisation: Some(from.organisation.to_owned()),
        settings: beside.settings.clone(),
        logs: logs.clone(),
        files: files.into_iter().collect(),
    };
    keys.seal(&manifest(of_keys))?;
    let manifest = manifest(files);
    let digest = folder.seal(&manifest)?;
    Ok(Backup { manifest, digest })
}

struct Move<'m> {
    store: &'m Store,
    from: From<'m>,
    own: Belongings,
    moving: Moving<'m>,
    folder: &'m Folder,
    /// Its events' entries in each log.
    entries: HashMap<LogFolder, BTreeSet<u64>>,
}

impl Move<'_> {
    /// Files of the backup, and of its keys; `None` where something of it is in no log yet.
    async fn take(
        &mut self,
        keys: &Folder,
        beside: &Beside,
    ) -> Result<Option<(Vec<Taken>, Vec<Taken>)>, Failure> {
        let mut objects = self.folder.writer(OBJECTS)?;
        let mut taken = vec![self.records(&mut objects).await?];
        for table in [Table::Ledger, Table::Signals] {
            taken.push(self.table(table).await?);
        }
        // Whatever was asked before is not asked again there.
        taken.push(self.folder.writer(&table_file(Table::Requests))?.done()?);
        let Some(log) = self.log().await? else {
            return Ok(None);
        };
        taken.push(log);
        if !self.proofs(&mut objects).await? {
            return Ok(None);
        }
        self.published(&mut objects).await?;
        taken.push(objects.done()?);
        let wrapped = self.keys(keys).await?;
        let mut secrets = beside.secrets.clone();
        secrets.push(Secret {
            name: self.from.data_key.to_owned(),
            value: hex::encode(self.moving.secret()),
        });
        Ok(Some((taken, vec![wrapped, write_secrets(keys, &secrets)?])))
    }

    /// Its records, evidence among them.
    async fn records(&mut self, objects: &mut Writer<'_>) -> Result<Taken, Failure> {
        let mut lines = self.folder.writer(&table_file(Table::Records))?;
        let own = &self.own;
        each_item(self.store, Table::Records, |item| match own.hold(&item) {
            true if is_evidence(&item, own) => Ok(()),
            true => lines.line(&item),
            false => Ok(()),
        })
        .await?;
        for id in &self.own.evidence {
            let Some(evidence) = self.store.evidence(*id).await? else {
                continue;
            };
            let (item, name, object) = self.moving.evidence(&evidence).await?;
            lines.line(&item)?;
            self.keep(objects, Bucket::Evidence, &name, object)?;
        }
        lines.done()
    }

    async fn table(&self, table: Table) -> Result<Taken, Failure> {
        let mut lines = self.folder.writer(&table_file(table))?;
        each_item(self.store, table, |item| match self.own.hold(&item) {
            true => lines.line(&item),
            false => Ok(()),
        })
        .await?;
        lines.done()
    }

    /// Which entry each of its events became; `None` where one became none yet.
    async fn log(&mut self) -> Result<Option<Taken>, Failure> {
        let mut lines = self.folder.writer(&table_file(Table::Log))?;
        let (own, entries, host) = (&self.own, &mut self.entries, self.from.log_host);
        let mut all = true;
        each_item(self.store, Table::Log, |item| {
            let (pk, _) = item.place();
            if pk.starts_with("PENDING#") {
                all &= !item.text("subject").is_some_and(|chain| own.names(chain));
            }
            let Some(chain) = pk.strip_prefix("LEAF#").filter(|chain| own.names(chain)) else {
                return Ok(());
            };
            let log = Log::of(chain);
            let folder = match item.text("former") {
                Some(host) => LogFolder::former(log, host),
                None => log.into(),
            };
            let entries = entries.entry(folder.clone()).or_default();
            entries.extend(item.number("index"));
            let host = folder.host().unwrap_or(host).to_owned();
            lines.line(&item.with_text("former", &host))
        })
        .await?;
        let done = lines.done()?;
        Ok(all.then_some(done))
    }

    /// What the proofs of its events need: the checkpoint of each log, its keys, and the tiles on the way to the root. `false`
    /// where a checkpoint does not cover all yet.
    async fn proofs(&self, objects: &mut Writer<'_>) -> Result<bool, Failure> {
        for (from, entries) in &self.entries {
            let host = from.host().unwrap_or(self.from.log_host);
            let to = LogFolder::former(from.log(), host);
            let failed =
                |error: &dyn std::fmt::Display| Failure::Log(from.to_string(), error.to_string());
            let mut notes = Vec::new();
            for note in [LogNote::Checkpoint, LogNote::Keys] {
                let served = self.store.served(from.clone(), note).await?;
                let Some(served) = served else {
                    return Ok(false);
                };
                notes.push((note.key(from), note.key(&to), served.text));
            }
            let note = notes.first().map_or("", |(_, _, text)| text.as_str());
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
            let tiles = tiles
                .iter()
                .map(|tile| (format!("v1/{from}/{tile}"), format!("v1/{to}/{tile}")));
            let notes = notes.iter().map(|(from, to, _)| (from.clone(), to.clone()));
            for (there, here) in notes.chain(tiles) {
                let object = self.store.stored_object(Bucket::Public, &there).await?;
                let object = object.ok_or_else(|| failed(&format!("`{there}` is missing")))?;
                self.keep(objects, Bucket::Public, &here, object)?;
            }
        }
        Ok(true)
    }

    /// What is published of its batteries, and what was erased of them.
    async fn published(&self, objects: &mut Writer<'_>) -> Result<(), Failure> {
        for name in self.store.object_names(Bucket::Public, "").await? {
            if !name.starts_with("v1/")
                && self.own.names_in_path(&name)
                && let Some(object) = self.store.stored_object(Bucket::Public, &name).await?
            {
                self.keep(objects, Bucket::Public, &name, object)?;
            }
        }
        let folder = Erasure::folder();
        each_object(
            self.store,
            Bucket::Archive,
            folder,
            |name, object| match self.own.names(&Erasure::read(&object.bytes)?.subject) {
                true => self.keep(objects, Bucket::Archive, name, object),
                false => Ok(()),
            },
        )
        .await
    }

    async fn keys(&self, keys: &Folder) -> Result<Taken, Failure> {
        let mut items = Vec::new();
        each_item(self.store, Table::Keys, |item| {
            if self.own.hold(&item) {
                items.push(item);
            }
            Ok(())
        })
        .await?;
        let mut lines = keys.writer(&table_file(Table::Keys))?;
        for item in items {
            lines.line(&self.moving.key(item).await?)?;
        }
        for item in self.moving.keys_of_others().await? {
            lines.line(&item)?;
        }
        lines.done()
    }

    fn keep(
        &self,
        objects: &mut Writer<'_>,
        bucket: Bucket,
        name: &str,
        object: StoredObject,
    ) -> Result<(), Failure> {
        objects.line(&ObjectLine {
            bucket,
            name: name.to_owned(),
            headers: object.headers,
            sha256: self.folder.keep(&object.bytes)?,
        })
    }
}

/// Whether it is the record of a piece whose bytes go along: that is written with them.
fn is_evidence(item: &StoredItem, own: &Belongings) -> bool {
    let (pk, sk) = item.place();
    let id = pk.strip_prefix("E#").and_then(|id| id.parse().ok());
    sk == "0#EVIDENCE" && id.is_some_and(|id| own.evidence.contains(&id))
}
