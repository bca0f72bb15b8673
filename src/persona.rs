//! Who enters, and in which language: flags win over settings for this run, settings over the system.

use crate::flags::{self, Common};
use anyhow::{anyhow, ensure};
use client::{Locale, Settings};
use protocol::{AvatarChoice, ContentHash, DisplayName, SHIPPED_AVATARS};
use scene::Purpose;
use std::path::Path;

/// Name of who has chosen none.
const NOBODY: &str = "Guest";

/// Who enters.
pub(crate) struct Persona {
    pub(crate) name: DisplayName,
    pub(crate) avatar: AvatarChoice,
    pub(crate) avatar_file: Option<Vec<u8>>,
    pub(crate) locale: Locale,
}

/// # Errors
/// A flag's name or avatar file that cannot be taken. A setting that cannot is as if it was not made.
pub(crate) fn choose(
    flags: &Common,
    settings: &Settings,
    system_language: Option<&str>,
) -> anyhow::Result<Persona> {
    let name = match (&flags.name, &settings.name) {
        (Some(name), _) => DisplayName::new(name)?,
        (None, Some(name)) => name.clone(),
        (None, None) => DisplayName::new(NOBODY)?,
    };
    let (avatar, avatar_file) = match (&flags.avatar, &settings.avatar) {
        (Some(wished), _) => avatar(wished)?,
        (None, Some(kept)) => avatar(Path::new(kept)).unwrap_or_else(|error| {
            tracing::warn!("{error:#}: the first avatar is worn instead");
            first_avatar()
        }),
        (None, None) => first_avatar(),
    };
    Ok(Persona {
        name,
        avatar,
        avatar_file,
        locale: language(flags.locale, settings.language, system_language),
    })
}

/// Whether to ask for name and avatar: where somebody can be asked, and nothing is known yet.
pub(crate) fn is_first_start(flags: &Common, settings: &Settings) -> bool {
    let can_be_asked = !flags.offscreen && !flags.plain && flags.script.is_none();
    can_be_asked && flags.name.is_none() && settings.name.is_none()
}

fn language(flag: Option<flags::Locale>, setting: Option<Locale>, system: Option<&str>) -> Locale {
    let flag = flag.map(|locale| match locale {
        flags::Locale::En => Locale::English,
        flags::Locale::Zh => Locale::Chinese,
    });
    flag.or(setting).unwrap_or_else(|| {
        // `zh_CN.UTF-8`, `zh-Hans-CN`, `zh`.
        let language = system.and_then(|tag| tag.split(['-', '_', '.']).next());
        if language.is_some_and(|language| language.eq_ignore_ascii_case("zh")) {
            Locale::Chinese
        } else {
            Locale::English
        }
    })
}

fn first_avatar() -> (AvatarChoice, Option<Vec<u8>>) {
    (AvatarChoice::Shipped(SHIPPED_AVATARS[0].to_owned()), None)
}

/// A VRM file by path, or one of the shipped avatars by name.
fn avatar(wished: &Path) -> anyhow::Result<(AvatarChoice, Option<Vec<u8>>)> {
    if !wished.exists() && wished.extension().is_none() {
        let name = wished.to_string_lossy().into_owned();
        ensure!(
            SHIPPED_AVATARS.contains(&name.as_str()),
            "there is no avatar `{name}`: write {} or the path of a VRM file",
            SHIPPED_AVATARS.join(", ")
        );
        return Ok((AvatarChoice::Shipped(name), None));
    }
    let bytes = scene::read_bounded(wished, Purpose::Avatar.limit())
        .map_err(|fault| anyhow!("the avatar cannot be read: {fault}"))?;
    let hash = ContentHash(*blake3::hash(&bytes).as_bytes());
    Ok((
        AvatarChoice::File {
            hash,
            bytes: bytes.len() as u64,
        },
        Some(bytes),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use clap::Parser;

    fn flags(line: &str) -> Common {
        Flags::parse_from(format!("stoa {line}").split_whitespace()).common
    }

    fn kept() -> Settings {
        Settings {
            name: DisplayName::new("Ada").ok(),
            avatar: Some("sen".to_owned()),
            language: Some(Locale::Chinese),
            ..Settings::default()
        }
    }

    fn shipped(name: &str) -> AvatarChoice {
        AvatarChoice::Shipped(name.to_owned())
    }

    #[test]
    fn flags_win_over_settings_and_settings_over_defaults() {
        let nothing = choose(&flags(""), &Settings::default(), None).unwrap();
        assert_eq!(nothing.name.as_str(), NOBODY);
        assert_eq!(nothing.avatar, shipped(SHIPPED_AVATARS[0]));
        let settings = choose(&flags(""), &kept(), None).unwrap();
        assert_eq!(settings.name.as_str(), "Ada");
        assert_eq!(settings.avatar, shipped("sen"));
        let line = "--name Bo --avatar juma --locale en";
        let flagged = choose(&flags(line), &kept(), Some("zh-CN")).unwrap();
        assert_eq!(flagged.name.as_str(), "Bo");
        assert_eq!(flagged.avatar, shipped("juma"));
        assert_eq!(flagged.locale, Locale::English);
    }

    #[test]
    fn the_language_is_the_flag_else_the_setting_else_the_system() {
        let (english, chinese) = (Some(Locale::English), Some(Locale::Chinese));
        let flag = Some(flags::Locale::En);
        assert_eq!(language(flag, chinese, Some("zh")), Locale::English);
        assert_eq!(language(None, english, Some("zh")), Locale::English);
        for system in ["zh", "zh-CN", "zh_TW.UTF-8", "ZH-Hant-HK"] {
            assert_eq!(language(None, None, Some(system)), Locale::Chinese);
        }
        for system in [None, Some("C"), Some("de-DE"), Some("zha"), Some("")] {
            assert_eq!(language(None, None, system), Locale::English);
        }
    }

    #[test]
    fn only_an_unknown_person_at_a_window_is_asked() {
        assert!(is_first_start(&flags(""), &Settings::default()));
        assert!(is_first_start(
            &flags("join stoa://a/b"),
            &Settings::default()
        ));
        assert!(!is_first_start(&flags(""), &kept()));
        for line in ["--name Bo", "--offscreen", "--plain", "--script walk.txt"] {
            assert!(
                !is_first_start(&flags(line), &Settings::default()),
                "{line}"
            );
        }
    }

    #[test]
    fn an_avatar_that_nobody_ships_is_refused_with_those_that_there_are() {
        let Err(fault) = choose(&flags("--avatar mria"), &kept(), None) else {
            panic!("it was taken");
        };
        let line = format!("{fault:#}");
        assert!(line.contains("mria") && line.contains("mira, finn, juma, sen"));
        let settings = Settings {
            avatar: Some("mria".to_owned()),
            ..kept()
        };
        let persona = choose(&flags(""), &settings, None).unwrap();
        assert_eq!(persona.avatar, shipped(SHIPPED_AVATARS[0]));
    }

    #[test]
    fn a_kept_avatar_that_is_gone_does_not_keep_anybody_out() {
        let settings = Settings {
            avatar: Some("/nowhere/mine.vrm".to_owned()),
            ..kept()
        };
        let persona = choose(&flags(""), &settings, None).unwrap();
        assert_eq!(persona.avatar, shipped(SHIPPED_AVATARS[0]));
        assert!(choose(&flags("--avatar /nowhere/mine.vrm"), &kept(), None).is_err());
        assert!(choose(&flags("--avatar nobody"), &kept(), None).is_err());
        assert!(choose(&flags("--name \u{202E}"), &kept(), None).is_err());
    }
}
