//! The settings themselves: their keys in the file, their ranges, and what holds when nothing is said.

use crate::Locale;
use protocol::DisplayName;
use toml::{Table, Value};

/// What a person has chosen. `None` leaves the choice to the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How others call them; `None` until they were asked.
    pub name: Option<DisplayName>,
    /// A shipped avatar by name, or the path of a VRM file.
    pub avatar: Option<String>,
    /// Content id of the own avatar file that others may get.
    pub shared_avatar: Option<String>,
    /// Language of the screens; `None` follows the system.
    pub language: Option<Locale>,
    /// Factor of the mouse's motion, `Settings::MOUSE`.
    pub mouse_sensitivity: f32,
    /// Vertical field of view in degrees, `Settings::FIELD_OF_VIEW`.
    pub field_of_view_degrees: f32,
    /// The window covers its screen.
    pub is_fullscreen: bool,
    /// How much is drawn.
    pub graphics: Graphics,
    /// Loudness from 0 to 1.
    pub volume: f32,
}

/// How much is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Graphics {
    /// As much as suits the adapter.
    #[default]
    Automatic,
    /// For software rasterizers and the weakest adapters.
    Low,
    /// For built-in adapters.
    Medium,
    /// For graphics cards.
    High,
}

/// A setting on a scale: lowest value, highest value, and one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dial {
    pub(crate) lowest: f32,
    pub(crate) highest: f32,
    pub(crate) step: f32,
}

impl Dial {
    /// The value so many steps away, on the grid of steps and within the range.
    pub(crate) fn turned(self, value: f32, steps: i8) -> f32 {
        let place = ((value - self.lowest) / self.step).round() + f32::from(steps);
        self.held(self.lowest + place * self.step)
    }

    /// The nearest value within the range; what is no number becomes the lowest.
    pub(crate) fn held(self, value: f32) -> f32 {
        if value.is_nan() {
            self.lowest
        } else {
            value.clamp(self.lowest, self.highest)
        }
    }

    /// Where a value lies, from 0 to 1.
    pub(crate) fn share(self, value: f32) -> f32 {
        (self.held(value) - self.lowest) / (self.highest - self.lowest)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            avatar: None,
            shared_avatar: None,
            language: None,
            mouse_sensitivity: 1.0,
            field_of_view_degrees: 60.0,
            is_fullscreen: false,
            graphics: Graphics::Automatic,
            volume: 0.8,
        }
    }
}

impl Graphics {
    /// All, from the program's choice to the most.
    pub(crate) const ALL: [Self; 4] = [Self::Automatic, Self::Low, Self::Medium, Self::High];

    fn word(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One key of the file.
struct Key {
    name: &'static str,
    /// Takes a value; false when it cannot be one.
    read: fn(&mut Settings, &Value) -> bool,
    /// The value to keep; `None` leaves the key out.
    write: fn(&Settings) -> Option<Value>,
}

const KEYS: [Key; 9] = [
    Key {
        name: "name",
        read: |settings, value| {
            settings.name = value.as_str().and_then(|text| DisplayName::new(text).ok());
            settings.name.is_some()
        },
        write: |settings| settings.name.as_ref().map(|name| name.as_str().into()),
    },
    Key {
        name: "avatar",
        read: |settings, value| {
            settings.avatar = value.as_str().map(str::to_owned);
            settings.avatar.is_some()
        },
        write: |settings| settings.avatar.clone().map(Value::from),
    },
    Key {
        name: "shared_avatar",
        read: |settings, value| {
            settings.shared_avatar = value.as_str().map(str::to_owned);
            settings.shared_avatar.is_some()
        },
        write: |settings| settings.shared_avatar.clone().map(Value::from),
    },
    Key {
        name: "language",
        read: |settings, value| {
            settings.language = value.as_str().and_then(Locale::from_code);
            settings.language.is_some()
        },
        write: |settings| settings.language.map(|language| language.code().into()),
    },
    Key {
        name: "mouse_sensitivity",
        read: |settings, value| {
            read_number(value, Settings::MOUSE, &mut settings.mouse_sensitivity)
        },
        write: |settings| Some(number(settings.mouse_sensitivity)),
    },
    Key {
        name: "field_of_view_degrees",
        read: |settings, value| {
            read_number(
                value,
                Settings::FIELD_OF_VIEW,
                &mut settings.field_of_view_degrees,
            )
        },
        write: |settings| Some(number(settings.field_of_view_degrees)),
    },
    Key {
        name: "fullscreen",
        read: |settings, value| {
            settings.is_fullscreen = value.as_bool().unwrap_or_default();
            value.is_bool()
        },
        write: |settings| Some(settings.is_fullscreen.into()),
    },
    Key {
        name: "graphics",
        read: |settings, value| {
            let known = Graphics::ALL
                .into_iter()
                .find(|graphics| value.as_str() == Some(graphics.word()));
            settings.graphics = known.unwrap_or_default();
            known.is_some()
        },
        write: |settings| Some(settings.graphics.word().into()),
    },
    Key {
        name: "volume",
        read: |settings, value| read_number(value, Settings::VOLUME, &mut settings.volume),
        write: |settings| Some(number(settings.volume)),
    },
];

impl Settings {
    /// Factors of the mouse's motion.
    pub(crate) const MOUSE: Dial = Dial {
        lowest: 0.2,
        highest: 3.0,
        step: 0.2,
    };
    /// Vertical fields of view in degrees.
    pub(crate) const FIELD_OF_VIEW: Dial = Dial {
        lowest: 40.0,
        highest: 90.0,
        step: 5.0,
    };
    /// Loudness.
    pub(crate) const VOLUME: Dial = Dial {
        lowest: 0.0,
        highest: 1.0,
        step: 0.1,
    };

    /// Takes the known keys of a table. Numbers out of range count as the nearest in it; the names of keys that
    /// cannot be read come back, and their settings are as if nothing was said.
    pub(super) fn from_table(table: &Table) -> (Self, Vec<&'static str>) {
        let mut settings = Self::default();
        let mut bad = Vec::new();
        for key in &KEYS {
            if let Some(value) = table.get(key.name)
                && !(key.read)(&mut settings, value)
            {
                bad.push(key.name);
            }
        }
        (settings, bad)
    }

    /// Puts the settings into a table that may hold more.
    pub(super) fn put_into(&self, table: &mut Table) {
        for key in &KEYS {
            match (key.write)(self) {
                Some(value) => drop(table.insert(key.name.to_owned(), value)),
                None => drop(table.remove(key.name)),
            }
        }
    }
}

fn read_number(value: &Value, dial: Dial, target: &mut f32) -> bool {
    let number = match value {
        Value::Float(number) => *number as f32,
        Value::Integer(number) => *number as f32,
        _ => return false,
    };
    if number.is_nan() {
        return false;
    }
    *target = dial.held(number);
    true
}

/// Shortest form that a person reads: two decimals are finer than any step.
fn number(value: f32) -> Value {
    Value::Float((f64::from(value) * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_stays_on_its_steps_and_within_its_range() {
        let dial = Settings::FIELD_OF_VIEW;
        assert_eq!(dial.turned(60.0, 1), 65.0);
        assert_eq!(dial.turned(61.2, -1), 55.0);
        assert_eq!(dial.turned(90.0, 1), 90.0);
        assert_eq!(dial.turned(f32::NAN, 0), 40.0);
        assert_eq!((dial.share(40.0), dial.share(90.0)), (0.0, 1.0));
        let mut volume = 0.0;
        for _ in 0..20 {
            volume = Settings::VOLUME.turned(volume, 1);
        }
        assert_eq!(volume, 1.0);
    }

    #[test]
    fn numbers_out_of_range_count_as_the_nearest_in_it() {
        let table: Table = "volume = 7\nmouse_sensitivity = -1e9\nfield_of_view_degrees = inf"
            .parse()
            .unwrap();
        let (settings, bad) = Settings::from_table(&table);
        assert!(bad.is_empty());
        assert_eq!(settings.volume, 1.0);
        assert_eq!(settings.mouse_sensitivity, Settings::MOUSE.lowest);
        assert_eq!(
            settings.field_of_view_degrees,
            Settings::FIELD_OF_VIEW.highest
        );
    }

    #[test]
    fn values_of_the_wrong_kind_are_named_and_the_rest_is_taken() {
        let table: Table =
            "name = \"\\u202E\"\nlanguage = \"tlh\"\nvolume = \"loud\"\nfullscreen = 1\n\
            graphics = \"most\"\navatar = 3\nmouse_sensitivity = nan\nfield_of_view_degrees = 75"
                .parse()
                .unwrap();
        let (settings, bad) = Settings::from_table(&table);
        let expected = [
            "name",
            "avatar",
            "language",
            "mouse_sensitivity",
            "fullscreen",
            "graphics",
            "volume",
        ];
        assert_eq!(bad, expected);
        let rest = Settings {
            field_of_view_degrees: 75.0,
            ..Settings::default()
        };
        assert_eq!(settings, rest);
    }
}
