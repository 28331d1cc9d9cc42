//! Rights that come and go: what an organisation was given for a time, beyond its roles.

use ledger::Sha256;
use passport::Classes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most rights that an organisation holds beside those of single records.
pub const MOST_RIGHTS: usize = 200;
/// Most of those that one organisation gave: nobody fills the place of others.
pub const MOST_OF_ONE_GIVER: usize = 50;

/// A right that an organisation was given, by whom, for what and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Its id.
    pub id: Uuid,
    /// The organisation it was given to.
    pub to: String,
    /// The organisation that gave it.
    pub by: String,
    /// Of which records.
    pub of: Scope,
    /// What it lets that organisation do.
    pub right: Right,
    /// What for.
    pub purpose: String,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

/// The records that a grant is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every record there is.
    Everything,
    /// Those that an organisation is responsible for.
    Organisation(String),
    /// A model, its batches and its passports, as far as who gave it is responsible for them.
    Model(Uuid),
    /// A batch and its passports, likewise.
    Batch(Uuid),
    /// One passport.
    Passport(Uuid),
}

/// What a grant lets somebody do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// To act for who is responsible: an operator authorised in writing (Article 77(4)).
    Delegation,
    /// To read these classes.
    Reading(Classes),
    /// To bring data, of which whoever is responsible decides; it opens nothing to read.
    Contribution,
    /// To be somebody with a legitimate interest, for a purpose of `purposes.toml` (Article 77(2)(c)).
    Interest(String),
}

impl Grant {
    /// Whether it is in force at that time, in seconds since 1970.
    #[must_use]
    pub const fn in_force(&self, now: i64) -> bool {
        now < self.until
    }
}

/// A person or client of an organisation, named by nothing but a salted digest: two of the same cannot be told to be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    salt: Sha256,
    digest: Sha256,
}

impl Person {
    /// The person with that `sub` of an organisation, under 32 fresh random bytes.
    #[must_use]
    pub fn new(organisation: &str, subject: &str, random: [u8; 32]) -> Self {
        let salt = Sha256::from_bytes(random);
        Self {
            digest: Self::digest(salt, organisation, subject),
            salt,
        }
    }

    fn digest(salt: Sha256, organisation: &str, subject: &str) -> Sha256 {
        let mut bytes = salt.as_bytes().to_vec();
        // An organisation's id holds no NUL.
        bytes.extend_from_slice(organisation.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(subject.as_bytes());
        Sha256::of(&bytes)
    }

    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, organisation: &str, subject: &str) -> bool {
        self.digest == Self::digest(self.salt, organisation, subject)
    }
}

/// That a battery was bought: by an organisation, or by one person of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id.
    pub id: Uuid,
    /// The organisation.
    pub organisation: String,
    /// The one person; all of the organisation where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// That an organisation, or one person of it, may do nothing more until this is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Its id.
    pub id: Uuid,
    /// The one person; the whole organisation where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// What stands beside an organisation's record: what it was given, and what was taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// What it was given of more than one passport; what is of one is with that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// What was taken from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<Suspension>,
}

impl Rights {
    /// Whether nothing is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.suspensions.is_empty()
    }

    /// Holds a grant, in place of an interest of the same purpose and of what is over; `false` where it holds [`MOST_RIGHTS`] already, or
    /// [`MOST_OF_ONE_GIVER`] of who gives it.
    #[must_use]
    pub fn hold(&mut self, grant: Grant, now: i64) -> bool {
        let takes_place =
            |held: &Grant| matches!(grant.right, Right::Interest(_)) && held.right == grant.right;
        self.grants
            .retain(|held| held.in_force(now) && !takes_place(held));
        let of_one = self.grants.iter().filter(|held| held.by == grant.by);
        let room = self.grants.len() < MOST_RIGHTS && of_one.count() < MOST_OF_ONE_GIVER;
        if room {
            self.grants.push(grant);
        }
        room
    }

    /// Whether this person of the organisation may do nothing at present.
    #[must_use]
    pub fn suspended(&self, organisation: &str, subject: &str) -> bool {
        let person = |suspension: &Suspension| {
            let person = suspension.person.as_ref();
            person.is_none_or(|person| person.is(organisation, subject))
        };
        self.suspensions.iter().any(person)
    }
}
