use proptest::prelude::*;

use super::*;

fn count(day: i32, country: &str, sighting: Sighting, scans: u64) -> Count {
    Count {
        day,
        label: (sighting != Sighting::NeverIssued).then(|| "8V4K2M0XQ7".to_owned()),
        sighting,
        country: country.to_owned(),
        scans,
    }
}

fn kinds(counts: &[Count]) -> Vec<(SignalKind, bool)> {
    let signals = signals(counts);
    let told = signals
        .iter()
        .map(|signal| (signal.kind, signal.is_alarm()));
    told.collect()
}

/// Scans a year, and from how many scans a day on there is an alarm: fewer would be reached by chance too often, as the Poisson
/// distribution summed in another way (one minus the rest) says.
#[test]
fn thresholds_are_the_least_that_chance_does_not_reach() {
    let by_the_rest = |least: u64, mean: f64| {
        let mut term = (-mean).exp();
        let mut rest = 0.0;
        for number in 0..least {
            rest += term;
            term *= mean / (number + 1) as f64;
        }
        1.0 - rest
    };
    for (rate, expected) in [(2.0, 4), (12.0, 5), (52.0, 7), (365.0, 12)] {
        assert_eq!(threshold(rate), expected, "{rate} scans a year");
        let mean = rate / 365.0;
        assert!(365.0 * by_the_rest(expected, mean) < 1e-6, "{rate}");
        assert!(365.0 * by_the_rest(expected - 1, mean) >= 1e-6, "{rate}");
        // Of 100 million batteries, a handful a year.
        let alarms = 1e8 * 365.0 * at_least(expected, mean);
        assert!(alarms < 100.0, "{rate}: {alarms}");
    }
}

proptest! {
    /// A livelier battery needs more for an alarm, never less; and any rate has a threshold above its mean.
    #[test]
    fn thresholds_rise_with_the_rate(rate in 0.0..170_000.0_f64, more in 0.0..1_000.0_f64) {
        prop_assert!(threshold(rate) <= threshold(rate + more));
        prop_assert!(threshold(rate) as f64 > rate / 365.0);
    }

    /// Whatever was counted, each scan stands in at most one signal of a kind and a day, and no signal has more than were counted.
    #[test]
    fn signals_have_no_scan_that_was_not_counted(
        counts in prop::collection::vec((0..20_i32, 0..3_usize, 0..8_usize, 1..9_u64), 0..40)
    ) {
        let all = [
            Sighting::InForce, Sighting::Replaced, Sighting::Suspected, Sighting::Revoked,
            Sighting::Destroyed, Sighting::NeverIssued, Sighting::NotYetOnTheMarket, Sighting::Recycled,
        ];
        let counts: Vec<Count> = counts
            .into_iter()
            .map(|(day, country, sighting, scans)| count(day, ["DE", "PL", NOWHERE][country], all[sighting], scans))
            .collect();
        let total: u64 = counts.iter().map(|count| count.scans).sum();
        for kind in [SignalKind::Revoked, SignalKind::NeverIssued, SignalKind::TooOften] {
            let told: u64 = signals(&counts).iter().filter(|signal| signal.kind == kind).map(Signal::scans).sum();
            prop_assert!(told <= total);
        }
    }
}

#[test]
fn ordinary_scans_are_no_signal() {
    let year: Vec<Count> = (0..12)
        .map(|month| count(month * 30, "DE", Sighting::InForce, 1))
        .collect();
    assert_eq!(kinds(&year), []);
    let replaced = [count(5, "DE", Sighting::Replaced, 2)];
    assert_eq!(kinds(&replaced), []);
}

#[test]
fn a_label_that_should_not_be_there_is_a_suspect_at_once_and_an_alarm_when_it_goes_on() {
    for (sighting, kind) in [
        (Sighting::NeverIssued, SignalKind::NeverIssued),
        (Sighting::Revoked, SignalKind::Revoked),
        (Sighting::Destroyed, SignalKind::Destroyed),
        (Sighting::Recycled, SignalKind::Recycled),
    ] {
        assert_eq!(kinds(&[count(9, "DE", sighting, 1)]), [(kind, false)]);
        assert_eq!(kinds(&[count(9, "DE", sighting, 3)]), [(kind, false)]);
        // However they are spread over countries.
        let spread = [count(9, "DE", sighting, 2), count(9, "PL", sighting, 2)];
        assert_eq!(kinds(&spread), [(kind, true)]);
    }
    let early = [count(9, "DE", Sighting::NotYetOnTheMarket, 500)];
    assert_eq!(kinds(&early), [(SignalKind::NotYetOnTheMarket, false)]);
}

#[test]
fn what_is_too_often_depends_on_what_is_usual() {
    let burst = |scans| count(400, "DE", Sighting::InForce, scans);
    assert_eq!(kinds(&[burst(4)]), []);
    assert_eq!(kinds(&[burst(5)]), [(SignalKind::TooOften, true)]);
    // Daily scans for more than a year.
    let mut lively: Vec<Count> = (0..400)
        .map(|day| count(day, "DE", Sighting::InForce, 1))
        .collect();
    lively.push(burst(9));
    assert_eq!(kinds(&lively), []);
    lively.push(burst(12));
    assert_eq!(kinds(&lively), [(SignalKind::TooOften, true)]);
    // The busy day itself does not make itself usual.
    assert!(
        usual_rate(&lively, 400) < 230.0,
        "{}",
        usual_rate(&lively, 400)
    );
}

#[test]
fn in_two_countries_within_a_week_is_worth_a_look_and_no_alarm() {
    let trip = [
        count(1, "DE", Sighting::InForce, 1),
        count(7, "PL", Sighting::InForce, 1),
    ];
    assert_eq!(kinds(&trip), [(SignalKind::ManyPlaces, false)]);
    let later = [
        count(1, "DE", Sighting::InForce, 1),
        count(8, "PL", Sighting::InForce, 1),
    ];
    assert_eq!(kinds(&later), []);
    let unknown = [
        count(1, "DE", Sighting::InForce, 1),
        count(2, NOWHERE, Sighting::InForce, 1),
    ];
    assert_eq!(kinds(&unknown), []);
}

#[test]
fn a_scan_is_what_was_known_of_label_and_battery() {
    let of = Sighting::of;
    assert_eq!(of(None, true, false), Sighting::NeverIssued);
    assert_eq!(
        of(Some(LabelState::Requested), true, false),
        Sighting::NeverIssued
    );
    assert_eq!(
        of(Some(LabelState::Applied), true, true),
        Sighting::Recycled
    );
    assert_eq!(
        of(Some(LabelState::Revoked), false, false),
        Sighting::NotYetOnTheMarket
    );
    assert_eq!(
        of(Some(LabelState::Revoked), true, false),
        Sighting::Revoked
    );
    assert_eq!(
        of(Some(LabelState::Applied), true, false),
        Sighting::InForce
    );
}

#[test]
fn a_day_and_its_date_name_each_other() {
    for (day, text) in [
        (0, "1970-01-01"),
        (20_783, "2026-11-26"),
        (-1, "1969-12-31"),
        (20_867, "2027-02-18"),
    ] {
        assert_eq!((date(day).as_str(), day_of(text)), (text, Some(day)));
        assert_eq!(day_at(i64::from(day) * 86_400_000 + 86_399_999), day);
    }
    for text in [
        "",
        "2027-2-18",
        "2027-02-30",
        "2027-02-18T00:00:00",
        "-",
        "18.02.2027",
    ] {
        assert_eq!(day_of(text), None, "{text}");
    }
}
