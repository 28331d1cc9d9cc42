//! One battery: each of its names, each view.

use futures_util::future::try_join_all;
use identity::UnitId;
use ledger::{Sha256, Timestamp};
use resolver::{Name, Rendering};
use storage::{Facts, Placed, Snapshot, Subject, Work};

use crate::{Failure, Publisher};

/// How often others may be faster.
const ATTEMPTS: usize = 8;
/// So many lives of other batteries may end with this one.
const MOST_LIVES: usize = 100;
/// No copy is of this time: what is the same at it is the same.
const TIMELESS: Timestamp = Timestamp::from_millisecond(0);

impl Publisher {
    /// Publishes a battery as it is now. Safe to repeat, and by several at once.
    ///
    /// # Errors
    /// [`Failure`]; what was put stays.
    pub async fn unit(&self, unit: UnitId) -> Result<(), Failure> {
        for name in self.resolver().names(unit).await? {
            self.name(&name).await?;
        }
        Ok(())
    }

    /// Publishes what is public under a name. Whoever puts saw, before it read what is public, what it puts over: so nobody puts
    /// what was read before what stands there.
    pub(crate) async fn name(&self, name: &Name) -> Result<(), Failure> {
        let keys = name.keys(&self.languages);
        for _ in 0..ATTEMPTS {
            let placed = keys.iter().map(|key| self.store.placed(key));
            let placed = try_join_all(placed).await?;
            if self.once(name, &placed).await? {
                return Ok(());
            }
        }
        Err(Failure::Busy(
            keys.into_iter().next_back().unwrap_or_default(),
        ))
    }

    /// `false` where somebody else put meanwhile.
    async fn once(&self, name: &Name, placed: &[Option<Placed>]) -> Result<bool, Failure> {
        let as_of = web::now();
        let Some(mut snapshot) = self.resolver().snapshot(name, &self.languages).await? else {
            return Ok(true);
        };
        let digests: Vec<Sha256> = snapshot.renderings(TIMELESS).iter().map(digest).collect();
        let is_there = |(placed, digest): (&Option<Placed>, &Sha256)| {
            placed
                .as_ref()
                .is_some_and(|placed| placed.digest == Some(*digest))
        };
        if placed.iter().zip(&digests).all(is_there) {
            return Ok(true);
        }
        let state = snapshot.state();
        // What stands last was put last: as long as it says what was so before, the edge may still say so too.
        let before = placed.last().and_then(Option::as_ref);
        if before.is_some_and(|before| before.state != Some(state)) {
            self.invalidate(snapshot.tag().into_iter().collect())
                .await?;
        }
        let snapshots =
            snapshot
                .renderings(as_of)
                .into_iter()
                .zip(digests)
                .map(|(rendering, digest)| Snapshot {
                    key: rendering.key,
                    status: rendering.status,
                    media_type: rendering.media_type,
                    language: rendering.language,
                    location: rendering.location,
                    link: rendering.link,
                    as_of,
                    digest,
                    state,
                    body: rendering.body,
                });
        let mut puts: Vec<_> = snapshots.zip(placed).collect();
        let last = puts.pop();
        let puts = puts
            .into_iter()
            .map(|(snapshot, over)| self.store.place(snapshot, over.as_ref()));
        if !try_join_all(puts).await?.into_iter().all(|put| put) {
            return Ok(false);
        }
        match last {
            Some((snapshot, over)) => Ok(self.store.place(snapshot, over.as_ref()).await?),
            None => Ok(true),
        }
    }

    /// Whatever the change of a unit or passport reaches.
    pub(crate) async fn batteries(&self, subject: &Subject) -> Result<(), Failure> {
        match subject {
            Subject::Unit(unit) => self.unit(*unit).await,
            Subject::Passport(_) => self.passport(subject).await,
            _ => Ok(()),
        }
    }

    /// A passport's battery. Where its life ends, so do the lives before it, some of which other batteries had.
    async fn passport(&self, subject: &Subject) -> Result<(), Failure> {
        let mut lives = vec![subject.clone()];
        let mut seen = 0;
        while let Some(subject) = lives.get(seen).cloned() {
            seen += 1;
            let Some(record) = self.store.record(&subject).await? else {
                continue;
            };
            let Facts::Passport { unit, life, .. } = &record.head.facts else {
                continue;
            };
            self.unit(*unit).await?;
            let now = web::now();
            if let Some(recycling) = &life.recycling
                && recycling.final_at > now
            {
                let work = Work::Subject(subject);
                self.store.ask_later(&work, recycling.final_at).await?;
            }
            if self.store.has_ceased(&record.head.facts, now).await? {
                let before = life.predecessors.iter().map(|id| Subject::Passport(*id));
                let new: Vec<Subject> = before.filter(|life| !lives.contains(life)).collect();
                lives.extend(new);
            }
            if seen == MOST_LIVES {
                break;
            }
        }
        Ok(())
    }
}

/// What makes a copy what it is, beside its time.
fn digest(rendering: &Rendering) -> Sha256 {
    let parts = (
        rendering.status,
        rendering.media_type,
        &rendering.location,
        &rendering.body,
    );
    Sha256::of(format!("{parts:?}").as_bytes())
}
