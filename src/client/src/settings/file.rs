//! The file of settings: `settings.toml` in the data folder, written whole or not at all. Keys that this release does
//! not know are kept; a file that cannot be read is set aside and named.

use super::{KeepFault, Kept, Settings};
use crate::app::order::ClientSystems;
use bevy::prelude::*;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use toml::Table;

/// Name in the data folder.
const NAME: &str = "settings.toml";
/// Where a damaged file goes.
const SET_ASIDE: &str = "settings.damaged.toml";
/// Longest file that is read.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Settings, and where they are kept.
#[derive(Clone, Debug, Default)]
pub struct SettingsFile {
    /// What holds now.
    pub values: Settings,
    /// What was wrong with the file, one line.
    pub fault: Option<String>,
    /// `None` keeps nothing.
    path: Option<PathBuf>,
    /// Everything that the file had, with keys of other releases.
    table: Table,
}

impl SettingsFile {
    /// Reads the settings of a data folder. Never fails: without a file, or with one that cannot be read, the
    /// defaults hold. A damaged file is set aside beside the new one, and `fault` names it.
    #[must_use]
    pub fn load(folder: &Path) -> Self {
        let path = folder.join(NAME);
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Self::damaged(path, &error.to_string()),
        };
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let error: toml::de::Error = error;
                return Self::damaged(path, error.message());
            }
        };
        let (values, bad) = Settings::from_table(&table);
        if !bad.is_empty() {
            let reason = format!("{} cannot be read", bad.join(", "));
            let defaults = Self::damaged(path, &reason);
            return Self {
                values,
                table,
                ..defaults
            };
        }
        Self {
            values,
            fault: None,
            path: Some(path),
            table,
        }
    }

    /// Defaults in place of a damaged file, which is moved out of the way.
    fn damaged(path: PathBuf, reason: &str) -> Self {
        let aside = path.with_file_name(SET_ASIDE);
        let fault = match fs::rename(&path, &aside) {
            Ok(()) => format!(
                "the settings in {} are damaged ({reason}): the file is kept as {}",
                path.display(),
                aside.display()
            ),
            Err(error) => format!(
                "the settings in {} are damaged ({reason}), and it cannot be set aside: {error}",
                path.display()
            ),
        };
        Self {
            values: Settings::default(),
            fault: Some(fault),
            path: Some(path),
            table: Table::new(),
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn save(&mut self) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        self.values.put_into(&mut self.table);
        write_whole(path, self.table.to_string().as_bytes())
    }
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(io::Error::other("the file is too long"));
    }
    fs::read_to_string(path)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() && fs::remove_file(&temporary).is_err() {
        tracing::debug!("{} is left over", temporary.display());
    }
    written
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<KeepFault>();
    app.add_systems(Startup, tell_fault);
    app.add_systems(
        Update,
        keep.in_set(ClientSystems::Show)
            .run_if(resource_exists_and_changed::<Kept>),
    );
}

fn tell_fault(kept: Res<Kept>, mut fault: ResMut<KeepFault>) {
    if let Some(line) = &kept.0.fault {
        tracing::warn!("{line}");
        fault.0 = Some(line.clone());
    }
}

/// Keeps what was changed, in the frame of the change.
fn keep(mut kept: ResMut<Kept>, mut fault: ResMut<KeepFault>, mut last: Local<Option<Settings>>) {
    let values = kept.0.values.clone();
    // What was just read need not be written, unless it was saved from a damaged file.
    let (is_first, is_new) = match last.replace(values.clone()) {
        Some(last) => (false, last != values),
        None => (true, kept.0.fault.is_some()),
    };
    if !is_new {
        return;
    }
    match kept.bypass_change_detection().0.save() {
        Ok(()) if is_first => {}
        Ok(()) => fault.0 = None,
        Err(error) => {
            tracing::warn!("the settings cannot be kept: {error}");
            fault.0 = Some(error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Locale;
    use crate::settings::Graphics;
    use protocol::DisplayName;

    fn chosen() -> Settings {
        Settings {
            name: Some(DisplayName::new("王小明").unwrap()),
            avatar: Some("juma".to_owned()),
            shared_avatar: Some("0123".to_owned()),
            language: Some(Locale::Chinese),
            mouse_sensitivity: 1.6,
            field_of_view_degrees: 75.0,
            is_fullscreen: true,
            graphics: Graphics::Medium,
            volume: 0.3,
        }
    }

    #[test]
    fn settings_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("not/yet/there");
        let mut file = SettingsFile::load(&data);
        assert_eq!(file.values, Settings::default());
        assert!(file.fault.is_none());
        file.values = chosen();
        file.save().unwrap();
        let again = SettingsFile::load(&data);
        assert_eq!(again.values, chosen());
        assert!(again.fault.is_none());
        assert_eq!(
            fs::read_dir(&data).unwrap().count(),
            1,
            "nothing is left over"
        );
    }

    #[test]
    fn keys_of_other_releases_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(
            &path,
            "volume = 0.5\nfuture = [1, 2]\n[more]\nthing = true\n",
        )
        .unwrap();
        let mut file = SettingsFile::load(folder.path());
        assert_eq!(file.values.volume, 0.5);
        file.values.volume = 0.2;
        file.save().unwrap();
        let table: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        assert_eq!(table["future"].as_array().unwrap().len(), 2);
        assert_eq!(table["more"]["thing"].as_bool(), Some(true));
        assert_eq!(table["volume"].as_float(), Some(0.2));
    }

    #[test]
    fn a_damaged_file_is_named_and_set_aside() {
        let damages: [&[u8]; 4] = [
            b"volume = ",
            b"\xFF\xFE\x00",
            b"volume = \"loud\"",
            &[b'#'; MAX_FILE_BYTES as usize + 1],
        ];
        for damage in damages {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(NAME), damage).unwrap();
            let mut file = SettingsFile::load(folder.path());
            assert_eq!(file.values, Settings::default());
            let fault = file.fault.clone().unwrap();
            assert!(fault.contains(NAME) && fault.contains(SET_ASIDE), "{fault}");
            assert_eq!(fs::read(folder.path().join(SET_ASIDE)).unwrap(), damage);
            file.values = chosen();
            file.save().unwrap();
            assert_eq!(SettingsFile::load(folder.path()).values, chosen());
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_says_so_and_the_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("data");
        fs::write(&blocked, "a file where the folder should be").unwrap();
        let mut file = SettingsFile::load(&blocked);
        file.values = chosen();
        assert!(file.save().is_err());
        assert!(blocked.is_file());
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let mut file = SettingsFile {
            values: chosen(),
            ..SettingsFile::default()
        };
        assert!(file.save().is_ok());
    }
}
