use super::*;

fn at(day: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + day * 86_400_000)
}

fn key() -> DataKey {
    DataKey::new(&[7; 32]).unwrap()
}

fn subject() -> Subject {
    Subject::Passport(uuid::Uuid::from_u128(7))
}

fn attribute() -> &'static Attribute {
    catalogue().by_pointer("/condition/cycleCount").unwrap()
}

fn item(seq: u64, entries: &[(i64, Option<i64>)]) -> SeriesItem {
    let packed = Packed {
        event_id: EventId::new(at(0), &[7; 10]),
        event_type: "measurement".to_owned(),
        role: "service-provider".to_owned(),
        audience: Class::Individual,
        instrument: None,
        conditions: None,
        entries: entries
            .iter()
            .map(|(day, value)| {
                let value = value.map(|value| json!({"value": value, "measuredAt": at(*day)}));
                (at(*day), value)
            })
            .collect(),
    };
    let pk = partition(&subject());
    let last = packed.entries.last().unwrap().0;
    let sk = format!("{}#{seq:010}", begin(attribute(), last));
    let clear = serde_json::to_vec(&packed).unwrap();
    let body = key()
        .seal(&compress(&clear).unwrap(), &format!("{pk}|{sk}"))
        .unwrap();
    SeriesItem {
        pk,
        sk,
        v: 1,
        class: Class::Individual,
        seq,
        body,
    }
}

/// The values found by day, where the items are read in pages of one.
fn read(items: &[SeriesItem], newest_first: bool, limit: usize) -> Vec<i64> {
    let mut items: Vec<&SeriesItem> = items.iter().collect();
    items.sort_by(|one, other| one.sk.cmp(&other.sk));
    if newest_first {
        items.reverse();
    }
    let mut found = Found {
        attribute: attribute(),
        range: Range {
            from: at(-1_000),
            to: at(1_000),
            newest_first,
            limit,
        },
        moments: BTreeMap::new(),
    };
    let mut readings = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let last = last_moment(&item.sk).unwrap();
        let item = SeriesItem {
            pk: item.pk.clone(),
            sk: item.sk.clone(),
            body: item.body.clone(),
            ..**item
        };
        found.take(&subject(), &key(), item).unwrap();
        let more = number + 1 < items.len();
        readings = found.readings(more.then_some(last));
        if readings.len() >= limit {
            break;
        }
    }
    let value = |stored: &StoredReading| stored.reading.value["value"].as_i64().unwrap();
    readings.iter().map(value).collect()
}

#[test]
fn items_span_a_quarter_at_most_and_lose_nothing() {
    let entries: Vec<Entry> = (0..400).map(|day| (at(day), None)).collect();
    let pieces = within_span(&entries);
    assert_eq!(pieces.len(), 5);
    assert_eq!(pieces.concat(), entries);
    for piece in pieces {
        let (first, last) = (piece.first().unwrap().0, piece.last().unwrap().0);
        assert!(last <= later(first));
    }
}

#[test]
fn readings_come_in_order_though_items_overlap_and_pages_end_anywhere() {
    // A late event lies across two earlier ones; the item found first is not the one that begins first.
    let items = [
        item(1, &[(10, Some(10)), (12, Some(12)), (80, Some(80))]),
        item(2, &[(11, Some(11)), (100, Some(100))]),
        item(3, &[(5, Some(5)), (90, Some(90))]),
        item(4, &[(200, Some(200))]),
    ];
    let all = [5, 10, 11, 12, 80, 90, 100, 200];
    for limit in 1..=all.len() {
        assert_eq!(read(&items, false, limit), all[..limit], "{limit}");
        let newest: Vec<i64> = all.iter().rev().copied().take(limit).collect();
        assert_eq!(read(&items, true, limit), newest, "{limit}");
    }
}

#[test]
fn of_one_moment_the_latest_event_counts_and_what_was_withdrawn_is_gone() {
    let items = [
        item(1, &[(1, Some(1)), (2, Some(2)), (3, Some(3))]),
        item(5, &[(2, Some(22)), (3, None)]),
        item(3, &[(2, Some(20)), (3, Some(30)), (4, Some(40))]),
    ];
    assert_eq!(read(&items, false, 10), [1, 22, 40]);
    assert_eq!(read(&items, true, 10), [40, 22, 1]);
}

#[test]
fn the_sort_key_tells_the_last_moment() {
    let item = item(5, &[(2, Some(22)), (3, None)]);
    assert_eq!(last_moment(&item.sk).unwrap(), at(3));
    assert!(begin(attribute(), at(3)) < item.sk && item.sk < end(attribute(), at(3)));
    assert!(end(attribute(), at(2)) < item.sk);
    assert!(last_moment("condition/cycleCount").is_err());
}
