//! The only crate that knows DynamoDB, S3 and KMS.
//!
//! # Access patterns
//!
//! | question | table | partition | sort key |
//! |---|---|---|---|
//! | what does a scanned label lead to | `records` | `U#<unit>` | begins with `0#`: `0#HEAD`, `0#LABEL#<label>`, `0#PUBLIC` |
//! | the current state of a subject | `records` | `<subject>` | begins with `0#`: `0#HEAD`, `0#PART#<class>` |
//! | the public part of a model or batch | `records` | `<subject>` | `0#PART#1` |
//! | version n of a subject | `records` | `<subject>` | `V#<n>`, its changed parts `V#<n>#<class>` |
//! | which versions hold a named value set | `records` | `<subject>` | `S#<seq>` of the event that made it |
//! | what a dynamic attribute was, from `a` to `b` | `records` | `R#<subject>` | between `<group>/<id>#<a>` and `<group>/<id>#<b + 92 days>`: an item `…#<last moment>#<seq>` spans no more |
//! | an organisation, its clients' standing reasons | `records` | `O#<organisation>` | `0#ORGANISATION` |
//! | what it may do at present | `records` | `O#<organisation>` | begins with `0#`: `0#ORGANISATION`, `0#HEAD` with what it was given and lost |
//! | who asked for access, and what was decided | `records` | `ASKED`, `ASKED#<organisation>` | request id (UUIDv7) |
//! | what an organisation gave, and was given | `records` | `GRANTS-BY#<organisation>`, `GRANTS-TO#<organisation>` | grant id (UUIDv7) |
//! | a contribution, with what it says, sealed | `records` | `CONTRIBUTION#<id>` | `0#CONTRIBUTION` |
//! | what an organisation contributed, and was sent | `records` | `CONTRIBUTIONS#BY#<organisation>`, `CONTRIBUTIONS#TO#<organisation>` | contribution id (UUIDv7) |
//! | which contributions to a record wait for a decision | `records` | `CONTRIBUTIONS#OPEN#<subject>` | contribution id (UUIDv7) |
//! | which hosts of operators' own are in carriers, and whose they are | `records` | `HOSTS` | host |
//! | are these labels still in force | `records` | `U#<unit>` | `0#LABEL#<label>`, 100 at a time |
//! | an order of unit ids | `records` | `ORDER#<id>` | `0#ORDER` |
//! | which orders are not complete | `records` | `ORDERS#PENDING` | order id |
//! | which units are of a model | `records` | `I#<model>#<shard 0-63>` | unit id |
//! | which models there are | `records` | `I#MODELS` | model id |
//! | what is to be published anew | `records` | `PUBLISH#<shard 0-7>` | a subject, `ORDER#<id>`, or a partition of the index of units and, where only its units are meant, `#<batch>` |
//! | what is to be published anew, and when | `records` | `PUBLISH#LATER#<shard 0-7>` | time, `#` and the same |
//! | what of a model, batch or organisation was published last | `records` | `PUBLISH#FACE#<subject>` | `0#FACE` |
//! | what the watch found of each host name | `records` | `WATCH#HOSTS` | host |
//! | what an operator signed of the n-th public version | `records` | `SIGNED#<subject>` | `<n>` |
//! | the public keys an operator ever signed with | `records` | `KEYS#<organisation>` | thumbprint |
//! | a piece of evidence | `records` | `E#<id>` | `0#EVIDENCE` |
//! | was it brought to this organisation | `records` | `E#<id>` | `0#OPENED#<organisation>` |
//! | what an event discloses, by audience | `records` | `D#<subject>` | `<seq>#<audience>` |
//! | the events of a subject, in order | `ledger` | `<subject>` | `<seq>` |
//! | who read restricted data of a subject | `ledger` | `A#<subject>` | event id (UUIDv7) |
//! | how often a unit was scanned on a day that is over | `ledger` | `A#U#<unit>` | `<day>` |
//! | what a Merkle log has still to take in | `log` | `PENDING#<log>#<shard 0-15>` | event id |
//! | where a Merkle log stands | `log` | `HEAD#<log>` | `0` |
//! | what a batch took in | `log` | `BATCH#<log>#<number>` | `0` |
//! | which entry an event became | `log` | `LEAF#<subject>`, `LEAF#A#<subject>` | `<seq>`, event id or day |
//! | the wrapped data key of a subject | `keys` | `<subject>` | |
//! | was this request answered before | `requests` | `<org>|<client>|<route>|<key>` | |
//! | did this proof of a token's holder come before | `requests` | `DPOP#<thumbprint>#<hash of its jti>` | |
//! | what did a principal ask of all processes together | `requests` | `TALLY#<hash>#<since>` | |
//! | how often a unit's labels were scanned | `signals` | `U#<unit>` | `<day>#<what was known>#<label>#<country>` |
//! | which alarms were raised for an organisation | `signals` | `A#<organisation>` | `<day>#<unit>#<kind>#<label>` |
//! | of which days are scans still to be told | `signals` | `SCANNED#<shard 0-7>` | `<day>#<unit>` |
//! | was this part of a batch of scans counted | `signals` | `B#<batch>` | `<part>` |
//!
//! Sequence and version numbers in sort keys have ten digits. Every item carries its format version `v`. A change of a
//! subject is one `TransactWriteItems` ([`Store::commit`]); there is no other way to write data or an event.

mod alias;
mod audit;
mod carrier_host;
mod change;
mod commit;
mod compression;
mod contribution;
mod cookie_seal;
mod due;
mod erasing;
mod error;
mod evidence;
mod facts;
mod host_watch;
mod index;
mod journal;
mod life;
mod log;
mod log_object;
mod moving;
mod order;
mod organisation;
mod public_reads;
mod published;
mod read_log;
mod record;
mod requests;
mod rights;
mod scan;
mod sealing;
mod series;
mod sightings;
mod signing_key;
mod size;
mod snapshot;
mod store;
mod stored;
mod subject;
mod tables;
mod tally;
mod tenure;
mod unit;
mod value_set;
mod view;
mod witness;

pub use alias::LinkedAlias;
pub use audit::{Audited, Finding};
pub use carrier_host::CarrierHost;
pub use change::{Change, EventInput, Receipt, SubjectChange};
pub use commit::{CommitError, MAX_SUBJECTS};
pub use contribution::{Closing, Contributed, Contribution, ContributionState};
pub use cookie_seal::CookieSeal;
pub use due::{DUE_SHARDS, Due, NotWork, Work};
pub use erasing::{Eraser, Erasing, Erasure};
pub use error::StoreError;
pub use evidence::{EVIDENCE_LIMIT, Evidence, EvidenceError, EvidenceState, Upload};
pub use facts::{Custody, Facts, Recall, RecordStatus};
pub use host_watch::{HostFinding, HostWatch, Severity};
pub use index::UNIT_SHARDS;
pub use journal::{StoredEvent, VersionEntry, VersionValues};
pub use life::{Asked, ClaimCode, Life, Next, Offer, Recycling};
pub use log::{Log, LogBatch, LogEntry, LogFolder, LogHead, Logged};
pub use log_object::{LogNote, Served};
pub use moving::Moving;
pub use order::{Order, OrderState};
pub use organisation::{Member, Registrar};
pub use public_reads::ScannedDay;
pub use published::Published;
pub use read_log::{ReadRecord, RecordedRead};
pub use record::{Head, OpenRecord, PartReference, Record};
pub use requests::{Earlier, Request};
pub use rights::{AccessRequest, Decision, Direction, Given, Revoked};
pub use scan::{PublicPart, Scan, Shared};
pub use sealing::{KeyVault, fill_random};
pub use series::{Range, Readings, StoredReading};
pub use sightings::{Alarm, COUNTERS_AT_ONCE, Counter};
pub use signing_key::{OperatorKeys, SigningKey};
pub use snapshot::{Placed, Snapshot};
pub use store::{Buckets, Store, Watcher};
pub use stored::{Bucket, NextPage, NotAnItem, ObjectHeaders, StoredItem, StoredObject};
pub use subject::{NotASubject, Subject};
pub use tables::{Table, create_tables};
pub use tally::{Sums, Told};
pub use tenure::{Sight, Tenure};
pub use unit::{Awaiting, Label, LabelChange};
pub use value_set::ValueSet;
pub use view::SignedView;
pub use witness::WitnessMemory;
