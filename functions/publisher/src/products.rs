//! What many units share: a change of it is worked off shard by shard of the index of its units.

use std::time::Instant;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use identity::UnitId;
use ledger::Timestamp;
use storage::{Due, Facts, OrderState, Record, Subject, UNIT_SHARDS, Work};
use uuid::Uuid;

use crate::{Failure, Publisher};

/// Units between two notes of how far it is.
const PAGE: i32 = 100;
/// Units that are published at the same time: most of it is waiting for the bucket.
const AT_ONCE: usize = 16;
/// When nobody holds anything any more.
const END_OF_TIME: Timestamp = Timestamp::from_millisecond(i64::MAX);

impl Publisher {
    /// A model, batch or organisation changed: asks for what its units take from it, unless that is as it was.
    pub(crate) async fn product(&self, subject: &Subject) -> Result<(), Failure> {
        let Some(record) = self.store.record(subject).await? else {
            return Ok(());
        };
        let face = record.head.shared_face()?;
        let before = self.store.worked_off(subject).await?;
        // At its first event it has no units yet.
        if before != Some(face) && (before.is_some() || record.head.seq > 1) {
            self.invalidate(subject.cache_tag().into_iter().collect())
                .await?;
            for work in self.work_of(&record).await? {
                self.store.ask_for(&work).await?;
            }
        }
        Ok(self.store.work_off(subject, face).await?)
    }

    /// Takes work that is nobody's.
    async fn take(&self, due: &Due) -> Result<bool, Failure> {
        let now = web::now();
        let free = if self.alone { END_OF_TIME } else { now };
        Ok(self.store.take(due, now, free).await?)
    }

    async fn work_of(&self, record: &Record) -> Result<Vec<Work>, Failure> {
        let (models, batch) = match (&record.subject, &record.head.facts) {
            (Subject::Model(model), _) => (vec![*model], None),
            (Subject::Batch(batch), Facts::Batch { model, .. }) => (vec![*model], Some(*batch)),
            // Whose batteries an operator has is not indexed: its custody moves once in a lifetime.
            (Subject::Organisation(_), _) => (self.store.models().await?, None),
            _ => (Vec::new(), None),
        };
        let units = |model| {
            (0..UNIT_SHARDS).map(move |shard| Work::Units {
                model,
                shard,
                batch,
            })
        };
        Ok(models.into_iter().flat_map(units).collect())
    }

    /// Goes on with a shard of a model's units until it is done or `until` has come.
    pub(crate) async fn units(
        &self,
        due: &Due,
        (model, shard, batch): (Uuid, u8, Option<Uuid>),
        until: Instant,
    ) -> Result<bool, Failure> {
        if !self.take(due).await? {
            return Ok(false);
        }
        let mut after = due.after;
        loop {
            let units = self.store.units_of(model, shard, after, PAGE).await?;
            let Some((last, _)) = units.last().copied() else {
                self.store.done(due).await?;
                return Ok(true);
            };
            let asked = units
                .into_iter()
                .filter(|(_, own)| batch.is_none() || *own == batch)
                .map(|(unit, _)| unit);
            self.each(asked).await?;
            if !self.store.advance(due, last, web::now()).await? {
                // It was asked for anew, or somebody took it for left.
                return Ok(false);
            }
            if Instant::now() >= until {
                self.store.let_go(due).await?;
                return Ok(false);
            }
            after = Some(last);
        }
    }

    /// Goes on with the units of an order, once they exist.
    pub(crate) async fn order(&self, due: &Due, id: Uuid, until: Instant) -> Result<bool, Failure> {
        let order = self.store.order(id).await?;
        let Some(order) = order.filter(|order| order.state == OrderState::Complete) else {
            return Ok(false);
        };
        if !self.take(due).await? {
            return Ok(false);
        }
        let mut units: Vec<_> = order.units.into_iter().map(|(unit, _)| unit).collect();
        units.sort_unstable();
        units.retain(|unit| due.after.is_none_or(|after| *unit > after));
        for page in units.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            self.each(page.iter().copied()).await?;
            let Some(last) = page.last() else { break };
            if !self.store.advance(due, *last, web::now()).await? {
                return Ok(false);
            }
            if Instant::now() >= until {
                self.store.let_go(due).await?;
                return Ok(false);
            }
        }
        self.store.done(due).await?;
        Ok(true)
    }

    /// Publishes units at the same time. One that fails is asked for by itself, so that it stops no other.
    async fn each(&self, units: impl Iterator<Item = UnitId>) -> Result<(), Failure> {
        iter(units.map(async |unit| match self.unit(unit).await {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::error!(%unit, %error, "not published");
                let work = Work::Subject(Subject::Unit(unit));
                self.store.ask_for(&work).await
            }
        }))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
        Ok(())
    }
}
