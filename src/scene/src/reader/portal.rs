//! What makes a node useful to people: portals, seats, places to arrive, notice boards.

use crate::{
    description::scene::{Portal, Seat, SpawnPoint},
    error::{Issue, Issues, SceneError},
    limits::MAX_URI_BYTES,
    source::json::Item,
};
use glam::{Vec2, Vec3};

/// `STOA_portal`, or the archived OMI_link; ours wins when both are there.
pub(super) fn read_portal(
    item: &Item<'_>,
    issues: &mut Issues,
) -> Result<Option<Portal>, SceneError> {
    let links = ["STOA_portal", "OMI_link"].map(|name| item.extension(name));
    let Some(link) = links.into_iter().flatten().next() else {
        return Ok(None);
    };
    let uri_item = link.require("uri")?;
    let uri = uri_item.text()?;
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
    let is_safe = match scheme {
        Some(scheme) => matches!(scheme, "stoa" | "https"),
        None => !uri.starts_with("//") && !uri.is_empty(),
    };
    if !is_safe || uri.len() > MAX_URI_BYTES || uri.contains(char::is_control) {
        issues.push(Issue::warning(
            "STOA_PORTAL_URI",
            uri_item.pointer(),
            "leads nowhere: it is neither a relative address nor one that begins with stoa: or https:",
        ));
        return Ok(None);
    }
    let title = link.get("title").and_then(|title| title.as_text());
    Ok(Some(Portal {
        uri: uri.to_owned(),
        title: title.unwrap_or_default().chars().take(200).collect(),
    }))
}

/// OMI_spawn_point.
pub(super) fn read_spawn_point(item: &Item<'_>) -> Option<SpawnPoint> {
    let point = item.extension("OMI_spawn_point")?;
    let title = point.get("title").and_then(|title| title.as_text());
    Some(SpawnPoint {
        title: title.unwrap_or_default().chars().take(200).collect(),
    })
}

/// `STOA_notice_board`.
pub(super) fn read_notice_board(item: &Item<'_>) -> Result<Option<Vec2>, SceneError> {
    let Some(board) = item.extension("STOA_notice_board") else {
        return Ok(None);
    };
    let size = Vec2::from(board.numbers_or("size", [1.0, 1.0])?);
    if size.min_element() > 0.0 {
        Ok(Some(size))
    } else {
        Err(board.fault("its size must be above zero"))
    }
}

/// OMI_seat.
pub(super) fn read_seat(item: &Item<'_>) -> Result<Option<Seat>, SceneError> {
    let Some(item) = item.extension("OMI_seat") else {
        return Ok(None);
    };
    Ok(Some(Seat {
        back: Vec3::from(item.require("back")?.numbers()?),
        foot: Vec3::from(item.require("foot")?.numbers()?),
        knee: Vec3::from(item.require("knee")?.numbers()?),
        angle: item.number_or("angle", std::f32::consts::FRAC_PI_2)?,
    }))
}
