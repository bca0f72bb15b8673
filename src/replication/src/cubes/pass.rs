//! One frame being coded: what each cube may do next, and the contexts that follow from it.

use super::contexts::{class, counter, minus, mix, plus, signed_class, size};
use super::frame::{CUBES, Cube, Frame, STEPS_PER_METRE, parts_beside};
use super::mixing::{BitIo, Decision, Model, Place};
use crate::rotation::{half_turn, inverse, multiply, rotate, turn_of};

/// Contexts of a value, and of the question whether a cube changed.
pub(super) const VALUE_CONTEXTS: usize = 8;
pub(super) const FLAG_CONTEXTS: usize = 4;
/// Neighbours that a cube's motion is compared with.
const NEIGHBOURS: usize = 3;
/// Neighbours further away than this do not count, in steps.
const NEIGHBOUR_REACH: i64 = 500;
/// Rolling radius of a small cube: half its edge, in metres.
const ROLL_METRES: f64 = 0.2;
/// Height at which a small cube rests, in steps.
const REST_HEIGHT: i32 = 105;

/// Kinds of decisions: each has its own weights.
#[derive(Clone, Copy)]
enum Subject {
    Height = 0,
    AlongX = 1,
    AlongY = 2,
    FirstPart = 3,
    OtherPart = 4,
    Largest = 5,
    Interacting = 6,
}

/// Frames that the coding of one frame refers to.
pub(super) struct Past<'a> {
    /// The newest that arrived, and one two frames before: position and velocity.
    pub(super) base: &'a Frame,
    pub(super) before: &'a Frame,
    /// The same a round trip earlier: how well each prediction did there.
    pub(super) old: &'a Frame,
    pub(super) older: &'a Frame,
    /// What to multiply the motion between each pair by.
    pub(super) factor: f64,
    pub(super) old_factor: f64,
}

/// One frame being coded.
pub(super) struct Pass<'a> {
    flag_model: &'a Model<FLAG_CONTEXTS>,
    value_model: &'a Model<VALUE_CONTEXTS>,
    past: Past<'a>,
    pub(super) flags: Vec<Decision<FLAG_CONTEXTS>>,
    pub(super) values: Vec<Decision<VALUE_CONTEXTS>>,
    /// By cube: how far off linear motion was.
    surprise: Vec<[i32; 3]>,
    /// By cube: its turn since the base.
    turned: Vec<[f64; 4]>,
    /// Cubes that changed, in order.
    changed: Vec<usize>,
}

/// The contexts of a value, before the decision inside the value is mixed in.
struct Contexts {
    subject: Subject,
    hashes: [u32; VALUE_CONTEXTS],
    /// Class of the expected error; chooses weights.
    scale: i32,
}

/// What is known of a cube before its values.
struct Subjects {
    index: usize,
    base: Cube,
    before: Cube,
    old: Cube,
    older: Cube,
    /// Distance to the person's cube, in steps.
    distance: i32,
    is_interacting: bool,
    neighbours: Neighbours,
}

/// Displacements since the base that a cube may have made.
struct Motion {
    /// On with its own velocity.
    linear: [i32; 3],
    /// Rigidly with the person's cube.
    rigid: [i32; 3],
    /// The one of both that did better a round trip ago.
    centre: [i32; 3],
    is_rigid: bool,
    /// Class of the expected error.
    scale: i32,
}

/// What neighbours say: the displacement beyond the centre if the cube moves rigidly with the nearest, how much the
/// nearest surprised, and the mean of the near ones.
#[derive(Default)]
struct Beside {
    nearness: i32,
    rigid: [i32; 3],
    surprise: [i32; 3],
    mean: [i32; 3],
}

/// The nearest cubes coded before, and their squared distances.
#[derive(Clone, Copy)]
struct Neighbours {
    indices: [usize; NEIGHBOURS],
    squared: [i64; NEIGHBOURS],
    count: usize,
}

impl Neighbours {
    /// 3 touching, 2 next to it, 1 somewhere, 0 none.
    fn nearness(&self) -> i32 {
        match self.squared[0] {
            _ if self.count == 0 => 0,
            0..57_600 => 3,
            57_600..102_400 => 2,
            _ => 1,
        }
    }
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        past: Past<'a>,
        flag_model: &'a Model<FLAG_CONTEXTS>,
        value_model: &'a Model<VALUE_CONTEXTS>,
    ) -> Self {
        Self {
            flag_model,
            value_model,
            past,
            flags: Vec::with_capacity(CUBES),
            values: Vec::with_capacity(8_000),
            surprise: vec![[0; 3]; CUBES],
            turned: vec![[0.0, 0.0, 0.0, 1.0]; CUBES],
            changed: Vec::with_capacity(256),
        }
    }

    /// Codes one cube into `frame`; true when it changed.
    pub(super) fn code_cube(
        &mut self,
        io: &mut impl BitIo,
        index: usize,
        was_changed: bool,
        frame: &mut Frame,
    ) -> bool {
        let base = self.past.base.cubes[index];
        let cube = frame.cubes[index];
        let centre = self.past.base.cubes[0].position;
        let squared: i64 = minus(base.position, centre)
            .iter()
            .map(|axis| i64::from(*axis).pow(2))
            .sum();
        let distance = squared.isqrt() as i32;
        if !self.code_flag(io, index, was_changed, distance, cube != base) {
            frame.cubes[index] = base;
            return false;
        }
        let mut known = Subjects {
            index,
            base,
            before: self.past.before.cubes[index],
            old: self.past.old.cubes[index],
            older: self.past.older.cubes[index],
            distance,
            is_interacting: false,
            neighbours: self.neighbours(base.position),
        };
        known.is_interacting = self.code_interacting(io, &known, cube.is_interacting);
        let mut coded = Cube {
            is_interacting: known.is_interacting,
            ..base
        };
        let (position, missed) = self.code_position(io, &known, cube.position, frame);
        coded.position = position;
        self.code_rotation(io, &known, &cube, &mut coded, missed);
        self.turned[index] = multiply(coded.quaternion(), inverse(base.quaternion()));
        self.changed.push(index);
        frame.cubes[index] = coded;
        true
    }

    fn code_flag(
        &mut self,
        io: &mut impl BitIo,
        index: usize,
        was_changed: bool,
        distance: i32,
        bit: bool,
    ) -> bool {
        let base = &self.past.base.cubes[index];
        let before = &self.past.before.cubes[index];
        let is_moving = base != before;
        let has_moved = *base != self.past.old.cubes[index];
        let is_beside_changed = index >= 30 && self.changed.binary_search(&(index - 30)).is_ok();
        let flags = i32::from(is_moving)
            | i32::from(has_moved) << 1
            | i32::from(was_changed) << 2
            | i32::from(base.is_interacting) << 3;
        let step = minus(base.position, before.position);
        let sets = [7 * 64 + (flags & 3) as u16, 7 * 32 + flags as u16];
        let place = Place {
            counters: [
                counter(mix(100, flags * 64 + class(distance / 16)), 0),
                counter(mix(101, class(size(step)) * 64 + flags), 0),
                counter(mix(102, (flags & 7) | i32::from(is_beside_changed) << 3), 0),
                counter(mix(103, (flags & 7) + 16 * (distance / 64).min(60)), 0),
            ],
            sets,
        };
        self.flag_model.code(io, &mut self.flags, &place, bit)
    }

    fn code_interacting(&mut self, io: &mut impl BitIo, known: &Subjects, value: bool) -> bool {
        let before = known.base.is_interacting;
        let flags = i32::from(before)
            | i32::from(known.before.is_interacting) << 1
            | i32::from(known.old.is_interacting) << 2;
        let mut hashes = [0; VALUE_CONTEXTS];
        for (place, hash) in hashes.iter_mut().enumerate() {
            let detail = match place {
                0 => 0,
                1 => class(known.distance / 8),
                2 => known.distance / 32,
                _ => 8 * place as i32,
            };
            *hash = mix(place as u32, flags + 8 * detail);
        }
        let contexts = Contexts {
            subject: Subject::Interacting,
            hashes,
            scale: flags,
        };
        self.decide(io, &contexts, 0, value != before) ^ before
    }

    /// Nearest coded cubes by their places in the base.
    fn neighbours(&self, position: [i32; 3]) -> Neighbours {
        let mut found = Neighbours {
            indices: [0; NEIGHBOURS],
            squared: [i64::MAX; NEIGHBOURS],
            count: 0,
        };
        for &index in &self.changed {
            let offset = minus(self.past.base.cubes[index].position, position);
            let squared: i64 = offset.iter().map(|axis| i64::from(*axis).pow(2)).sum();
            let Some(place) = found.squared.iter().position(|other| squared < *other) else {
                continue;
            };
            found.squared[place..].rotate_right(1);
            found.indices[place..].rotate_right(1);
            found.squared[place] = squared;
            found.indices[place] = index;
            found.count = (found.count + 1).min(NEIGHBOURS);
        }
        found
    }

    /// The displacement since the base of something that moves rigidly with cube `with`.
    fn rigid(&self, known: &Subjects, with: usize, frame: &Frame) -> [i32; 3] {
        let from = self.past.base.cubes[with].position;
        let arm = minus(known.base.position, from);
        let turned = rotate(self.turned[with], arm.map(f64::from)).map(|axis| axis.round() as i32);
        plus(minus(frame.cubes[with].position, from), minus(turned, arm))
    }

    /// Codes the position; returns it and how far off the prediction was in all.
    fn code_position(
        &mut self,
        io: &mut impl BitIo,
        known: &Subjects,
        position: [i32; 3],
        frame: &Frame,
    ) -> ([i32; 3], i32) {
        let base = known.base.position;
        let motion = self.motion(known, frame);
        let beside = self.beside(known, &motion, frame);
        let (centre, linear) = (motion.centre, motion.linear);
        let (scale, nearness) = (motion.scale, beside.nearness);
        let speed = class(size(linear));
        let step = minus(base, known.before.position);
        let step_before = minus(known.before.position, known.old.position);
        let height = signed_class((base[2] - REST_HEIGHT) / 4) * 32 + signed_class(linear[2] / 2);
        let interacting = i32::from(known.is_interacting);
        let rigid_bit = i32::from(motion.is_rigid);
        let mut missed = 0;
        let mut result = base;
        for (axis, subject) in [
            (2, Subject::Height),
            (0, Subject::AlongX),
            (1, Subject::AlongY),
        ] {
            let off = |vector: [i32; 3]| signed_class(vector[axis]);
            let seen = class(missed);
            let hashes = [
                mix(11, scale * 64 + seen * 2 + interacting),
                mix(12, off(beside.surprise) * 16 + nearness * 3 + rigid_bit),
                mix(
                    13,
                    off(minus(motion.rigid, centre)) * 64 + off(minus(linear, centre)),
                ),
                mix(14, seen * 64 + speed * 2 + rigid_bit),
                mix(15, off(beside.mean) * 64 + seen),
                mix(16, height),
                mix(17, off(beside.rigid) * 64 + nearness * 16 + seen / 2),
                mix(18, off(step) * 64 + off(step_before)),
            ];
            let contexts = Contexts {
                subject,
                hashes,
                scale,
            };
            let expected = base[axis] + centre[axis];
            let residual = position[axis].wrapping_sub(expected);
            let residual = self.code_value(io, &contexts, residual);
            result[axis] = expected.wrapping_add(residual);
            missed += residual.abs();
            self.surprise[known.index][axis] = result[axis] - base[axis] - linear[axis];
        }
        (result, missed)
    }

    /// Where the cube may have gone since the base, by its own motion and with the person's cube.
    fn motion(&self, known: &Subjects, frame: &Frame) -> Motion {
        let scaled = |step: [i32; 3], factor: f64| {
            step.map(|axis| (f64::from(axis) * factor).round() as i32)
        };
        let (base, old) = (known.base.position, known.old.position);
        let linear = scaled(minus(base, known.before.position), self.past.factor);
        let linear_again = scaled(minus(old, known.older.position), self.past.old_factor);
        let linear_miss = size(minus(minus(base, old), linear_again));
        let is_person = known.index == 0;
        if is_person {
            return Motion {
                linear,
                rigid: linear,
                centre: linear,
                is_rigid: false,
                scale: class(linear_miss),
            };
        }
        let rigid = self.rigid(known, 0, frame);
        let rigid_miss = size(self.rigid_miss(known));
        let is_rigid = rigid_miss < linear_miss;
        Motion {
            linear,
            rigid,
            centre: if is_rigid { rigid } else { linear },
            is_rigid,
            scale: class(linear_miss.min(rigid_miss)),
        }
    }

    /// What the cubes around say.
    fn beside(&self, known: &Subjects, motion: &Motion, frame: &Frame) -> Beside {
        let neighbours = &known.neighbours;
        let mut beside = Beside {
            nearness: neighbours.nearness(),
            ..Beside::default()
        };
        if beside.nearness == 0 {
            return beside;
        }
        let nearest = neighbours.indices[0];
        beside.rigid = minus(self.rigid(known, nearest, frame), motion.centre);
        beside.surprise = minus(self.surprise[nearest], minus(motion.centre, motion.linear));
        let reach = NEIGHBOUR_REACH.pow(2);
        let near = (0..neighbours.count).filter(|at| neighbours.squared[*at] < reach);
        let count = near.clone().count().max(1) as i32;
        for at in near {
            beside.mean = plus(beside.mean, self.surprise[neighbours.indices[at]]);
        }
        beside.mean = beside.mean.map(|axis| axis / count);
        beside
    }

    /// How far off rigid motion with the person's cube was a round trip ago.
    fn rigid_miss(&self, known: &Subjects) -> [i32; 3] {
        let (base, old) = (&self.past.base.cubes[0], &self.past.old.cubes[0]);
        let turned = multiply(base.quaternion(), inverse(old.quaternion()));
        let arm = minus(known.old.position, old.position).map(f64::from);
        let expected = rotate(turned, arm).map(|axis| axis.round() as i32);
        minus(minus(known.base.position, base.position), expected)
    }

    fn code_rotation(
        &mut self,
        io: &mut impl BitIo,
        known: &Subjects,
        cube: &Cube,
        coded: &mut Cube,
        missed: i32,
    ) {
        let turns = self.turns(known, coded);
        let contexts = turns.largest_contexts(&known.base, missed);
        let order = turns.order;
        let mut at = 0;
        while at < 3
            && self.decide(
                io,
                &contexts,
                at as u32,
                usize::from(cube.largest) != order[at],
            )
        {
            at += 1;
        }
        let largest = order[at];
        coded.largest = largest as u8;
        let beside = |quaternion: [f64; 4]| parts_beside(quaternion, largest);
        let centre = beside(turns.centre);
        let from = |quaternion: [f64; 4]| minus(beside(quaternion), centre);
        let (rest, other) = (from(turns.base), from(turns.other));
        let (rolled, neighbour) = (from(turns.rolled), from(turns.neighbour));
        let interacting = i32::from(known.is_interacting);
        let rigid_bit = i32::from(turns.is_rigid);
        let height = known.base.position[2] - REST_HEIGHT;
        let nearness = known.neighbours.nearness();
        let scale = turns.scale;
        let mut turn_missed = 0;
        for place in 0..3 {
            let hashes = [
                mix(31, scale * 64 + class(turn_missed) * 2 + interacting),
                mix(
                    32,
                    signed_class(neighbour[place]) * 16 + nearness * 3 + rigid_bit,
                ),
                mix(33, signed_class(other[place]) * 32 + scale),
                mix(34, class(turn_missed) * 64 + class(missed) * 2 + rigid_bit),
                mix(35, signed_class(rest[place]) * 64 + class(turn_missed)),
                mix(36, signed_class(height / 4) * 32 + class(missed)),
                mix(
                    37,
                    signed_class(rolled[place]) * 64 + signed_class(height / 16),
                ),
                mix(38, class(missed) * 64 + scale),
            ];
            let subject = if place == 0 {
                Subject::FirstPart
            } else {
                Subject::OtherPart
            };
            let contexts = Contexts {
                subject,
                hashes,
                scale,
            };
            let last =
                self.code_value(io, &contexts, cube.parts[place].wrapping_sub(centre[place]));
            coded.parts[place] = centre[place].wrapping_add(last);
            turn_missed += last.abs();
        }
    }

    /// The rotations that a cube may have by now.
    fn turns(&self, known: &Subjects, coded: &Cube) -> Turns {
        let (base, before) = (known.base.quaternion(), known.before.quaternion());
        let (old, older) = (known.old.quaternion(), known.older.quaternion());
        let spin = |to: [f64; 4], from: [f64; 4], factor: f64| {
            turn_of(half_turn(multiply(to, inverse(from))).map(|part| part * factor))
        };
        let is_person = known.index == 0;
        let linear = multiply(spin(base, before, self.past.factor), base);
        let rigid = if is_person {
            linear
        } else {
            multiply(self.turned[0], base)
        };
        let linear_again = multiply(spin(old, older, self.past.old_factor), old);
        let person = multiply(
            self.past.base.cubes[0].quaternion(),
            inverse(self.past.old.cubes[0].quaternion()),
        );
        let linear_miss = multiply(base, inverse(linear_again));
        let rigid_miss = multiply(base, inverse(multiply(person, old)));
        let angle = |q: [f64; 4]| ((q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt() * 361.0) as i32;
        let is_rigid = !is_person && angle(rigid_miss) < angle(linear_miss);
        let (centre, other) = if is_rigid {
            (rigid, linear)
        } else {
            (linear, rigid)
        };
        let step = minus(coded.position, known.base.position)
            .map(|axis| f64::from(axis) / (STEPS_PER_METRE * ROLL_METRES * 2.0));
        let neighbour = if known.neighbours.count > 0 {
            multiply(self.turned[known.neighbours.indices[0]], base)
        } else {
            other
        };
        let mut order = [0, 1, 2, 3];
        order.sort_by(|a: &usize, b: &usize| centre[*b].abs().total_cmp(&centre[*a].abs()));
        Turns {
            base,
            centre,
            other,
            neighbour,
            rolled: multiply(turn_of([-step[1], step[0], 0.0]), base),
            is_rigid,
            scale: class(angle(linear_miss).min(if is_person {
                i32::MAX
            } else {
                angle(rigid_miss)
            })),
            order,
        }
    }

    /// Codes a value: whether it is zero, its sign, its length in bits, then its bits.
    fn code_value(&mut self, io: &mut impl BitIo, contexts: &Contexts, value: i32) -> i32 {
        if !self.decide(io, contexts, 0, value != 0) {
            return 0;
        }
        let is_negative = self.decide(io, contexts, 1, value < 0);
        let magnitude = value.unsigned_abs();
        let length = 32 - magnitude.leading_zeros();
        let mut bits = 1;
        while bits < MAX_VALUE_BITS && self.decide(io, contexts, 1 + bits, length > bits) {
            bits += 1;
        }
        let mut result = 1_u32;
        for shift in (0..bits - 1).rev() {
            let bit = (magnitude >> shift) & 1 != 0;
            let depth = bits - 2 - shift;
            let decision = match depth {
                0 => 22 + bits,
                1 => 42 + (bits - 3).min(8) * 2 + (result & 1),
                2 => 61,
                _ => 62,
            };
            let bit = if depth < 3 {
                self.decide(io, contexts, decision, bit)
            } else {
                io.bit(1 << 15, bit)
            };
            result = result * 2 + u32::from(bit);
        }
        if is_negative {
            -(result as i32)
        } else {
            result as i32
        }
    }

    fn decide(
        &mut self,
        io: &mut impl BitIo,
        contexts: &Contexts,
        decision: u32,
        bit: bool,
    ) -> bool {
        let subject = contexts.subject as u32;
        let place = Place {
            counters: contexts
                .hashes
                .map(|hash| counter(hash, decision * 8 + subject)),
            sets: [
                (subject * 64 + decision.min(63)) as u16,
                (subject * 32 + contexts.scale.clamp(0, 31).unsigned_abs()) as u16,
            ],
        };
        self.value_model.code(io, &mut self.values, &place, bit)
    }
}

/// Longest value: 2^20 steps are 2 km.
const MAX_VALUE_BITS: u32 = 20;

/// Rotations that a cube may have by now.
struct Turns {
    base: [f64; 4],
    /// What did best a round trip ago: spinning on, or turning with the person's cube; and the other of both.
    centre: [f64; 4],
    other: [f64; 4],
    /// Turned as the nearest neighbour.
    neighbour: [f64; 4],
    /// Rolled over the ground by the displacement.
    rolled: [f64; 4],
    is_rigid: bool,
    /// Class of the expected error.
    scale: i32,
    /// Components of the centre, largest first.
    order: [usize; 4],
}

impl Turns {
    /// Contexts of which component is largest.
    fn largest_contexts(&self, base: &Cube, missed: i32) -> Contexts {
        let lead = |quaternion: [f64; 4], over: usize| {
            ((quaternion[self.order[0]].abs() - quaternion[self.order[over]].abs()) * 361.0) as i32
        };
        let gap = lead(self.centre, 1);
        let other_gap = signed_class(lead(self.other, 1));
        let before = usize::from(base.largest);
        let same = i32::from(before == self.order[0]) * 2 + i32::from(before == self.order[1]);
        let details = [
            class(gap),
            class(gap) * 32 + self.scale,
            other_gap * 32 + class(gap),
            self.scale * 32 + other_gap,
            class(gap) * 64 + class(lead(self.centre, 2)),
            gap.min(255),
            class(gap) * 32 + class(missed),
            same + 4 * class(gap),
        ];
        let mut hashes = [0; VALUE_CONTEXTS];
        for (place, hash) in hashes.iter_mut().enumerate() {
            *hash = mix(50 + place as u32, details[place]);
        }
        Contexts {
            subject: Subject::Largest,
            hashes,
            scale: class(gap),
        }
    }
}
