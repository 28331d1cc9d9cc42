//! The order of the sequencer's steps (ledger.md §1.3), searched exhaustively.
//!
//! Two sequencers run at once, three events are written at any time, and twice a sequencer stops anywhere: after every single
//! call to storage each of them may be the next to act. In every state that can be reached nothing is logged twice, in the
//! wrong order, or lost, no tile would have to hold two things, and no checkpoint is published before its tiles. From every
//! state one sequencer alone, with nothing more arriving, logs and publishes all that was written.
//!
//! Four other orders look as good. The search finds what is wrong with each, which also shows that it can find anything.
#![allow(
    clippy::indexing_slicing,
    reason = "a model's sets are as small as their indexes"
)]

use std::collections::{HashSet, VecDeque};

/// Events 0 and 1 are of one unit, 1 after 0; event 2 is another unit's.
const EVENTS: u8 = 3;
/// What lies in one is read by one query. Stricter than the design, the events of a unit are not all in the same.
const SHARDS: u8 = 2;
/// One more than there are events: room for a batch too many.
const MOST_BATCHES: usize = 4;
const CRASHES: u8 = 2;
/// More calls than three whole runs of a sequencer take.
const CALLS_TO_RECOVER: usize = 60;

/// An order of steps, and what is read.
#[derive(Clone, Copy)]
struct Order {
    /// Step b: the rows of the last batch are deleted before any are read.
    finishes_last_batch: bool,
    /// Step d: an event is taken only with the one before it, or after.
    checks_gaps: bool,
    /// Step e before step f: tiles are written once the batch is assigned.
    assigns_before_tiles: bool,
    /// Step c reads the table, not an index that lags behind.
    reads_consistently: bool,
}

const PROPOSED: Order = Order {
    finishes_last_batch: true,
    checks_gaps: true,
    assigns_before_tiles: true,
    reads_consistently: true,
};

/// A set of events, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Events(u8);

impl Events {
    fn of_shard(shard: u8) -> Self {
        let its = (0..EVENTS).filter(|event| event % SHARDS == shard);
        its.fold(Self::default(), Self::with)
    }

    fn has(self, event: u8) -> bool {
        self.0 >> event & 1 == 1
    }

    fn with(self, event: u8) -> Self {
        Self(self.0 | 1 << event)
    }

    fn without(self, event: u8) -> Self {
        Self(self.0 & !(1 << event))
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a crash leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Stored {
    /// In the ledger table.
    written: Events,
    /// Rows that wait, put in the transaction of their event.
    pending: Events,
    /// What an index shows of them.
    index: Events,
    /// What was assigned: their number is that of the head.
    batches: [Events; MOST_BATCHES],
    /// Create-only files, one per batch.
    tiles: [Events; MOST_BATCHES],
    /// Batches the checkpoint covers.
    published: usize,
    /// A file was there and held something else.
    conflict: bool,
}

impl Stored {
    fn head(&self) -> usize {
        self.batches
            .iter()
            .filter(|batch| !batch.is_empty())
            .count()
    }

    fn logged(&self) -> Events {
        self.batches
            .iter()
            .copied()
            .fold(Events::default(), Events::and)
    }

    fn position(&self, event: u8) -> Option<usize> {
        self.batches.iter().position(|batch| batch.has(event))
    }

    /// Deletes the pending row of one event of a batch.
    fn forget(&mut self, batch: Events, event: u8) {
        if batch.has(event) {
            self.pending = self.pending.without(event);
        }
    }

    /// Creates the file of a batch; false if it is there and holds something else.
    fn create_tile(&mut self, batch: usize, holds: Events) -> bool {
        if self.tiles[batch].is_empty() {
            self.tiles[batch] = holds;
        }
        self.tiles[batch] == holds
    }
}

/// The call to storage a sequencer makes next, with what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Call {
    /// a. reads the head.
    ReadHead,
    /// b. deletes the row of an event of the last batch.
    Finish { head: usize, event: u8 },
    /// c. reads a shard, after the last one d. leaves out what would be a gap.
    Read {
        head: usize,
        shard: u8,
        found: Events,
    },
    /// Only of a wrong order: writes the tiles of a batch that is not assigned.
    WriteEarly { head: usize, found: Events },
    /// e. assigns, if the head is where it was: from here on the batch is in the log.
    Assign { head: usize, found: Events },
    /// Deletes the row of an event of its own batch.
    Delete { batch: Events, event: u8 },
    /// f. writes the tiles of a batch, beginning with the first.
    Integrate { batch: usize },
    /// g. publishes a checkpoint, unless a larger one is there.
    Publish { size: usize },
}

/// One call of one sequencer: what is stored then, and what it calls next.
fn call(order: Order, mut stored: Stored, call: Call) -> (Stored, Call) {
    let first_read = |head| Call::Read {
        head,
        shard: 0,
        found: Events::default(),
    };
    let next = match call {
        Call::ReadHead => match stored.head() {
            0 => first_read(0),
            head if order.finishes_last_batch => Call::Finish { head, event: 0 },
            head => first_read(head),
        },
        Call::Finish { head, event } => {
            stored.forget(stored.batches[head - 1], event);
            match event + 1 {
                EVENTS => first_read(head),
                event => Call::Finish { head, event },
            }
        }
        Call::Read { head, shard, found } => {
            let rows = if order.reads_consistently {
                stored.pending
            } else {
                stored.index
            };
            let found = found.and(rows.both(Events::of_shard(shard)));
            match shard + 1 {
                SHARDS => take(order, &stored, head, found),
                shard => Call::Read { head, shard, found },
            }
        }
        Call::WriteEarly { head, found } => {
            let mine = head == MOST_BATCHES || stored.create_tile(head, found);
            if mine {
                Call::Assign { head, found }
            } else {
                Call::ReadHead
            }
        }
        Call::Assign { head, found } => {
            if stored.head() == head && head < MOST_BATCHES {
                stored.batches[head] = found;
                Call::Delete {
                    batch: found,
                    event: 0,
                }
            } else {
                Call::ReadHead
            }
        }
        Call::Delete { batch, event } => {
            stored.forget(batch, event);
            match event + 1 {
                EVENTS => Call::Integrate { batch: 0 },
                event => Call::Delete { batch, event },
            }
        }
        Call::Integrate { batch } if batch < stored.head() => {
            stored.conflict |= !stored.create_tile(batch, stored.batches[batch]);
            Call::Integrate { batch: batch + 1 }
        }
        Call::Integrate { batch } => Call::Publish { size: batch },
        Call::Publish { size } => {
            stored.published = stored.published.max(size);
            Call::ReadHead
        }
    };
    (stored, next)
}

/// What becomes of the rows that were found.
fn take(order: Order, stored: &Stored, head: usize, found: Events) -> Call {
    let gap = found.has(1) && !found.has(0) && !stored.logged().has(0);
    let found = if gap && order.checks_gaps {
        found.without(1)
    } else {
        found
    };
    if found.is_empty() {
        Call::Integrate { batch: 0 }
    } else if order.assigns_before_tiles {
        Call::Assign { head, found }
    } else {
        Call::WriteEarly { head, found }
    }
}

/// What is stored, what each sequencer is about to do, and how often one may still stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    stored: Stored,
    sequencers: [Call; 2],
    crashes: u8,
}

const BEGINNING: State = State {
    stored: Stored {
        written: Events(0),
        pending: Events(0),
        index: Events(0),
        batches: [Events(0); MOST_BATCHES],
        tiles: [Events(0); MOST_BATCHES],
        published: 0,
        conflict: false,
    },
    sequencers: [Call::ReadHead; 2],
    crashes: CRASHES,
};

/// Every state that can be the next.
fn successors(order: Order, state: &State) -> Vec<State> {
    let mut next = Vec::new();
    let written = state.stored.written;
    let writable =
        (0..EVENTS).filter(|event| !written.has(*event) && (*event != 1 || written.has(0)));
    for event in writable {
        let mut state = *state;
        state.stored.written = written.with(event);
        state.stored.pending = state.stored.pending.with(event);
        next.push(state);
    }
    if !order.reads_consistently && state.stored.index != state.stored.pending {
        let mut state = *state;
        state.stored.index = state.stored.pending;
        next.push(state);
    }
    for (which, pending_call) in state.sequencers.into_iter().enumerate() {
        if pending_call != Call::ReadHead && state.crashes > 0 {
            let mut state = *state;
            state.crashes -= 1;
            state.sequencers[which] = Call::ReadHead;
            next.push(state);
        }
        let mut state = *state;
        (state.stored, state.sequencers[which]) = call(order, state.stored, pending_call);
        next.push(state);
    }
    next
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Violation {
    Duplicate,
    Order,
    TileConflict,
    NeverWritten,
    Lost,
    PublishedTooEarly,
    DoesNotRecover,
}

const ALL: [Violation; 7] = [
    Violation::Duplicate,
    Violation::Order,
    Violation::TileConflict,
    Violation::NeverWritten,
    Violation::Lost,
    Violation::PublishedTooEarly,
    Violation::DoesNotRecover,
];

fn violates(order: Order, stored: &Stored, violation: Violation) -> bool {
    let logged = stored.logged();
    match violation {
        Violation::Duplicate => (0..EVENTS).any(|event| {
            stored
                .batches
                .iter()
                .filter(|batch| batch.has(event))
                .count()
                > 1
        }),
        Violation::Order => match (stored.position(0), stored.position(1)) {
            (None, Some(_)) => true,
            (Some(first), Some(second)) => first > second,
            (_, None) => false,
        },
        Violation::TileConflict => stored.conflict,
        Violation::NeverWritten => logged.both(stored.written) != logged,
        Violation::Lost => stored.written != stored.pending.and(logged),
        Violation::PublishedTooEarly => {
            let covered = 0..stored.published;
            covered.into_iter().any(|batch| {
                stored.tiles[batch] != stored.batches[batch] || stored.batches[batch].is_empty()
            })
        }
        Violation::DoesNotRecover => !recovers(order, *stored),
    }
}

/// Both stopped, nothing more arrives, the index has caught up: one sequencer starts.
fn recovers(order: Order, mut stored: Stored) -> bool {
    let mut next = Call::ReadHead;
    for _ in 0..CALLS_TO_RECOVER {
        stored.index = stored.pending;
        (stored, next) = call(order, stored, next);
        let unharmed =
            |it: &Violation| *it == Violation::DoesNotRecover || !violates(order, &stored, *it);
        if !ALL.iter().all(unharmed) {
            return false;
        }
    }
    stored.logged() == stored.written
        && stored.pending.is_empty()
        && stored.published == stored.head()
}

/// Searches breadth first for one of the violations: how many states there are, or the first that has it.
fn search(order: Order, violations: &[Violation]) -> Result<usize, (Violation, State)> {
    let mut seen = HashSet::from([BEGINNING]);
    let mut queue = VecDeque::from([BEGINNING]);
    // Most states differ only in who is about to do what.
    let mut judged = HashSet::new();
    while let Some(state) = queue.pop_front() {
        if judged.insert(state.stored) {
            let found = violations
                .iter()
                .find(|it| violates(order, &state.stored, **it));
            if let Some(violation) = found {
                return Err((*violation, state));
            }
        }
        for next in successors(order, &state) {
            if seen.insert(next) {
                queue.push_back(next);
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn the_proposed_order_has_no_violation_and_always_recovers() {
    let states = search(PROPOSED, &ALL).unwrap();
    println!("{states} states");
    assert!(states > 100_000, "only {states} states were searched");
}

#[test]
fn without_finishing_the_last_batch_an_event_is_logged_twice() {
    let order = Order {
        finishes_last_batch: false,
        ..PROPOSED
    };
    assert!(search(order, &[Violation::Duplicate]).is_err());
}

#[test]
fn without_a_gap_check_an_event_is_logged_before_the_one_it_follows() {
    let order = Order {
        checks_gaps: false,
        ..PROPOSED
    };
    assert!(search(order, &[Violation::Order]).is_err());
}

/// A tile is there for ever, with a batch that then was not assigned.
#[test]
fn with_tiles_before_the_assignment_a_log_does_not_recover() {
    let order = Order {
        assigns_before_tiles: false,
        ..PROPOSED
    };
    assert!(search(order, &[Violation::DoesNotRecover]).is_err());
}

#[test]
fn an_index_that_lags_behind_has_an_event_logged_twice() {
    let order = Order {
        reads_consistently: false,
        ..PROPOSED
    };
    assert!(search(order, &[Violation::Duplicate]).is_err());
}
