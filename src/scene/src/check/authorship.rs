//! What a file states of its maker and its licence, short enough for a report.

use crate::{AvatarMeta, Scene};

/// Longest text of one fact in characters; what is longer is cut.
const MAX_CHARS: usize = 200;

/// Who made a file and what may be done with it, in its own words, perhaps cut. They may hold any characters; what is not stated
/// is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorship {
    /// What it is called.
    pub title: String,
    /// Who made it, joined by commas.
    pub authors: String,
    /// Its copyright line.
    pub rights: String,
    /// Name or address of its licence, or both.
    pub license: String,
    /// Of an avatar: what its licence lets others do with it, and what not; "" for other files.
    pub usage: String,
    /// Of an avatar: whether its licence lets its file go to everybody who meets its wearer.
    pub may_be_shared: Option<bool>,
}

impl Authorship {
    /// What any file states: `KHR_xmp_json_ld` and `asset.copyright`.
    #[must_use]
    pub fn of_scene(scene: &Scene) -> Self {
        let said = &scene.metadata;
        Self {
            title: joined([&said.title]),
            authors: joined([&said.creator]),
            rights: joined([
                said.rights.as_str(),
                scene.copyright.as_deref().unwrap_or(""),
            ]),
            license: joined([&said.usage_terms, &said.web_statement]),
            usage: String::new(),
            may_be_shared: None,
        }
    }

    /// What an avatar states in its meta data, and of its rights what any file does.
    pub(super) fn of_avatar(meta: &AvatarMeta, scene: &Scene) -> Self {
        Self {
            title: joined([&meta.name]),
            authors: joined(&meta.authors),
            rights: match joined([&meta.copyright]) {
                none if none.is_empty() => Self::of_scene(scene).rights,
                rights => rights,
            },
            license: joined([
                &meta.license_url,
                &meta.other_license_url,
                &meta.third_party_licenses,
            ]),
            usage: usage(meta),
            may_be_shared: Some(meta.may_be_shared()),
        }
    }

    /// What is stated, each with what it is in a word or two.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, &str)> {
        let reach = match self.may_be_shared {
            None => "",
            Some(true) => "yes, where its wearer agrees",
            Some(false) => {
                "not by its licence: they see a default avatar, but where the host takes the wearer's word"
            }
        };
        let mut facts = vec![
            ("title", self.title.as_str()),
            ("made by", &self.authors),
            ("rights", &self.rights),
            ("licence", &self.license),
            ("use", &self.usage),
            ("may be sent to others", reach),
        ];
        facts.retain(|(_, text)| !text.is_empty());
        facts
    }
}

/// The permissions of VRM 1.0, in words. What is not stated there is not allowed.
fn usage(meta: &AvatarMeta) -> String {
    let wear = match meta.avatar_permission.as_str() {
        "everyone" => "everybody may wear it",
        "onlySeparatelyLicensedPerson" => "only whom its maker lets may wear it",
        _ => "only its maker may wear it",
    };
    let trade = match meta.commercial_usage.as_str() {
        "corporation" => "companies may use it",
        "personalProfit" => "a person may earn with it",
        _ => "for personal use without profit",
    };
    let change = match meta.modification.as_str() {
        "allowModificationRedistribution" => "it may be changed and then passed on",
        "allowModification" => "it may be changed",
        _ => "it may not be changed",
    };
    let credit = match meta.is_credit_required {
        true => "its maker is to be named",
        false => "",
    };
    let closed = [
        (meta.is_violence_allowed, "excessive violence"),
        (meta.is_sexual_content_allowed, "excessive sexual content"),
        (meta.is_political_use_allowed, "politics and religion"),
        (meta.is_hateful_use_allowed, "antisocial or hateful content"),
    ];
    let closed = closed.into_iter().filter(|(is_allowed, _)| !is_allowed);
    let closed: Vec<&str> = closed.map(|(_, what)| what).collect();
    let purposes = match closed.is_empty() {
        true => String::new(),
        false => format!("not for {}", closed.join(", ")),
    };
    let pass = match meta.is_redistribution_allowed {
        true => "its file may be passed on",
        false => "its file may not be passed on",
    };
    let parts = [wear, pass, change, trade, credit, &purposes];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// Texts that say something, each once, with commas between them.
fn joined<'a, T: AsRef<str> + ?Sized + 'a>(texts: impl IntoIterator<Item = &'a T>) -> String {
    let mut said: Vec<&str> = Vec::new();
    for text in texts {
        let text = text.as_ref().trim();
        if !text.is_empty() && !said.contains(&text) {
            said.push(text);
        }
    }
    cut(&said.join(", "))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avatar_says_whether_others_receive_it() {
        let scene = Scene {
            copyright: Some(" (c) Ada ".to_owned()),
            ..Scene::default()
        };
        let mut meta = AvatarMeta {
            name: "Mira".to_owned(),
            authors: ["Ada", " ", "Bo", "Ada"].map(str::to_owned).to_vec(),
            license_url: "https://vrm.dev/licenses/1.0/".to_owned(),
            avatar_permission: "onlyAuthor".to_owned(),
            ..AvatarMeta::default()
        };
        let facts = Authorship::of_avatar(&meta, &scene);
        let facts = facts.facts();
        assert_eq!(
            facts[..4],
            [
                ("title", "Mira"),
                ("made by", "Ada, Bo"),
                ("rights", "(c) Ada"),
                ("licence", "https://vrm.dev/licenses/1.0/"),
            ]
        );
        assert_eq!(
            facts[4],
            (
                "use",
                "only its maker may wear it; its file may not be passed on; it may not be changed; for personal use \
                without profit; not for excessive violence, excessive sexual content, politics and religion, antisocial \
                or hateful content"
            )
        );
        assert!(facts[5].1.starts_with("not by its licence"), "{facts:?}");
        meta.copyright = "2026 Ada".to_owned();
        meta.avatar_permission = "everyone".to_owned();
        let own = Authorship::of_avatar(&meta, &scene);
        assert_eq!(
            (own.rights.as_str(), own.may_be_shared),
            ("2026 Ada", Some(true))
        );
        meta.is_credit_required = true;
        meta.modification = "allowModification".to_owned();
        meta.commercial_usage = "corporation".to_owned();
        meta.is_violence_allowed = true;
        meta.is_sexual_content_allowed = true;
        meta.is_political_use_allowed = true;
        meta.is_hateful_use_allowed = true;
        assert_eq!(
            Authorship::of_avatar(&meta, &scene).usage,
            "everybody may wear it; its file may not be passed on; it may be changed; companies may use it; its maker is to be named"
        );
    }

    #[test]
    fn what_says_nothing_has_no_facts_and_long_words_are_cut() {
        let mut scene = Scene::default();
        assert_eq!(Authorship::of_scene(&scene), Authorship::default());
        assert!(Authorship::default().facts().is_empty());
        scene.metadata.creator = "é".repeat(10_000);
        let authors = Authorship::of_scene(&scene).authors;
        assert_eq!(authors.chars().count(), MAX_CHARS + "...".len());
    }
}
