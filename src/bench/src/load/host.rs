//! The server under load, in a process of its own: it says where it listens, then answers questions on its input.

use anyhow::{Context, Result};
use protocol::EntityId;
use serde::Deserialize;
use serde_json::{Value, json};
use server::{Ledger, Server, ServerConfig, Watch, WorldFigures};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

/// What the bots say that they got and sent.
#[derive(Deserialize)]
struct Claims {
    /// Avatar, ticks from and to, sequence numbers from and to.
    windows: Vec<[u64; 5]>,
    /// Tick, entity, fingerprint.
    sampled: Vec<(u64, u32, u64)>,
}

/// Serves a world until the input ends.
pub(crate) fn serve(world: &Path) -> Result<()> {
    simulation::keep_ticks_on_one_thread();
    let watch = Watch::with_ledger();
    let config = ServerConfig {
        worlds: vec![world.to_path_buf()],
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..ServerConfig::default()
    };
    let server = Server::start_watched(&config, watch.clone())?;
    let address = server.addresses().first().context("nothing is hosted")?;
    let buffers = server.socket_buffers();
    super::say(&address.to_string());
    super::say(
        &json!({"receive_bytes": buffers.receive_bytes, "send_bytes": buffers.send_bytes})
            .to_string(),
    );
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = if line == "figures" {
            figures(&watch.take())
        } else {
            compare(&watch.take_ledger(), &serde_json::from_str(&line)?)
        };
        super::say(&answer.to_string());
    }
    Ok(())
}

fn figures(figures: &WorldFigures) -> Value {
    json!({
        "sends": figures.sends,
        "bytes": figures.bytes,
        "records": figures.records,
        "withheld": figures.withheld,
        "oldest_withheld_sends": figures.oldest_withheld_sends,
        "skipped_sends": figures.skipped_sends,
        "ticks": figures.ticks,
        "work_ms_p50": figures.work_ms[0],
        "work_ms_p99": figures.work_ms[1],
        "work_ms_max": figures.work_ms[2],
        "late_ms_p99": figures.late_ms[1],
    })
}

/// Of what the bots should have got and sent, how much there was; and whether what they decoded is true.
fn compare(ledger: &Ledger, claims: &Claims) -> Value {
    let by_person = |entries: &[(EntityId, u64)]| {
        let mut lists = BTreeMap::<u32, Vec<u64>>::new();
        for (person, number) in entries {
            lists.entry(person.0).or_default().push(*number);
        }
        lists
    };
    let (sent, heard) = (by_person(&ledger.sent), by_person(&ledger.heard));
    let (mut sent_count, mut heard_count) = (0, 0);
    for [entity, from_tick, to_tick, from, to] in &claims.windows {
        let entity = *entity as u32;
        let ticks = sent.get(&entity).into_iter().flatten();
        sent_count += ticks
            .filter(|tick| **tick > *from_tick && **tick <= *to_tick)
            .count();
        let numbers = heard.get(&entity).into_iter().flatten();
        heard_count += numbers
            .filter(|number| **number >= *from && **number < *to)
            .count();
    }
    let truth: BTreeSet<(u64, u32, u64)> = ledger
        .truth
        .iter()
        .map(|(tick, entity, print)| (*tick, entity.0, *print))
        .collect();
    let wrong = claims.sampled.iter().filter(|claim| !truth.contains(claim));
    json!({
        "sent": sent_count,
        "heard": heard_count,
        "compared": claims.sampled.len(),
        "wrong": wrong.count(),
    })
}
