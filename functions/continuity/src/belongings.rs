//! What is one organisation's: the batteries that it is responsible for, and all that belongs to them.

use std::collections::BTreeSet;

use storage::{EvidenceState, Facts, Head, Store, StoredItem, Subject, Table};
use uuid::Uuid;

use crate::Failure;
use crate::everything::each_item;

/// The ids of everything that is one organisation's.
pub(crate) struct Belongings {
    organisation: String,
    /// Its units, their passports, models and batches, its evidence and itself, as they stand in keys.
    ids: BTreeSet<String>,
    /// Confirmed evidence that it brought or that is cited of what is its own.
    pub(crate) evidence: BTreeSet<Uuid>,
}

impl Belongings {
    /// Batteries that it is responsible for now, with all of their passports, and with their models and batches, whosever these are;
    /// its models, batches and evidence; and evidence of others that events of these cite.
    pub(crate) async fn of(store: &Store, organisation: &str) -> Result<Self, Failure> {
        let mut heads = Vec::new();
        let mut pieces = BTreeSet::new();
        each_item(store, Table::Records, |item| {
            let (pk, sk) = item.place();
            match sk {
                "0#HEAD" => {
                    if let Ok(subject) = pk.parse::<Subject>() {
                        heads.push((subject, item.head()?));
                    }
                }
                "0#EVIDENCE" if item.text("organisation") == Some(organisation) => {
                    let id = pk.strip_prefix("E#").and_then(|id| id.parse().ok());
                    pieces.extend::<Option<Uuid>>(id);
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        let mut of = Self {
            organisation: organisation.to_owned(),
            ids: BTreeSet::new(),
            evidence: BTreeSet::new(),
        };
        let subjects = of.subjects(&heads);
        if !subjects.contains(&&Subject::Organisation(organisation.to_owned())) {
            return Err(Failure::Nobody(organisation.to_owned()));
        }
        for subject in subjects {
            let cited = store.audit(subject).await?.evidence.into_iter();
            pieces.extend(cited.filter_map(|piece| piece.id.parse::<Uuid>().ok()));
        }
        for id in pieces {
            of.ids.insert(id.to_string());
            let evidence = store.evidence(id).await?;
            if evidence.is_some_and(|it| it.state == EvidenceState::Confirmed) {
                of.evidence.insert(id);
            }
        }
        Ok(of)
    }

    /// Which of these are its own.
    fn subjects<'h>(&mut self, heads: &'h [(Subject, Head)]) -> Vec<&'h Subject> {
        let mut ids = BTreeSet::from([self.organisation.clone()]);
        for (subject, head) in heads {
            if head.organisation != self.organisation {
                continue;
            }
            match (subject, &head.facts) {
                (_, Facts::Passport { unit, .. }) => ids.insert(unit.to_string()),
                (Subject::Unit(unit), _) => ids.insert(unit.to_string()),
                (Subject::Model(id) | Subject::Batch(id), _) => ids.insert(id.to_string()),
                _ => false,
            };
        }
        for (subject, head) in heads {
            let (unit, model, batch) = match (subject, &head.facts) {
                (Subject::Unit(unit), Facts::Unit { model, batch, .. }) => (unit, model, batch),
                (
                    _,
                    Facts::Passport {
                        unit, model, batch, ..
                    },
                ) => (unit, model, batch),
                _ => continue,
            };
            if ids.contains(&unit.to_string()) {
                ids.insert(model.to_string());
                ids.extend(batch.map(|batch| batch.to_string()));
                if let Subject::Passport(id) = subject {
                    ids.insert(id.to_string());
                }
            }
        }
        self.ids = ids;
        let subjects = heads.iter().map(|(subject, _)| subject);
        subjects
            .filter(|subject| self.names(&subject.to_string()))
            .collect()
    }

    /// Whether a key, `U#<id>` or `D#P#<id>`, names one of its own.
    pub(crate) fn names(&self, key: &str) -> bool {
        key.split('#').skip(1).any(|id| self.ids.contains(id))
    }

    /// Whether an object's name, `html/de/<unit>`, has one of its own.
    pub(crate) fn names_in_path(&self, path: &str) -> bool {
        path.split('/').any(|id| self.ids.contains(id))
    }

    /// Whether an item is its own.
    pub(crate) fn hold(&self, item: &StoredItem) -> bool {
        let (pk, sk) = item.place();
        let its = || item.text("organisation") == Some(&self.organisation);
        match pk.split('#').next().unwrap_or_default() {
            // Indexes: what they lead to.
            "I" => self.ids.contains(sk),
            "PUBLISH" => self.names(pk) || self.names(sk),
            "A" => self.names(pk) || item.text("subject").is_some_and(|it| self.names(it)),
            "ORDER" | "HOSTS" => its(),
            _ => self.names(pk),
        }
    }
}
