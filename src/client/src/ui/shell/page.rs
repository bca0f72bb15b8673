//! Which page is open, and where keys and buttons lead from it. Pure: a test walks every way.

use crate::app::order::Stage;
use bevy::prelude::*;

/// A page over the world or in place of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::ui) enum Page {
    /// What one can do besides being in the world.
    Menu,
    Invitation,
    Settings,
    /// All keys, as a page.
    Keys,
    /// All keys, over a world that goes on.
    Glance,
    /// Name and look.
    Persona,
    /// Where to go.
    Start,
    /// Name and look, asked for the first time.
    Welcome,
}

/// The page that is open.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ui) struct Shell(pub(in crate::ui) Option<Page>);

/// What somebody wants with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// One step towards the world.
    Back,
    /// All keys, or no more of them.
    Help,
    Open(Page),
    /// All the way to the world.
    Close,
}

impl Page {
    /// True for pages that need keys and mouse for themselves.
    pub(super) fn takes_input(self) -> bool {
        self != Self::Glance
    }
}

/// The page after a wish.
pub(super) fn after(page: Option<Page>, stage: Stage, wish: Wish) -> Option<Page> {
    let ground = ground(stage);
    match (wish, page) {
        // Nobody gets past the first question without an answer, except to read.
        (Wish::Back | Wish::Close, Some(Page::Welcome)) => page,
        (Wish::Back, None) if stage == Stage::Inside => Some(Page::Menu),
        (Wish::Back, Some(Page::Menu | Page::Glance | Page::Start) | None) => ground,
        (Wish::Back, Some(_)) if stage == Stage::Inside => Some(Page::Menu),
        (Wish::Back | Wish::Close, _) => ground,
        (Wish::Help, Some(Page::Glance)) => ground,
        (Wish::Help, None) if stage == Stage::Inside => Some(Page::Glance),
        (Wish::Help, Some(Page::Menu | Page::Invitation | Page::Settings)) => Some(Page::Keys),
        (Wish::Help, Some(Page::Keys)) => after(page, stage, Wish::Back),
        // Whoever is writing is not interrupted.
        (Wish::Help, _) => page,
        (Wish::Open(wished), _) => Some(wished),
    }
}

/// What is there when nothing is open.
pub(super) fn ground(stage: Stage) -> Option<Page> {
    (stage == Stage::Outside).then_some(Page::Start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Page; 8] = [
        Page::Menu,
        Page::Invitation,
        Page::Settings,
        Page::Keys,
        Page::Glance,
        Page::Persona,
        Page::Start,
        Page::Welcome,
    ];

    #[test]
    fn escape_opens_the_menu_and_leads_back_from_everywhere() {
        let inside = |page, wish| after(page, Stage::Inside, wish);
        assert_eq!(inside(None, Wish::Back), Some(Page::Menu));
        assert_eq!(inside(Some(Page::Menu), Wish::Back), None);
        for page in [Page::Invitation, Page::Settings, Page::Keys, Page::Persona] {
            assert_eq!(inside(Some(page), Wish::Back), Some(Page::Menu), "{page:?}");
            assert_eq!(inside(Some(page), Wish::Close), None, "{page:?}");
        }
    }

    #[test]
    fn outside_every_page_leads_to_the_start_screen() {
        for page in ALL {
            let back = after(Some(page), Stage::Outside, Wish::Back);
            let expected = if page == Page::Welcome {
                page
            } else {
                Page::Start
            };
            assert_eq!(back, Some(expected), "{page:?}");
        }
        assert_eq!(after(None, Stage::Outside, Wish::Close), Some(Page::Start));
    }

    #[test]
    fn help_comes_and_goes_by_the_same_key() {
        let inside = |page| after(page, Stage::Inside, Wish::Help);
        assert_eq!(inside(None), Some(Page::Glance));
        assert_eq!(inside(Some(Page::Glance)), None);
        assert_eq!(inside(Some(Page::Menu)), Some(Page::Keys));
        assert_eq!(inside(Some(Page::Keys)), Some(Page::Menu));
        assert_eq!(inside(Some(Page::Persona)), Some(Page::Persona));
    }

    #[test]
    fn on_the_way_in_nothing_is_open() {
        for stage in [Stage::Entering, Stage::Loading, Stage::Over] {
            for wish in [Wish::Back, Wish::Help, Wish::Close] {
                assert_eq!(after(None, stage, wish), None, "{stage:?} {wish:?}");
            }
        }
    }

    #[test]
    fn no_page_is_a_dead_end() {
        for stage in [Stage::Inside, Stage::Outside] {
            for page in ALL.into_iter().filter(|page| *page != Page::Welcome) {
                let mut at = Some(page);
                for _ in 0..3 {
                    at = after(at, stage, Wish::Back);
                    if at == ground(stage) {
                        break;
                    }
                }
                assert_eq!(at, ground(stage), "{stage:?} {page:?}");
            }
        }
    }
}
