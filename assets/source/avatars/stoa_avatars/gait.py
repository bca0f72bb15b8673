"""Walking and running: feet that stand still on the ground at the stated speed, and a body that answers them."""

from dataclasses import dataclass

import numpy as np

from .geometry import curve, smoothstep
from .pose import SIDES, SIGN, SKELETON, Pose
from .skeleton import matrix
from .pose import turn


@dataclass
class Gait:
    """A cycle of two steps. Lengths in metres of the reference body, angles in degrees, times in shares of the cycle."""

    speed: float
    period: float
    duty: float
    strike: float
    strike_pitch: float
    flat_at: float
    heel_off: float
    toe_off_pitch: float
    swing: list
    hips_low: float
    bob: float
    bob_phase: float
    lean: float
    pelvis_turn: float
    pelvis_drop: float
    sway: float
    arm_swing: float
    arm_down: float
    elbow: tuple
    spread: float = 0.055
    knee_out: float = 3.0
    toe_yaw: float = 5.0
    head: float = 0.0
    curl: float = 25.0

    def foot(self, side, phase):
        """Ankle's place, heel pitch and toe bend at a phase from this foot's strike."""
        s, k = SKELETON, SIGN[side]
        p = phase % 1.0
        x, yaw = k * self.spread, k * self.toe_yaw
        if p < self.duty:
            return self.stance(side, p, x, yaw)
        first, _, _ = self.stance(side, self.duty - 1e-6, x, yaw)
        last, _, _ = self.stance(side, 0.0, x, yaw)
        q = (p - self.duty) / (1 - self.duty)
        z0, z1 = first[2], last[2]
        rows = [(0.0, z0, first[1], self.toe_off_pitch)]
        rows += [(at, z0 + (z1 - z0) * share, s[side + "Foot"][1] + lift, pitch) for at, share, lift, pitch in self.swing]
        rows += [(1.0, z1, last[1], self.strike_pitch)]
        _, z, y, pitch = curve(rows, at=[q])[0]
        toes = 30.0 * (1 - smoothstep(0.0, 0.3, q)) * (self.toe_off_pitch > 15)
        return np.array([x, y, z]), pitch, toes

    def stance(self, side, p, x, yaw):
        """The foot moves back at the speed of the walk; it rolls over heel, sole and ball."""
        s = SKELETON
        ankle, toe = s[side + "Foot"], s[side + "Toes"]
        flat = np.array([x, ankle[1], self.strike - self.speed * self.period * p])
        q = p / self.duty
        if q < self.flat_at:
            pitch = self.strike_pitch * (1 - smoothstep(0.0, self.flat_at, q))
            heel = np.array([0.0, -ankle[1], -0.062])
            return flat + heel - matrix(turn(pitch, yaw)) @ matrix(turn(0, -yaw)) @ heel if False else flat + heel - matrix(turn(pitch)) @ heel, pitch, 0.0
        pitch = self.toe_off_pitch * smoothstep(self.heel_off, 1.12, q) / smoothstep(self.heel_off, 1.12, 1.0)
        ball = np.array([0.0, toe[1] - ankle[1], toe[2] - ankle[2]])
        return flat + ball - matrix(turn(pitch)) @ ball, pitch, min(pitch, 40.0)

    def pose(self, secs):
        """The whole body; the left foot strikes at 0."""
        phase = secs / self.period
        w = 2 * np.pi * phase
        sway = self.sway * np.sin(w)
        pose = Pose((sway, -self.hips_low + self.bob * np.cos(2 * w - 2 * np.pi * self.bob_phase), 0.0))
        twist = self.pelvis_turn * np.cos(w)
        pose.set("hips", self.lean * 0.35, -twist, self.pelvis_drop * np.sin(w))
        pose.spine(self.lean * 0.65, twist * 2.0, -1.3 * self.pelvis_drop * np.sin(w))
        pose.look(self.head - self.lean * 0.85, -twist * 0.9, 0.4 * self.pelvis_drop * np.sin(w))
        for side in SIDES:
            start = 0.0 if side == "left" else 0.5
            ankle, pitch, toes = self.foot(side, phase - start)
            pose.plant(side, ankle, pitch, SIGN[side] * self.toe_yaw * 0.0, toes, self.knee_out)
            # The arm goes forward with the other leg, a little late.
            forward = -np.cos(w - 2 * np.pi * start - 0.25)
            bend = self.elbow[0] + self.elbow[1] * (0.5 + 0.5 * forward)
            pose.arm(side, self.arm_down, self.arm_swing * forward + self.arm_swing * 0.1, bend, 0.0, 1.5 * np.sin(2 * w), 4.0 * forward)
            pose.fingers(side, self.curl)
        return pose


WALK = Gait(
    speed=1.4, period=0.96, duty=0.60, strike=0.315, strike_pitch=-19.0, flat_at=0.20, heel_off=0.52, toe_off_pitch=52.0,
    swing=[(0.25, 0.16, 0.135, 50.0), (0.5, 0.50, 0.085, 16.0), (0.78, 0.88, 0.055, -12.0)],
    hips_low=0.040, bob=0.017, bob_phase=0.34, lean=3.0, pelvis_turn=6.0, pelvis_drop=2.6, sway=0.016,
    arm_swing=24.0, arm_down=75.0, elbow=(12.0, 22.0))

RUN = Gait(
    speed=3.5, period=0.68, duty=0.33, strike=0.29, strike_pitch=-9.0, flat_at=0.20, heel_off=0.38, toe_off_pitch=58.0,
    swing=[(0.18, 0.02, 0.27, 78.0), (0.42, 0.40, 0.34, 62.0), (0.66, 0.86, 0.20, 10.0), (0.86, 1.10, 0.085, -10.0)],
    hips_low=0.062, bob=0.034, bob_phase=0.415, lean=11.0, pelvis_turn=9.0, pelvis_drop=3.0, sway=0.010,
    arm_swing=40.0, arm_down=70.0, elbow=(62.0, 38.0), spread=0.040, knee_out=2.0, toe_yaw=2.0, head=3.0, curl=48.0)

CROUCH = Gait(
    speed=1.0, period=0.98, duty=0.60, strike=0.250, strike_pitch=-8.0, flat_at=0.18, heel_off=0.50, toe_off_pitch=42.0,
    swing=[(0.25, 0.20, 0.13, 36.0), (0.5, 0.52, 0.11, 10.0), (0.78, 0.88, 0.06, -6.0)],
    hips_low=0.345, bob=0.014, bob_phase=0.30, lean=38.0, pelvis_turn=6.0, pelvis_drop=2.5, sway=0.016,
    arm_swing=16.0, arm_down=62.0, elbow=(52.0, 18.0), spread=0.085, knee_out=10.0, toe_yaw=6.0, head=2.0, curl=35.0)
