//! What the server says of itself and of what it tells us, while somebody wants to know.

use crate::{
    app::{
        Config,
        order::{ClientSystems, Stage},
    },
    link::{Link, Said},
};
use bevy::prelude::*;
use protocol::{ServerStatistics, ToldStatistics};
use session::SessionEvent;

/// Seconds between two questions.
const ASK_SECS: f64 = 2.0;

/// The answers in this visit.
#[derive(Resource, Default)]
pub(crate) struct ServerSays {
    /// Some screen shows them.
    pub(crate) is_shown: bool,
    asked_secs: f64,
    pub(crate) newest: Option<ServerStatistics>,
    /// Of all answers together.
    pub(super) told: ToldStatistics,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ServerSays>();
    app.add_systems(OnEnter(Stage::Entering), forget);
    app.add_systems(
        Update,
        (hear, ask)
            .chain()
            .in_set(ClientSystems::Pose)
            .run_if(in_state(Stage::Inside)),
    );
}

fn forget(mut says: ResMut<ServerSays>) {
    *says = ServerSays {
        is_shown: says.is_shown,
        ..ServerSays::default()
    };
}

fn ask(link: Option<Res<Link>>, config: Res<Config>, mut says: ResMut<ServerSays>) {
    let Some(link) = link else { return };
    let now = link.0.now_secs();
    let is_wished = says.is_shown || config.0.stats.is_some();
    if !is_wished || now - says.asked_secs < ASK_SECS {
        return;
    }
    says.asked_secs = now;
    if let Err(error) = link.0.ask_statistics() {
        tracing::debug!("the server was not asked how it fares: {error}");
    }
}

fn hear(mut said: MessageReader<Said>, mut says: ResMut<ServerSays>) {
    for Said(event) in said.read() {
        if let SessionEvent::Statistics { statistics, .. } = event {
            says.hear(statistics);
        }
    }
}

impl ServerSays {
    fn hear(&mut self, statistics: &ServerStatistics) {
        let (all, new) = (&mut self.told, statistics.told);
        all.sends = all.sends.saturating_add(new.sends);
        all.records = all.records.saturating_add(new.records);
        all.withheld = all.withheld.saturating_add(new.withheld);
        all.oldest_withheld_sends = all.oldest_withheld_sends.max(new.oldest_withheld_sends);
        self.newest = Some(*statistics);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_adds_up_over_the_answers() {
        let mut says = ServerSays::default();
        for (records, oldest_withheld_sends) in [(10, 3), (u32::MAX, 2)] {
            says.hear(&ServerStatistics {
                told: ToldStatistics {
                    sends: 1,
                    records,
                    withheld: 4,
                    oldest_withheld_sends,
                },
                ..ServerStatistics::default()
            });
        }
        let told = ToldStatistics {
            sends: 2,
            records: u32::MAX,
            withheld: 8,
            oldest_withheld_sends: 3,
        };
        assert_eq!(says.told, told);
    }
}
