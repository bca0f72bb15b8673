//! `scale`: a thousand bots in one world, on the cores that they share with the server. What a client costs must not
//! grow with the crowd, everything must arrive and be true.

use super::{Load, Measured, number, print_disturbance, run_null, run_product, world};
use crate::report::Metric;
use anyhow::Result;

/// The smaller crowd is a quarter of the larger.
const FEWER: u32 = 4;
/// Targets.
const PASS_RATIO: f64 = 1.2;
const GOAL_RATIO: f64 = 1.0;
const MOST_LOST_PERCENT: f64 = 0.5;
const PASS_WORK_MS: f64 = 16.0;
const GOAL_WORK_MS: f64 = 10.0;
const LATE_RATIO: f64 = 1.5;

/// A crowd with and without a game.
struct Pair {
    ours: Measured,
    null: Measured,
}

impl Pair {
    fn run(load: Load) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let world = world::flat(folder.path(), load.people + 8)?;
        let ours = run_product(&world, load)?;
        let null = run_null(load, &ours)?;
        Ok(Self { ours, null })
    }

    fn own_micros(&self) -> f64 {
        self.ours.micros_per_send() - self.null.micros_per_send()
    }
}

pub(crate) fn run(load: Load) -> Result<()> {
    let few = Load {
        people: (load.people / FEWER).max(1),
        ..load
    };
    let few = Pair::run(few)?;
    let many = Pair::run(load)?;
    report(&few, &many)
}

fn metric(metric: &'static str, value: f64, unit: &'static str, baseline: Option<f64>) -> Metric {
    Metric {
        bench: "scale",
        metric,
        value,
        unit,
        baseline,
    }
}

fn report(few: &Pair, many: &Pair) -> Result<()> {
    let (ours, null) = (&many.ours, &many.null);
    metric(
        "own_micros_per_client_send",
        many.own_micros(),
        "us",
        Some(few.own_micros()),
    )
    .print_ratio_against(PASS_RATIO, GOAL_RATIO);
    metric(
        "world_thread_micros_per_client_send",
        ours.world_micros_per_send(),
        "us",
        Some(few.ours.world_micros_per_send()),
    )
    .print_ratio_against(PASS_RATIO, GOAL_RATIO);
    metric(
        "processor_micros_per_client_send",
        ours.micros_per_send(),
        "us",
        Some(null.micros_per_send()),
    )
    .print();
    report_arrivals(ours)?;
    metric("work_ms_p99", ours.figure("work_ms_p99"), "ms", None)
        .print_against(PASS_WORK_MS, GOAL_WORK_MS);
    let late = (ours.figure("late_ms_p99"), null.figure("late_ms_p99"));
    metric("late_ms_p99", late.0, "ms", Some(late.1)).print_ratio_against(LATE_RATIO, LATE_RATIO);
    for (name, unit) in [
        ("skipped_sends", "ticks"),
        ("oldest_withheld_sends", "sends"),
    ] {
        metric(name, ours.figure(name), unit, None).print();
    }
    let records = ours.figure("records") / ours.sends();
    metric("records_per_send", records, "records", None).print();
    for (name, unit) in [("state_age_ms_p50", "ms"), ("state_age_ms_p99", "ms")] {
        metric(name, number(&ours.crowd, name)?, unit, None).print();
    }
    for (name, run) in [
        ("taken_by_others_few", &few.ours),
        ("taken_by_others_few_null", &few.null),
        ("taken_by_others", ours),
        ("taken_by_others_null", null),
    ] {
        print_disturbance("scale", name, run.others_percent);
    }
    Ok(())
}

/// What went missing on the way down and up, was not true, or could not be read.
fn report_arrivals(ours: &Measured) -> Result<()> {
    let (crowd, compared) = (&ours.crowd, &ours.compared);
    let lost = |sent: f64, came: f64| 100.0 * (sent - came).max(0.0) / sent.max(1.0);
    let down = lost(number(compared, "sent")?, number(crowd, "snapshots")?);
    let said: f64 = crowd["windows"].as_array().map_or(0.0, |windows| {
        let count = |window: &serde_json::Value| {
            window[4].as_f64().unwrap_or(0.0) - window[3].as_f64().unwrap_or(0.0)
        };
        windows.iter().map(count).sum()
    });
    let up = lost(said, number(compared, "heard")?);
    metric("lost_or_not_decoded_down", down, "%", None)
        .print_against(MOST_LOST_PERCENT, MOST_LOST_PERCENT);
    metric("lost_or_not_decoded_up", up, "%", None)
        .print_against(MOST_LOST_PERCENT, MOST_LOST_PERCENT);
    for (name, value) in [
        ("disconnects", number(crowd, "disconnects")?),
        (
            "states_that_are_not_the_servers",
            number(compared, "wrong")?,
        ),
        ("unreadable_datagrams", number(crowd, "broken")?),
    ] {
        metric(name, value, "count", None).print_against(0.0, 0.0);
    }
    metric(
        "states_compared",
        number(compared, "compared")?,
        "count",
        None,
    )
    .print();
    let kbit = number(crowd, "bytes_in_per_sec")? * 8.0 / 1000.0;
    metric("kbit_per_sec_per_bot", kbit, "kbit/s", None).print();
    Ok(())
}
