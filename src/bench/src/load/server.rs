//! `server`: processor time for each datagram to a client, 200 people who see 200, 20 times a second, against the null
//! server with the same traffic in the same run.

use super::{Load, Measured, print_disturbance, run_null, run_product, world};
use crate::report::Metric;
use anyhow::Result;

/// Targets: total against the null server, and microseconds of one's own.
const PASS_RATIO: f64 = 1.6;
const GOAL_RATIO: f64 = 1.3;
const PASS_OWN_MICROS: f64 = 20.0;
const GOAL_OWN_MICROS: f64 = 10.0;

pub(crate) fn run(load: Load) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = world::flat(folder.path(), load.people + 8)?;
    let ours = run_product(&world, load)?;
    let null = run_null(load, &ours)?;
    report(&ours, &null);
    Ok(())
}

fn report(ours: &Measured, null: &Measured) {
    let metric = |metric, value, unit, baseline| Metric {
        bench: "server",
        metric,
        value,
        unit,
        baseline,
    };
    let (total, bare) = (ours.micros_per_send(), null.micros_per_send());
    metric("processor_micros_per_client_send", total, "us", Some(bare))
        .print_ratio_against(PASS_RATIO, GOAL_RATIO);
    metric("own_micros_per_client_send", total - bare, "us", None)
        .print_against(PASS_OWN_MICROS, GOAL_OWN_MICROS);
    let world = ours.world_micros_per_send();
    metric("world_thread_micros_per_client_send", world, "us", None).print();
    for (name, figure, unit) in [
        ("work_ms_p99", "work_ms_p99", "ms"),
        ("late_ms_p99", "late_ms_p99", "ms"),
        ("ticks_without_sends", "skipped_sends", "ticks"),
    ] {
        let baseline = null.figures[figure].as_f64();
        metric(name, ours.figure(figure), unit, baseline).print();
    }
    metric("bytes_per_send", ours.bytes_per_send(), "B", None).print();
    let records = ours.figure("records") / ours.sends();
    metric("records_per_send", records, "records", None).print();
    let age = ours.crowd["state_age_ms_p99"].as_f64().unwrap_or(f64::NAN);
    metric("state_age_ms_p99", age, "ms", None).print();
    print_disturbance("server", "taken_by_others", ours.others_percent);
    print_disturbance("server", "taken_by_others_null", null.others_percent);
}
