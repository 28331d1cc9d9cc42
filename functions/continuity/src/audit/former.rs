//! Events that are entries of another platform's logs: what was brought along of these has to prove each.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use ledger::{Checkpoint, Note, ProofPlan, VerifierKey, verify_inclusion};
use storage::{LogFolder, LogNote, Store};

use super::log::BookKept;
use super::{Audit, Events, finds};
use crate::Failure;

/// Holds events against the logs that took them in before their subjects came here.
pub(super) async fn former(
    store: &Store,
    audit: &mut Audit,
    kept: &BookKept,
    events: &Events,
    keys: &[VerifierKey],
) -> Result<(), Failure> {
    let mut folders: HashMap<&LogFolder, Vec<_>> = HashMap::new();
    for (place, logged) in &kept.former {
        let entries = folders.entry(&logged.folder).or_default();
        entries.push((place, logged.index));
    }
    for (folder, entries) in folders {
        let Some(checkpoint) = checkpoint(store, folder, keys).await? else {
            let place = format!("`{folder}` checkpoint");
            finds(
                audit,
                place,
                "it is missing, or no key of the log signed it",
            );
            continue;
        };
        let told = store.served(folder.clone(), LogNote::Keys).await?;
        let told = told.map(|told| told.text).unwrap_or_default();
        if told
            .lines()
            .any(|told| keys.iter().all(|key| key.to_string() != told))
        {
            let place = format!("`{folder}` keys");
            finds(audit, place, "one of them is none that is known");
        }
        let size = checkpoint.size();
        let plans = entries
            .iter()
            .filter_map(|(_, index)| ProofPlan::inclusion(*index, size).ok());
        let tiles: BTreeSet<_> = plans.flat_map(|plan| plan.tiles()).collect();
        let tiles = store.log_tiles(folder.clone(), tiles.into_iter().collect());
        let tiles = tiles.await?;
        for ((chain, place), index) in entries {
            let name = format!("ledger `{chain}` `{place}`");
            let Some(event) = events.get(&(chain.clone(), place.clone())) else {
                finds(
                    audit,
                    name,
                    format!("it is entry {index} of `{folder}`, and missing"),
                );
                continue;
            };
            let hashes = ProofPlan::inclusion(index, size)
                .ok()
                .and_then(|plan| plan.prove(&tiles).ok());
            let root = checkpoint.root();
            let proves = |hashes: &Vec<_>| verify_inclusion(&event.hash, index, size, root, hashes);
            let proved = hashes.is_some_and(|hashes| proves(&hashes).is_ok());
            if proved {
                audit.brought_along += 1;
            } else {
                finds(
                    audit,
                    name,
                    format!("it is not proved to be entry {index} of `{folder}`"),
                );
            }
        }
    }
    Ok(())
}

async fn checkpoint(
    store: &Store,
    folder: &LogFolder,
    keys: &[VerifierKey],
) -> Result<Option<Checkpoint>, Failure> {
    let served = store.served(folder.clone(), LogNote::Checkpoint).await?;
    let note = served.and_then(|served| Note::from_str(&served.text).ok());
    let origin = format!("{}/{}", folder.host().unwrap_or_default(), folder.log());
    Ok(note.and_then(|note| {
        let mut keys = keys.iter().filter(|key| key.name() == origin);
        keys.find_map(|key| Checkpoint::open(&note, key).ok())
    }))
}
