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

/// An amount for people: a number with its thousands apart, or megabytes, of little kilobytes.
#[must_use]
pub fn amount(value: u64, is_bytes: bool) -> String {
    if is_bytes && value < 100_000 {
        return format!("{} kB", value.div_ceil(1_000));
    }
    if is_bytes {
        return format!("{:.1} MB", value as f64 / 1.0e6);
    }
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
    /// True when `value` counts bytes.
    pub is_bytes: bool,
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
    is_bytes: bool,
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
        is_bytes: false,
        value: |summary| summary.triangles,
        world: [200_000, 500_000, 1_500_000, 5_000_000],
        avatar: [20_000, 40_000, 70_000, 150_000],
        prop: [5_000, 20_000, 60_000, 200_000],
        advice: "decimate what is far away or small",
    },
    Measure {
        what: "draw calls",
        is_bytes: false,
        value: |summary| summary.draw_calls,
        world: [300, 600, 1_200, 3_000],
        avatar: [4, 8, 16, 32],
        prop: [2, 5, 12, 40],
        advice: "join meshes that share a material, and put textures into one atlas",
    },
    Measure {
        what: "texture memory",
        is_bytes: true,
        value: Summary::texture_bytes,
        world: megabytes([100, 250, 500, 1_000]),
        avatar: megabytes([20, 50, 100, 200]),
        prop: megabytes([12, 24, 64, 150]),
        advice: "halve the sides of textures that nobody sees from near",
    },
    Measure {
        what: "materials",
        is_bytes: false,
        value: |summary| summary.materials as u64,
        world: [100, 200, 400, 1_000],
        avatar: [4, 8, 16, 32],
        prop: [2, 4, 8, 20],
        advice: "merge materials that differ in colour alone",
    },
    Measure {
        what: "joints of a skin",
        is_bytes: false,
        value: |summary| summary.joints as u64,
        world: [80, 128, 192, 256],
        avatar: [80, 128, 192, 256],
        prop: [32, 64, 128, 256],
        advice: "remove bones that move nothing",
    },
    Measure {
        what: "morph targets of a mesh",
        is_bytes: false,
        value: |summary| summary.morph_targets as u64,
        world: [32, 64, 128, 256],
        avatar: [64, 100, 160, 256],
        prop: [8, 32, 64, 256],
        advice: "remove shape keys that no expression uses",
    },
    Measure {
        what: "lights",
        is_bytes: false,
        value: |summary| summary.lights as u64,
        world: [16, 48, 128, 512],
        avatar: [0, 1, 2, 4],
        prop: [1, 2, 4, 8],
        advice: "bake lights that never change",
    },
    Measure {
        what: "download",
        is_bytes: true,
        value: |summary| summary.bytes,
        world: megabytes([20, 50, 120, 268]),
        avatar: megabytes([5, 12, 30, 67]),
        prop: megabytes([3, 8, 20, 67]),
        advice: "everybody waits for it: reduce textures first",
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
            is_bytes: measure.is_bytes,
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
        let download = MEASURES.last().map(|measure| measure.world[3]);
        assert!(download <= Some(crate::limits::MAX_WORLD_BYTES));
    }
}
