//! What a file costs, held against what a place, a body or a thing may cost on a laptop's graphics.

use super::report::Summary;
use crate::Purpose;

/// How well a cost fits its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// At home on every machine.
    A,
    /// Good on most machines.
    B,
    /// Felt on small machines.
    C,
    /// For large machines only.
    D,
    /// Too much for its purpose.
    E,
}

impl Grade {
    /// Its letter.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
        }
    }
}

/// In what a cost is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pieces.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Millis,
}

impl Unit {
    /// As it stands in reports for programs; empty for pieces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Bytes => "bytes",
            Self::Millis => "ms",
        }
    }
}

/// An amount for people: a number with its thousands apart; megabytes, of little kilobytes; seconds, of less than one
/// milliseconds.
#[must_use]
pub fn amount(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Count => grouped(value),
        Unit::Bytes if value < 100_000 => format!("{} kB", value.div_ceil(1_000)),
        Unit::Bytes => format!("{:.1} MB", value as f64 / 1.0e6),
        Unit::Millis if value < 1_000 => format!("{value} ms"),
        Unit::Millis => format!("{:.1} s", value as f64 / 1.0e3),
    }
}

fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One kind of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What is counted, in words.
    pub what: &'static str,
    /// How much there is.
    pub value: u64,
    /// In what `value` and `budget` are counted.
    pub unit: Unit,
    /// Most for the grade A: the budget.
    pub budget: u64,
    /// Its grade.
    pub grade: Grade,
    /// How to make it less.
    pub advice: &'static str,
}

/// Most for the grades A, B, C and D.
type Steps = [u64; 4];

const MEGABYTE: u64 = 1_000_000;

/// A kind of cost: what it is, its number, and its steps for a world, an avatar and a prop.
struct Measure {
    what: &'static str,
    unit: Unit,
    value: fn(&Summary) -> u64,
    world: Steps,
    avatar: Steps,
    prop: Steps,
    advice: &'static str,
}

const fn megabytes(steps: Steps) -> Steps {
    [
        steps[0] * MEGABYTE,
        steps[1] * MEGABYTE,
        steps[2] * MEGABYTE,
        steps[3] * MEGABYTE,
    ]
}

const MEASURES: &[Measure] = &[
    Measure {
        what: "triangles",
        unit: Unit::Count,
        value: |summary| summary.triangles,
        world: [200_000, 500_000, 1_500_000, 5_000_000],
        avatar: [20_000, 40_000, 70_000, 150_000],
        prop: [5_000, 20_000, 60_000, 200_000],
        advice: "decimate what is far away or small",
    },
    Measure {
        what: "draw calls",
        unit: Unit::Count,
        value: |summary| summary.draw_calls,
        world: [300, 600, 1_200, 3_000],
        avatar: [4, 8, 16, 32],
        prop: [2, 5, 12, 40],
        advice: "join meshes that share a material, and put textures into one atlas",
    },
    Measure {
        what: "texture memory",
        unit: Unit::Bytes,
        value: Summary::texture_bytes,
        world: megabytes([100, 250, 500, 1_000]),
        avatar: megabytes([20, 50, 100, 200]),
        prop: megabytes([12, 24, 64, 150]),
        advice: "halve the sides of textures that nobody sees from near",
    },
    Measure {
        what: "materials",
        unit: Unit::Count,
        value: |summary| summary.materials as u64,
        world: [100, 200, 400, 1_000],
        avatar: [4, 8, 16, 32],
        prop: [2, 4, 8, 20],
        advice: "merge materials that differ in colour alone",
    },
    Measure {
        what: "joints of a skin",
        unit: Unit::Count,
        value: |summary| summary.joints as u64,
        world: [80, 128, 192, 256],
        avatar: [80, 128, 192, 256],
        prop: [32, 64, 128, 256],
        advice: "remove bones that move nothing",
    },
    Measure {
        what: "morph targets of a mesh",
        unit: Unit::Count,
        value: |summary| summary.morph_targets as u64,
        world: [32, 64, 128, 256],
        avatar: [64, 100, 160, 256],
        prop: [8, 32, 64, 256],
        advice: "remove shape keys that no expression uses",
    },
    Measure {
        what: "lights",
        unit: Unit::Count,
        value: |summary| summary.lights as u64,
        world: [16, 48, 128, 512],
        avatar: [0, 1, 2, 4],
        prop: [1, 2, 4, 8],
        advice: "bake lights that never change",
    },
    Measure {
        what: "download",
        unit: Unit::Bytes,
        value: |summary| summary.bytes,
        world: megabytes([20, 50, 120, 268]),
        avatar: megabytes([5, 12, 30, 67]),
        prop: megabytes([3, 8, 20, 67]),
        advice: "everybody waits for it: reduce textures first",
    },
    Measure {
        what: "load time",
        unit: Unit::Millis,
        value: Summary::load_millis,
        world: [3_500, 9_000, 20_000, 45_000],
        avatar: [850, 2_000, 5_000, 11_000],
        prop: [500, 1_300, 3_400, 11_000],
        advice: "`stoa-import convert` makes files that come sooner and need less decoding",
    },
];

/// Every cost of a file for its purpose.
pub(super) fn costs(summary: &Summary, purpose: Purpose) -> Vec<Cost> {
    let of = |measure: &Measure| {
        let steps = match purpose {
            Purpose::World => measure.world,
            Purpose::Avatar => measure.avatar,
            Purpose::Prop | Purpose::AnimationClip => measure.prop,
        };
        let value = (measure.value)(summary);
        let passed = steps.iter().filter(|step| value > **step).count();
        Cost {
            what: measure.what,
            value,
            unit: measure.unit,
            budget: steps[0],
            grade: [Grade::A, Grade::B, Grade::C, Grade::D, Grade::E][passed],
            advice: measure.advice,
        }
    };
    MEASURES.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_is_the_first_step_that_holds_the_value() {
        let grade = |triangles| {
            let summary = Summary {
                triangles,
                ..Summary::default()
            };
            costs(&summary, Purpose::Avatar)[0].grade
        };
        assert_eq!(grade(20_000), Grade::A);
        assert_eq!(grade(20_001), Grade::B);
        assert_eq!(grade(150_001), Grade::E);
    }

    #[test]
    fn steps_grow_and_agree_with_what_is_refused() {
        for measure in MEASURES {
            for steps in [measure.world, measure.avatar, measure.prop] {
                assert!(steps.is_sorted(), "{}", measure.what);
            }
        }
        let download = measure("download").world[3];
        assert!(download <= crate::limits::MAX_WORLD_BYTES);
    }

    fn measure(what: &str) -> &'static Measure {
        MEASURES
            .iter()
            .find(|measure| measure.what == what)
            .unwrap()
    }

    #[test]
    fn a_file_within_the_other_steps_loads_about_in_time() {
        let [download, textures, time] = ["download", "texture memory", "load time"].map(measure);
        let rows = [
            [download.world, textures.world, time.world],
            [download.avatar, textures.avatar, time.avatar],
            [download.prop, textures.prop, time.prop],
        ];
        for [download, textures, time] in rows {
            for step in 0..4 {
                let mut summary = Summary {
                    bytes: download[step],
                    ..Summary::default()
                };
                assert!(summary.load_millis() <= time[step], "{step} of {time:?}");
                summary.image_bytes = textures[step] / 4 * 3;
                assert!(summary.load_millis() >= time[step], "{step} of {time:?}");
            }
        }
    }

    #[test]
    fn designers_read_the_budgets_that_are_used() {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DESIGNERS.md");
        let document = std::fs::read_to_string(document).unwrap();
        for measure in MEASURES {
            let budgets = [measure.world, measure.avatar, measure.prop];
            let [world, avatar, prop] = budgets.map(|steps| amount(steps[0], measure.unit));
            let row = format!("| {} | {world} | {avatar} | {prop} |\n", measure.what);
            assert!(document.contains(&row), "docs/DESIGNERS.md lacks {row}");
        }
    }

    #[test]
    fn amounts_are_written_for_people() {
        assert_eq!(amount(1_234_567, Unit::Count), "1,234,567");
        assert_eq!(amount(999, Unit::Count), "999");
        assert_eq!(amount(1_500_000, Unit::Bytes), "1.5 MB");
        assert_eq!(amount(99_999, Unit::Bytes), "100 kB");
        assert_eq!(amount(1, Unit::Bytes), "1 kB");
        assert_eq!(amount(999, Unit::Millis), "999 ms");
        assert_eq!(amount(12_340, Unit::Millis), "12.3 s");
    }
}
