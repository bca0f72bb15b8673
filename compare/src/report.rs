//! The output: one JSON object a line while it runs, and a table at the end.

use crate::measure::Cost;
use serde_json::json;

/// One line of JSON.
pub(crate) fn json_line(cost: &Cost) -> String {
    json!({
        "library": cost.name,
        "people": cost.size.people,
        "objects": cost.size.things,
        "kbit_per_sec_per_receiver": rounded(cost.kbit_per_sec),
        "packets_per_send": rounded(cost.packets_per_send),
        "bytes_per_update": rounded(cost.bytes_per_update),
        "micros_per_client_send": rounded(cost.micros_per_client_send),
        "largest_error_metres": rounded(f64::from(cost.error_metres)),
        "largest_error_degrees": rounded(f64::from(cost.error_degrees)),
    })
    .to_string()
}

/// A row for each size of crowd, in Markdown: three figures for each library.
pub(crate) fn table(costs: &[Cost]) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut sizes: Vec<[usize; 2]> = Vec::new();
    for cost in costs {
        if !names.contains(&cost.name) {
            names.push(cost.name);
        }
        let size = [cost.size.people, cost.size.things];
        if !sizes.contains(&size) {
            sizes.push(size);
        }
    }
    let mut table = "| people | objects |".to_owned();
    for name in &names {
        table += &format!(" {name}: kbit/s | B an update | us a client-send |");
    }
    table += &format!("\n{}|", "|---".repeat(2 + 3 * names.len()));
    for size in sizes {
        table += &format!("\n| {} | {} |", size[0], size[1]);
        for name in &names {
            let cost = (costs.iter())
                .find(|cost| cost.name == *name && [cost.size.people, cost.size.things] == size);
            table += &cost.map_or(" | | |".to_owned(), |cost| {
                format!(
                    " {:.1} | {:.2} | {:.1} |",
                    cost.kbit_per_sec, cost.bytes_per_update, cost.micros_per_client_send
                )
            });
        }
    }
    table
}

/// Four digits after the point are more than this is good for.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
