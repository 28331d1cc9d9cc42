//! Whatever is due, also what no stream told of.

use std::time::Instant;

use futures_util::future::{join_all, try_join_all};
use futures_util::stream::{StreamExt, iter};
use storage::{DUE_SHARDS, Due, StoreError, Subject, Work};

use crate::{Failure, Publisher};

/// Pieces of work at the same time.
const AT_ONCE: usize = 4;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Pieces of work it finished.
    pub done: usize,
    /// Pieces it could not finish for a fault; the log says why, and the next sweep goes on with them.
    pub failed: usize,
}

enum Ended {
    Done,
    /// It is somebody else's, or not ready, or the time is over.
    NotYet,
    Failed,
}

impl Publisher {
    /// Works off what is due until nothing is left that can be, or `until` has come. One piece that fails does not stop the others.
    /// Safe to run at any time and by several at once.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be listed what is due.
    pub async fn sweep(&self, until: Instant) -> Result<Swept, StoreError> {
        let now = web::now();
        try_join_all((0..DUE_SHARDS).map(|shard| self.store.time_has_come(shard, now))).await?;
        let mut swept = Swept::default();
        loop {
            let due = try_join_all((0..DUE_SHARDS).map(|shard| self.store.all_due(shard))).await?;
            let ended: Vec<Ended> = iter(due.into_iter().flatten())
                .map(|due| self.try_to(due, until))
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            let count = |wanted: fn(&Ended) -> bool| ended.iter().filter(|one| wanted(one)).count();
            let done = count(|one| matches!(one, Ended::Done));
            swept.done += done;
            swept.failed = count(|one| matches!(one, Ended::Failed));
            if done == 0 || Instant::now() >= until {
                return Ok(swept);
            }
        }
    }

    async fn try_to(&self, due: Due, until: Instant) -> Ended {
        if Instant::now() >= until {
            return Ended::NotYet;
        }
        match self.work(&due, until).await {
            Ok(true) => Ended::Done,
            Ok(false) => Ended::NotYet,
            Err(error) => {
                tracing::error!(work = %due.work, %error, "not published");
                Ended::Failed
            }
        }
    }

    /// `false` where it is not done, and that is no fault.
    async fn work(&self, due: &Due, until: Instant) -> Result<bool, Failure> {
        match &due.work {
            Work::Order(id) => self.order(due, *id, until).await,
            Work::Units {
                model,
                shard,
                batch,
            } => self.units(due, (*model, *shard, *batch), until).await,
            Work::Subject(subject) => self.subject(due, subject).await.map(|()| true),
        }
    }

    async fn subject(&self, due: &Due, subject: &Subject) -> Result<(), Failure> {
        let signed = self.sign(subject).await;
        // A recall waits for no signature: the row stays for what could not be signed.
        match subject {
            Subject::Unit(_) | Subject::Passport(_) => self.batteries(subject).await?,
            _ => self.product(subject).await?,
        }
        signed?;
        Ok(self.store.done(due).await?)
    }

    /// Subjects that changed: each is published where that is still due. Tells which failed.
    pub(crate) async fn changed(&self, subjects: &[Subject]) -> Vec<Subject> {
        let published = join_all(subjects.iter().map(|subject| self.if_due(subject))).await;
        let failed = subjects.iter().zip(published);
        failed
            .filter_map(|(subject, published)| {
                let error = published.err()?;
                tracing::error!(%subject, %error, "not published");
                Some(subject.clone())
            })
            .collect()
    }

    async fn if_due(&self, subject: &Subject) -> Result<(), Failure> {
        match self.store.due(&Work::Subject(subject.clone())).await? {
            Some(due) => self.subject(&due, subject).await,
            None => Ok(()),
        }
    }
}
