//! A subject's chain, checked link by link.

use crate::id::Sha256;
use crate::open::{OpenError, open};

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of events.
    pub seq: u64,
    /// Hash of the last.
    pub hash: Sha256,
}

/// The first lie in a chain.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("event {seq}: {what}")]
pub struct ChainFault {
    /// Which event, from 1.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

/// Checks a whole chain: events 1 to n of one subject, each following the one before, times never going back.
///
/// Every event comes as its leaf and disclosures, among them the `chain` one. The first event of a unit follows the event
/// of its order, which is in another chain, so `prev` of event 1 is not checked here.
///
/// # Errors
/// [`ChainFault`] naming the first event that does not fit.
pub fn verify_chain<'a>(
    subject: &str,
    events: impl Iterator<Item = (&'a [u8], &'a [String])>,
) -> Result<ChainHead, ChainFault> {
    let mut head: Option<(ChainHead, crate::Timestamp)> = None;
    for (number, (bytes, disclosures)) in (1_u64..).zip(events) {
        let fault = |what: String| ChainFault { seq: number, what };
        let event =
            open(bytes, disclosures).map_err(|error: OpenError| fault(error.to_string()))?;
        let link = event
            .chain
            .ok_or_else(|| fault("its place in the chain was not disclosed".to_owned()))?;
        if link.subject != subject {
            return Err(fault(format!("it belongs to `{}`", link.subject)));
        }
        if link.seq != number {
            return Err(fault(format!("it is number {} of the chain", link.seq)));
        }
        if let Some((before, at)) = &head {
            if link.prev != Some(before.hash) {
                return Err(fault("it does not follow the event before it".to_owned()));
            }
            if event.at <= *at {
                return Err(fault(
                    "its time is not after that of the event before it".to_owned(),
                ));
            }
        }
        let end = ChainHead {
            seq: number,
            hash: event.hash,
        };
        head = Some((end, event.at));
    }
    head.map(|(end, _)| end).ok_or_else(|| ChainFault {
        seq: 1,
        what: "there is no event".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealedEvent;
    use crate::open::tests::{draft, random, sealed};

    type Link = (Vec<u8>, Vec<String>);

    fn link(event: &SealedEvent) -> Link {
        let disclosures = event.disclosures.values().flatten().cloned().collect();
        (event.bytes.clone(), disclosures)
    }

    fn chain(length: u64) -> Vec<Link> {
        let mut prev = None;
        (1..=length)
            .map(|seq| {
                let event = sealed(seq, prev);
                prev = Some(event.hash);
                link(&event)
            })
            .collect()
    }

    fn check(links: &[Link]) -> Result<ChainHead, ChainFault> {
        let subject = draft(1, None).subject;
        verify_chain(
            &subject,
            links
                .iter()
                .map(|(bytes, texts)| (bytes.as_slice(), texts.as_slice())),
        )
    }

    #[test]
    fn a_whole_chain_holds() {
        let links = chain(5);
        let head = check(&links).unwrap();
        assert_eq!(head.seq, 5);
        assert_eq!(head.hash, Sha256::of_leaf(&links[4].0));
    }

    #[test]
    fn dropped_swapped_doubled_and_edited_events_are_named() {
        let whole = chain(5);
        let mut dropped = whole.clone();
        dropped.remove(2);
        assert_eq!(check(&dropped).unwrap_err().seq, 3);
        let mut swapped = whole.clone();
        swapped.swap(1, 2);
        assert_eq!(check(&swapped).unwrap_err().seq, 2);
        let mut doubled = whole.clone();
        doubled.insert(3, whole[2].clone());
        assert_eq!(check(&doubled).unwrap_err().seq, 4);
        let mut forged = whole.clone();
        forged[2] = link(&sealed(3, Some(Sha256::of(b"elsewhere"))));
        assert_eq!(check(&forged).unwrap_err().seq, 3);
        assert!(check(&[]).is_err());
    }

    #[test]
    fn each_lie_is_told_by_its_name() {
        let whole = chain(3);
        let said = |links: &[Link]| check(links).unwrap_err().to_string();

        let mut other = draft(2, Some(Sha256::of_leaf(&whole[0].0)));
        other.subject = "P#other".to_owned();
        let other = link(&other.seal(&mut random()).unwrap());
        let foreign = [whole[0].clone(), other];
        assert_eq!(said(&foreign), "event 2: it belongs to `P#other`");

        let mut late = draft(2, Some(Sha256::of_leaf(&whole[0].0)));
        late.at = draft(1, None).at;
        let late = [whole[0].clone(), link(&late.seal(&mut random()).unwrap())];
        assert_eq!(
            said(&late),
            "event 2: its time is not after that of the event before it"
        );

        let gap = [whole[0].clone(), whole[2].clone()];
        assert_eq!(said(&gap), "event 2: it is number 3 of the chain");

        let mut hidden = whole.clone();
        hidden[1].1.clear();
        assert_eq!(
            said(&hidden),
            "event 2: its place in the chain was not disclosed"
        );

        let mut stolen = whole.clone();
        stolen[1].1 = whole[0].1.clone();
        assert!(said(&stolen).ends_with("does not belong to this event"));
    }

    /// The last event's own edit shows against the head its holder has: the hash is another.
    #[test]
    fn an_edited_leaf_breaks_the_link_of_the_next_event() {
        let whole = chain(4);
        let edit = |index: usize| {
            let mut links = whole.clone();
            let leaf = String::from_utf8(links[index].0.clone()).unwrap();
            links[index].0 = leaf.replace("id.example.eu", "id.example.it").into_bytes();
            links
        };
        for index in 0..3 {
            let fault = check(&edit(index)).unwrap_err();
            assert_eq!(fault.what, "it does not follow the event before it");
            assert_eq!(fault.seq, u64::try_from(index).unwrap() + 2);
        }
        assert_ne!(check(&edit(3)).unwrap().hash, check(&whole).unwrap().hash);
    }
}
