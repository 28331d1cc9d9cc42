//! Values that are planted wherever something is kept, and who may come across each.

use std::sync::atomic::{AtomicU32, Ordering};

/// Of whom a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A battery that stays with its maker, its model and its batch; one reader was granted point 2 of it, another claimed it.
    Battery,
    /// A battery that was handed on: from the time of its maker.
    Handed,
    /// The same, from the time of the next owner.
    HandedOn,
    /// A battery of which a further life was begun.
    Succeeded,
}

/// Who may come across a value.
#[derive(Debug, Clone)]
pub enum For {
    /// Whoever reads all of these classes.
    Classes(Of, &'static [u8]),
    /// These organisations, and no other.
    Only(&'static [&'static str]),
}

/// A value that is found nowhere by chance.
#[derive(Debug, Clone)]
pub struct Canary {
    /// What it is of, and the value itself.
    pub text: String,
    pub readers: For,
    /// Whether anybody is answered with it.
    pub is_told: bool,
}

/// Somebody who asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Nobody in particular where it is empty.
    pub role: &'static str,
    pub organisation: &'static str,
    /// Another person than the one that claimed a battery.
    pub is_another: bool,
}

const fn reader(role: &'static str, organisation: &'static str) -> Reader {
    Reader {
        role,
        organisation,
        is_another: false,
    }
}

/// Everybody: no token, each of the thirteen roles, both owners, and a colleague of the one who claimed a battery.
pub const READERS: [Reader; 16] = [
    reader("", ""),
    reader("economic-operator", "voltwerk"),
    reader("economic-operator", "hausspeicher"),
    reader("service-provider", "garage-nord"),
    reader("repurposer", "second-life"),
    reader("recycler", "recyclo"),
    reader("waste-operator", "recyclo"),
    reader("market-surveillance", "authority"),
    reader("notified-body", "certlab"),
    reader("commission", "commission"),
    reader("customs", "border"),
    reader("auditor", "auditors"),
    reader("platform-operator", "operations"),
    reader("supplier", "cellmaker"),
    reader("purchaser", "fleet"),
    Reader {
        is_another: true,
        ..reader("purchaser", "fleet")
    },
];

impl Reader {
    /// Article 77(2) and Annex XIII: everybody reads point 1, who has a legitimate interest 2 and 4 as well, authorities 2 and 3;
    /// an owner what is its own. Points 2 and 4 go with a battery, what an owner kept (class 0) and showed authorities (3) does not.
    fn classes(self, of: Of) -> &'static [u8] {
        let is_claimed = of == Of::Battery && !self.is_another;
        match (self.organisation, self.role) {
            ("voltwerk", _) if of != Of::HandedOn => &[0, 1, 2, 3, 4],
            ("hausspeicher", _) if of == Of::HandedOn => &[0, 1, 2, 3, 4],
            ("hausspeicher", _) if of == Of::Handed => &[1, 2, 4],
            ("cellmaker", _) if of == Of::Battery => &[1, 2],
            (_, "purchaser") if is_claimed => &[1, 2, 4],
            (_, "service-provider" | "repurposer" | "recycler" | "waste-operator") => &[1, 2, 4],
            (_, "market-surveillance" | "notified-body" | "commission") => &[1, 2, 3],
            _ => &[1],
        }
    }

    pub fn may_see(self, canary: &Canary) -> bool {
        match &canary.readers {
            For::Classes(of, needed) => {
                let read = self.classes(*of);
                needed.iter().all(|class| read.contains(class))
            }
            For::Only(organisations) => organisations.contains(&self.organisation),
        }
    }

    /// Whether a record is its own, so that it is asked for nothing that would succeed.
    pub fn is_owner(self) -> bool {
        ["voltwerk", "hausspeicher"].contains(&self.organisation)
    }
}

/// Everything that was planted.
#[derive(Debug, Default)]
pub struct Planted(pub Vec<Canary>);

impl Planted {
    /// A value for these readers, with a word that says where it was planted.
    pub fn plant(&mut self, place: &str, readers: For) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        // Long enough to be no chance, short enough for the shortest text.
        let number = COUNT.fetch_add(1, Ordering::Relaxed) * 7_919;
        let text = format!("canary{number:06}-{place}");
        self.add(text.clone(), readers);
        text
    }

    /// Whoever reads these classes.
    pub fn of(&mut self, of: Of, classes: &'static [u8], place: &str) -> String {
        self.plant(place, For::Classes(of, classes))
    }

    pub fn only(&mut self, organisations: &'static [&'static str], place: &str) -> String {
        self.plant(place, For::Only(organisations))
    }

    /// A value that came about otherwise.
    pub fn add(&mut self, text: String, readers: For) {
        self.0.push(Canary {
            text,
            readers,
            is_told: true,
        });
    }

    /// The newest is kept and told to nobody.
    pub fn untold(&mut self) {
        if let Some(canary) = self.0.last_mut() {
            canary.is_told = false;
        }
    }
}
