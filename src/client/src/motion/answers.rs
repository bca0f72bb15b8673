//! What became of what one asked for: the server answers with a number, this gives the request back.

use crate::{
    app::order::{ClientSystems, Stage},
    link::Said,
};
use bevy::prelude::*;
use protocol::Denial;
use session::{ActionError, SessionEvent};
use std::collections::BTreeMap;

/// Something asked of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// To say this to everybody.
    Say(String),
    /// To pin a note with this text.
    Pin(String),
    /// To take down a note.
    Unpin,
    /// To take a placed thing away.
    TakeAway,
    /// To pick something up, put it down or throw it.
    Hand,
    /// To sit down.
    Sit,
}

/// The answer to a request.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) request: Request,
    pub(crate) outcome: Result<(), Denial>,
}

/// Requests without an answer, by number; the session bounds how many there can be.
#[derive(Resource, Default)]
pub(super) struct Open {
    waiting: BTreeMap<u32, Request>,
    /// Not even sent.
    failed: Vec<Request>,
}

impl Open {
    /// Notes what was asked.
    pub(super) fn ask(&mut self, request: Request, number: Result<u32, ActionError>) {
        match number {
            Ok(number) => drop(self.waiting.insert(number, request)),
            Err(error) => {
                tracing::debug!("an action was not taken: {error}");
                self.failed.push(request);
            }
        }
    }

    fn answer(&mut self, event: &SessionEvent) -> Option<Answer> {
        let (number, outcome) = match event {
            SessionEvent::Done { request } => (request, Ok(())),
            SessionEvent::Denied { request, reason } => (request, Err(reason.clone())),
            _ => return None,
        };
        let request = self.waiting.remove(number)?;
        Some(Answer { request, outcome })
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Open>().add_message::<Answer>();
    app.add_systems(OnEnter(Stage::Entering), forget);
    app.add_systems(Update, answer.in_set(ClientSystems::Pose));
}

fn forget(mut open: ResMut<Open>) {
    *open = Open::default();
}

fn answer(
    mut open: ResMut<Open>,
    mut said: MessageReader<Said>,
    mut answers: MessageWriter<Answer>,
) {
    for request in std::mem::take(&mut open.failed) {
        answers.write(Answer {
            request,
            outcome: Err(Denial::TooFast),
        });
    }
    for Said(event) in said.read() {
        if let Some(answer) = open.answer(event) {
            answers.write(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_gives_back_what_was_asked_once() {
        let mut open = Open::default();
        open.ask(Request::Say("hello".to_owned()), Ok(4));
        open.ask(Request::Hand, Ok(5));
        let denied = SessionEvent::Denied {
            request: 4,
            reason: Denial::TooFast,
        };
        assert_eq!(
            open.answer(&denied),
            Some(Answer {
                request: Request::Say("hello".to_owned()),
                outcome: Err(Denial::TooFast),
            })
        );
        assert_eq!(open.answer(&denied), None);
        let done = SessionEvent::Done { request: 5 };
        assert_eq!(
            open.answer(&done).map(|answer| answer.outcome),
            Some(Ok(()))
        );
        assert_eq!(open.answer(&SessionEvent::Done { request: 77 }), None);
    }

    #[test]
    fn what_could_not_be_sent_is_answered_too() {
        let mut app = App::new();
        app.add_message::<Said>().init_resource::<Open>();
        app.add_message::<Answer>().add_systems(Update, answer);
        app.world_mut()
            .resource_mut::<Open>()
            .ask(Request::Say("hello".to_owned()), Err(ActionError::Busy));
        app.update();
        let answers = app.world().resource::<Messages<Answer>>();
        let told: Vec<_> = answers.iter_current_update_messages().cloned().collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].outcome, Err(Denial::TooFast));
    }
}
