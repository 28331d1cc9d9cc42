use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;

fn limits() -> Limits {
    Limits::read().unwrap()
}

/// The row, as DynamoDB keeps it.
#[derive(Default)]
struct Row(HashMap<(i64, i64), u64>, HashMap<i64, u64>);

impl Row {
    fn tell(&mut self, told: &Told) -> Sums {
        let requests = self.0.entry((told.results_since, told.requests_since));
        let results = self.1.entry(told.results_since);
        let add = |sum: &mut u64, more: u64| {
            *sum += more;
            *sum
        };
        Sums {
            requests: add(requests.or_default(), told.requests),
            results: add(results.or_default(), told.results),
        }
    }
}

/// One request at one process: whether it was let through.
fn ask(tally: &mut Tally, row: Option<&mut Row>, budgets: Budgets, results: u64, now: i64) -> bool {
    let limits = limits();
    tally.turn(Windows::at(now, &limits));
    if let Some(told) = tally.due("k", budgets, &limits, now) {
        let sums = row.map(|row| row.tell(&told));
        tally.told(&told, sums, now);
    }
    let admitted = tally.admit(budgets, true).is_ok();
    if admitted {
        tally.hand_over(results);
    }
    admitted
}

proptest! {
    /// However requests fall on processes: the budget is reached, and passed by no more than each process keeps to itself.
    #[test]
    fn all_processes_together_keep_the_budget(
        quota in 1_u64..200,
        asked in prop::collection::vec((0_usize..5, 0_i64..30), 0..600),
    ) {
        let budgets = Budgets { requests: quota, results: u64::MAX };
        let mut row = Row::default();
        let mut processes: Vec<Tally> = (0..5).map(|_| Tally::new(Windows::at(0, &limits()))).collect();
        let (mut admitted, mut now) = (0_u64, 0);
        for (process, pause) in &asked {
            now += pause;
            prop_assert!(now < MINUTE);
            admitted += u64::from(ask(&mut processes[*process], Some(&mut row), budgets, 1, now));
        }
        prop_assert!(admitted <= quota + 5 * (quota / SHARE).max(1), "{admitted}");
        prop_assert!(admitted >= quota.min(asked.len() as u64), "{admitted}");
    }

    /// The same of results: beyond it only what was being handed over.
    #[test]
    fn results_end_with_the_answer_that_takes_the_last(
        quota in 1_u64..500,
        asked in prop::collection::vec((0_usize..3, 1_u64..50), 0..300),
    ) {
        let budgets = Budgets { requests: u64::MAX, results: quota };
        let mut row = Row::default();
        let mut processes: Vec<Tally> = (0..3).map(|_| Tally::new(Windows::at(0, &limits()))).collect();
        let mut handed = 0_u64;
        for (process, results) in asked {
            if ask(&mut processes[process], Some(&mut row), budgets, results, 0) {
                handed += results;
            }
        }
        let slack = 3 * ((quota / SHARE).max(1) + 50);
        prop_assert!(handed <= quota + slack, "{handed}");
    }

    /// One process is exact, whether the row answers or not.
    #[test]
    fn a_process_alone_keeps_the_budget_to_the_letter(quota in 1_u64..200, asked in 0_u64..400, answers: bool) {
        let budgets = Budgets { requests: quota, results: u64::MAX };
        let mut row = Row::default();
        let mut tally = Tally::new(Windows::at(0, &limits()));
        let admitted = (0..asked)
            .filter(|at| {
                let now = i64::try_from(*at).unwrap() * 100;
                ask(&mut tally, answers.then_some(&mut row), budgets, 1, now)
            })
            .count();
        prop_assert_eq!(admitted as u64, quota.min(asked));
    }
}

#[test]
fn a_window_begins_anew_and_results_have_a_longer_one() {
    let budgets = Budgets {
        requests: 2,
        results: 3,
    };
    let mut row = Row::default();
    let mut tally = Tally::new(Windows::at(0, &limits()));
    let mut ask = |now| ask(&mut tally, Some(&mut row), budgets, 1, now);
    assert_eq!([ask(0), ask(1), ask(59_999)], [true, true, false]);
    assert_eq!(
        [ask(MINUTE), ask(MINUTE)],
        [true, false],
        "one of two results was left"
    );
    assert_eq!([ask(2 * MINUTE), ask(59 * MINUTE)], [false, false]);
    assert!(ask(60 * MINUTE));
}

#[test]
fn a_change_needs_no_results() {
    let budgets = Budgets {
        requests: 10,
        results: 1,
    };
    let mut tally = Tally::new(Windows::at(0, &limits()));
    tally.hand_over(1);
    assert_eq!(tally.admit(budgets, true), Err(Policy::Results));
    assert_eq!(tally.admit(budgets, false), Ok(()));
    let left = Left {
        requests: 9,
        results: 0,
    };
    assert_eq!(tally.left(budgets), left);
}

#[test]
fn little_is_told_rarely() {
    let (limits, budgets) = (
        limits(),
        Budgets {
            requests: 1_000,
            results: 1_000,
        },
    );
    let mut tally = Tally::new(Windows::at(0, &limits));
    let tell = |tally: &mut Tally, now| {
        let told = tally.due("k", budgets, &limits, now);
        if let Some(told) = &told {
            tally.told(
                told,
                Some(Sums {
                    requests: told.requests,
                    results: told.results,
                }),
                now,
            );
        }
        told.map(|told| told.requests)
    };
    assert_eq!(tell(&mut tally, 0), Some(0), "first of all it asks");
    for _ in 0..49 {
        tally.admit(budgets, true).unwrap();
    }
    assert_eq!(tell(&mut tally, 10), None);
    tally.admit(budgets, true).unwrap();
    assert_eq!(tell(&mut tally, 20), Some(50));
    tally.admit(budgets, true).unwrap();
    assert_eq!(tell(&mut tally, 5_019), None);
    assert_eq!(tell(&mut tally, 5_020), Some(1));
    assert_eq!(tell(&mut tally, 20_000), None, "there is nothing to tell");
}
