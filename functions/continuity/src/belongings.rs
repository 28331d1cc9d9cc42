//! What is one organisation's: the batteries that it is responsible for, and all that belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use passport::Class;
use storage::{
    Evidence, EvidenceState, Facts, Head, RecordStatus, Store, StoredItem, Subject, Table,
};
use uuid::Uuid;

use crate::Failure;
use crate::everything::{UNDER_WAY, each_item};

/// The reads of a subject's data stand in a chain of this.
const READS: &str = "A#";

/// What is one organisation's.
pub(crate) struct Belongings {
    organisation: String,
    /// Its subjects with their heads, those of others that they follow among them, as keys begin with them: `U#<id>`.
    subjects: BTreeMap<String, Head>,
    /// Pieces of evidence that it brought, or that are cited of its subjects.
    pieces: BTreeSet<String>,
    /// Those of them that are confirmed.
    pub(crate) evidence: Vec<Evidence>,
    /// Its orders.
    orders: BTreeSet<String>,
    /// Whoever may have signed something of it.
    signers: BTreeSet<String>,
    /// The number of each subject's key.
    keys: BTreeMap<String, u32>,
}

impl Belongings {
    /// Batteries that it is responsible for now, with all of their passports but drafts of others, and with their models and batches,
    /// whosever these are; its models, batches, orders and evidence.
    pub(crate) async fn of(store: &Store, organisation: &str) -> Result<Self, Failure> {
        let mut heads = Vec::new();
        let (mut pieces, mut orders) = (BTreeSet::new(), BTreeSet::new());
        each_item(store, Table::Records, |item| {
            let (pk, sk) = item.place();
            match sk {
                "0#HEAD" => {
                    if let Ok(subject) = pk.parse::<Subject>() {
                        heads.push((subject, item.head()?));
                    }
                }
                "0#EVIDENCE" if item.text("organisation") == Some(organisation) => {
                    pieces.extend(pk.strip_prefix("E#").map(str::to_owned));
                }
                "0#ORDER" if item.text("organisation") == Some(organisation) => {
                    orders.extend(pk.strip_prefix("ORDER#").map(str::to_owned));
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        let own = Subject::Organisation(organisation.to_owned()).to_string();
        let subjects = subjects(organisation, heads);
        if !subjects.contains_key(&own) {
            return Err(Failure::Nobody(organisation.to_owned()));
        }
        let signers = subjects.values().flat_map(|head| {
            let before = head.tenures.iter().map(|it| it.organisation.clone());
            before.chain([head.organisation.clone(), head.operator().to_owned()])
        });
        let mut own = Self {
            organisation: organisation.to_owned(),
            signers: signers.collect(),
            keys: BTreeMap::new(),
            orders,
            subjects,
            pieces,
            evidence: Vec::new(),
        };
        each_item(store, Table::Keys, |item| {
            let number = item.number("number").and_then(|it| u32::try_from(it).ok());
            let subject = item.place().0;
            if let Some(number) = number.filter(|_| own.subjects.contains_key(subject)) {
                own.keys.insert(subject.to_owned(), number);
            }
            Ok(())
        })
        .await?;
        Ok(own)
    }

    /// The same, with the evidence of others that events of its subjects cite.
    pub(crate) async fn with_evidence(mut self, store: &Store) -> Result<Self, Failure> {
        let mut cited: BTreeMap<String, bool> = BTreeMap::new();
        let subjects: Vec<_> = self.subjects.iter().collect();
        for some in subjects.chunks(UNDER_WAY) {
            let audited = some.iter().map(async |(subject, head)| {
                let subject: Subject = subject.parse()?;
                let audited = store.audit(&subject).await?;
                Ok::<_, Failure>((audited.evidence, head.is_shared(&self.organisation)))
            });
            for (pieces, shared) in try_join_all(audited).await? {
                for piece in pieces {
                    let only_shared = cited.entry(piece.id).or_insert(true);
                    *only_shared &= shared;
                }
            }
        }
        let brought = self.pieces.iter().map(|id| (id.clone(), false));
        cited.extend(brought.collect::<Vec<_>>());
        for (id, only_shared) in cited {
            let Ok(uuid) = id.parse::<Uuid>() else {
                continue;
            };
            let Some(evidence) = store.evidence(uuid).await? else {
                continue;
            };
            // What another brought for itself alone stays with what it kept.
            if only_shared
                && evidence.class == Class::Internal
                && evidence.organisation != self.organisation
            {
                continue;
            }
            self.pieces.insert(id);
            if evidence.state == EvidenceState::Confirmed {
                self.evidence.push(evidence);
            }
        }
        Ok(self)
    }

    /// The subject of its own that a key is of: `U#<id>`, `D#P#<id>`, `I#…`.
    fn subject(&self, key: &str) -> Option<(&String, &Head)> {
        let parts: Vec<&str> = key.split('#').collect();
        let mut pairs = parts.windows(2).map(|pair| pair.join("#"));
        pairs.find_map(|subject| self.subjects.get_key_value(&subject))
    }

    /// The number of the newest event of each subject.
    pub(crate) fn heads(&self) -> BTreeMap<String, u64> {
        let subjects = self.subjects.iter();
        subjects
            .map(|(subject, head)| (subject.clone(), head.seq))
            .collect()
    }

    /// Whether a chain, `P#<id>` or `A#P#<id>`, is its own: of what is another's, no reads.
    pub(crate) fn has_chain(&self, chain: &str) -> bool {
        let subject = self.subject(chain);
        subject.is_some_and(|(_, head)| {
            !chain.starts_with(READS) || head.organisation == self.organisation
        })
    }

    /// Whether it is the page of one of its batteries: `html/de/<unit>`.
    pub(crate) fn has_page(&self, path: &str) -> bool {
        let unit = path.rsplit('/').next().unwrap_or_default();
        self.subjects.contains_key(&format!("U#{unit}"))
    }

    /// Whether it is a label of one of its batteries: `/<unit>/<label>`.
    pub(crate) fn has_label(&self, path: &str) -> bool {
        let unit = path.split('/').nth(1).unwrap_or_default();
        self.subjects.contains_key(&format!("U#{unit}"))
    }

    /// Whether a piece of evidence, its record and bytes, goes along.
    pub(crate) fn has_piece(&self, id: &str) -> bool {
        self.pieces.contains(id)
    }

    /// An item of the records as it goes along; none where it is not its own.
    pub(crate) fn record(&self, item: StoredItem) -> Option<StoredItem> {
        let (pk, sk) = item.place();
        let (kind, rest) = pk.split_once('#').unwrap_or((pk, ""));
        let its = || item.text("organisation") == Some(&self.organisation);
        let is_own = match kind {
            "E" => self.has_piece(rest),
            "KEYS" => self.signers.contains(rest),
            // Indexes: what they lead to.
            "I" => ["U#", "M#"]
                .iter()
                .any(|of| self.subjects.contains_key(&format!("{of}{sk}"))),
            "PUBLISH" => {
                let order = sk.strip_prefix("ORDER#");
                let order = order.is_some_and(|order| self.orders.contains(order));
                order || self.subject(pk).or_else(|| self.subject(sk)).is_some()
            }
            "A" => item
                .text("subject")
                .is_some_and(|it| self.subject(it).is_some()),
            // What another was sent stays with what it kept.
            "CONTRIBUTION" | "CONTRIBUTIONS" => {
                item.text("to") == Some(&self.organisation)
                    && item
                        .text("subject")
                        .is_some_and(|it| self.subject(it).is_some())
            }
            "GRANTS-BY" => rest == self.organisation,
            "D" => self.has_chain(rest),
            "ORDER" => self.orders.contains(rest),
            "ORDERS" => self.orders.contains(sk),
            "HOSTS" | "WATCH" => its(),
            _ => self.subject(pk).is_some(),
        };
        is_own.then(|| self.without_what_stays(item))
    }

    /// An item of the signals.
    pub(crate) fn is_signal(&self, item: &StoredItem) -> bool {
        let (pk, sk) = item.place();
        let own = format!("A#{}", self.organisation);
        let unit = pk.rsplit('#').chain(sk.rsplit('#'));
        let mut unit = unit.map(|unit| format!("U#{unit}"));
        pk == own || unit.any(|unit| self.subjects.contains_key(&unit))
    }

    /// The number of the key of a subject of which something stays, since another kept it for itself.
    pub(crate) fn key_of_what_stays(&self, subject: &str) -> Option<u32> {
        let head = self.subjects.get(subject)?;
        let number = self.keys.get(subject).copied().unwrap_or(1);
        head.is_shared(&self.organisation).then_some(number)
    }

    /// The item, empty where it is another's alone, and as the next key sealed it where its subject has something that stays.
    fn without_what_stays(&self, item: StoredItem) -> StoredItem {
        let (pk, sk) = item.place();
        let subject = self.subject(pk);
        let subject = subject.or_else(|| self.subject(item.text("subject")?));
        let Some((subject, head)) = subject else {
            return item;
        };
        let Some((class, owner)) = sealed(head, pk, sk, &item) else {
            return item;
        };
        match self.key_of_what_stays(subject) {
            None => item,
            Some(_) if class == Some(0) && owner != self.organisation => item.emptied(),
            Some(number) => item.for_the_key_after(number),
        }
    }
}

/// The access class of what an item holds sealed, where it is of one, and who was responsible when it was written; none where it holds
/// nothing sealed.
fn sealed<'h>(
    head: &'h Head,
    pk: &str,
    sk: &str,
    item: &StoredItem,
) -> Option<(Option<u64>, &'h str)> {
    let class = item.number("class");
    let mut parts = sk.split('#');
    let (begins, number) = (parts.next(), parts.next());
    let first = begins.and_then(|text| text.parse().ok());
    match (pk.split('#').next(), begins) {
        (Some("D"), _) => {
            let audience = item.text("audience")?.strip_prefix("class-");
            let class = audience.and_then(|class| class.parse().ok());
            // A read stands in no chain, and is for who is responsible.
            Some((
                class,
                first.map_or(head.organisation.as_str(), |seq| head.owner_at(seq)),
            ))
        }
        (Some("CONTRIBUTION"), _) => Some((None, &head.organisation)),
        (Some("R"), _) => Some((class, head.owner_at(item.number("seq")?))),
        (_, Some("S")) => Some((None, &head.organisation)),
        (_, Some("V")) if class.is_some_and(|class| class != 1) => {
            Some((class, head.owner_of(number?.parse().ok()?)))
        }
        (_, Some("0")) if number == Some("PART") && class.is_some_and(|class| class != 1) => {
            let revision = item.number("revision")?;
            let mut parts = head.parts.iter();
            let part = parts.find(|part| {
                u64::from(part.class.number()) == class.unwrap_or_default()
                    && part.revision == revision
            })?;
            Some((class, head.owner_of(part.version)))
        }
        _ => None,
    }
}

/// Which of these are an organisation's.
fn subjects(organisation: &str, heads: Vec<(Subject, Head)>) -> BTreeMap<String, Head> {
    let mut own = BTreeSet::from([Subject::Organisation(organisation.to_owned())]);
    for (subject, head) in &heads {
        let kind = matches!(
            subject,
            Subject::Unit(_) | Subject::Model(_) | Subject::Batch(_)
        );
        if kind && head.organisation == organisation {
            own.insert(subject.clone());
        }
    }
    for (subject, head) in &heads {
        let (unit, model, batch) = match (subject, &head.facts) {
            (_, Facts::Unit { model, batch, .. }) => (subject.clone(), model, batch),
            // What another prepares for a battery is its own until it is in force.
            (
                _,
                Facts::Passport {
                    status: RecordStatus::Draft,
                    ..
                },
            ) if head.organisation != organisation => continue,
            (
                _,
                Facts::Passport {
                    unit, model, batch, ..
                },
            ) => (Subject::Unit(*unit), model, batch),
            _ => continue,
        };
        if own.contains(&unit) {
            own.insert(subject.clone());
            own.insert(Subject::Model(*model));
            own.extend(batch.map(Subject::Batch));
        }
    }
    let heads = heads.into_iter();
    let heads = heads.filter(|(subject, _)| own.contains(subject));
    heads
        .map(|(subject, head)| (subject.to_string(), head))
        .collect()
}
