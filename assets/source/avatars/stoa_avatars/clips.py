"""Every clip of the set: name, length, whether it repeats, what a client must know of it, and its pose at a time."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from .gait import CROUCH, RUN, WALK
from .geometry import curve, lerp, smoothstep
from .pose import REFERENCE, SIDES, SIGN, Pose, axis, slerp, times

UPPER = ("spine", "chest", "upperChest", "neck", "head")


@dataclass
class Clip:
    """A clip. `bones` None moves everything; otherwise only bones for which it holds."""

    name: str
    secs: float
    is_loop: bool
    pose: Callable
    extras: dict = field(default_factory=dict)
    bones: Callable | None = None


def rest_arms(pose, breath, down=76.0, bend=16.0):
    for side in SIDES:
        pose.arm(side, down - 0.8 * breath, -3.0, bend + 1.2 * breath, 4.0, 1.0 + 1.3 * breath, 0.0, 3.0)
        pose.fingers(side, 24.0 + (3.0 if side == "left" else 0.0))


def idle(t):
    """Breathing (one breath in four seconds) and a slow shift of weight over planted feet."""
    w = 2 * np.pi * t / 4.0
    breath, shift = np.sin(w - 0.6), np.sin(w)
    pose = Pose((0.014 * shift, -0.0085 + 0.003 * breath - 0.003 * shift * shift, 0.004 * np.sin(w + 1.0)))
    pose.set("hips", 0.5 * breath, 1.2 * shift, 1.0 * shift)
    pose.spine(1.0 - 1.8 * breath, -1.5 * shift, -1.8 * shift)
    pose.look(0.5 + 1.2 * breath, 2.2 * np.sin(w + 0.9), 0.9 * shift)
    for side in SIDES:
        k = SIGN[side]
        pose.stand(side, k * 0.092, -0.02 + 0.008 * k, 7.0 * k, 0.0, 3.0)
    rest_arms(pose, breath)
    return pose


def crouch_idle(t):
    """Low, on both feet, one ahead; the top of the head stays under 1.1 m."""
    w = 2 * np.pi * t / 4.0
    breath = np.sin(w)
    pose = Pose((0.006 * np.sin(w), -0.355 + 0.006 * breath, -0.03))
    pose.set("hips", 14.0, -8.0, 0.0).spine(24.0 - 1.5 * breath, 5.0, 0.0).look(-30.0 + 1.0 * breath, 3.0 + 2.0 * np.sin(w + 0.7), 0.0)
    pose.stand("left", 0.105, 0.10, 6.0, 0.0, 14.0)
    toe = (-0.10, 0.0, -0.02)
    pose.plant("right", pose.ankle_of("right", toe, 32.0, -8.0), 32.0, -8.0, 32.0, 14.0)
    for side in SIDES:
        pose.arm(side, 60.0, 16.0 + 1.5 * breath, 58.0 - 2.0 * breath, 0.0, 2.0, 6.0, 6.0).fingers(side, 32.0)
    return pose


def keyed(rows, t):
    """Smooth values of rows (time, ...) at t."""
    return curve(rows, at=[t])[0, 1:]


def jump(t):
    """From the push-off into the pose of the highest point; the physics moves the body, the clip only its limbs."""
    push, tuck = keyed([(0, 1.0, 0.0), (0.09, 0.9, 0.05), (0.32, 0.0, 1.0), (0.5, 0.0, 1.0)], t)
    crouch = keyed([(0, 1.0), (0.08, 0.15), (0.16, 0.0), (0.5, 0.0)], t)[0]
    pose = Pose((0.0, -0.10 * crouch + 0.01 * push, 0.0))
    pose.set("hips", 4.0 * crouch + 4.0 * tuck).spine(10.0 * crouch - 5.0 * push + 6.0 * tuck).look(-6.0 * crouch + 2.0 * tuck)
    for side, lift, back, pitch in (("left", 0.30, 0.10, 18.0), ("right", 0.15, -0.16, 46.0)):
        k = SIGN[side]
        ankle = np.array([k * 0.085, 0.083 + lerp(0.055 * (1 - crouch), lift, tuck), -0.03 + back * tuck])
        pitch = lerp(44.0 * (1 - crouch), pitch, tuck)
        pose.plant(side, ankle, pitch, 3.0 * k, 12.0 * push, 5.0)
    raised = keyed([(0, 0.0), (0.14, 0.85), (0.34, 1.0), (0.5, 0.92)], t)[0]
    for side in SIDES:
        down = lerp(72.0, 26.0 if side == "right" else 34.0, raised)
        pose.arm(side, down, lerp(-34.0, 24.0, smoothstep(0.0, 0.8, raised)), lerp(20.0, 38.0, raised), 0.0, 6.0 * raised, 0.0, 0.0)
        pose.fingers(side, lerp(30.0, 12.0, raised), 4.0 * raised)
    return pose


def fall(t):
    """Arms out for balance, legs loose; repeats."""
    w = 2 * np.pi * t / 1.0
    pose = Pose((0.0, 0.0, 0.0))
    pose.set("hips", 5.0, 2.0 * np.sin(w), 0.0).spine(7.0, -3.0 * np.sin(w), 2.0 * np.cos(w)).look(8.0, 0.0, -1.5 * np.cos(w))
    for side, phase, lift, z in (("left", 0.0, 0.17, 0.07), ("right", 2.4, 0.11, -0.10)):
        k = SIGN[side]
        ankle = np.array([k * 0.11, 0.083 + lift + 0.022 * np.sin(w + phase), z - 0.03 + 0.04 * np.cos(w + phase)])
        pose.plant(side, ankle, 30.0 + 7.0 * np.sin(w + phase + 0.8), 4.0 * k, 0.0, 8.0)
        pose.arm(side, 12.0 + 8.0 * np.sin(w + phase), 8.0 + 8.0 * np.cos(w + phase), 32.0 + 6.0 * np.cos(w + phase), 0.0, 8.0, 0.0, -6.0)
        pose.fingers(side, 10.0, 6.0)
    return pose


SEAT_HEIGHT = 0.44
HIPS_ABOVE_SEAT = 0.105


def sit(t):
    """On a chair, feet flat on the floor, hands on the thighs, breathing."""
    w = 2 * np.pi * t / 4.0
    breath = np.sin(w)
    pose = Pose((0.0, SEAT_HEIGHT + HIPS_ABOVE_SEAT - REFERENCE.hips, -0.02))
    pose.set("hips", -7.0, 0.0, 0.0).spine(6.0 - 1.6 * breath, 1.0 * np.sin(w + 0.8), 0.0).look(1.0 + 1.0 * breath, 2.0 * np.sin(w + 1.2), 0.0)
    for side in SIDES:
        k = SIGN[side]
        pose.stand(side, k * 0.105, 0.375, 6.0 * k, 0.0, 6.0)
        pose.set(side + "Shoulder", 0, 0, k * (1.0 + breath))
        pose.touch(side, (k * 0.125, 0.622, 0.185), (k * 0.75, -0.2, -0.65), (0, -1.0, -0.05), (-k * 0.15, -0.12, 1.0))
        pose.fingers(side, 12.0)
    return pose


def sit_ground(t):
    """On the ground, knees up, leaning back on the hands a little."""
    w = 2 * np.pi * t / 4.0
    breath = np.sin(w)
    pose = Pose((0.0, 0.105 - REFERENCE.hips, -0.12))
    pose.set("hips", -18.0).spine(-2.0 - 1.4 * breath).look(12.0 + 1.0 * breath, 2.5 * np.sin(w + 0.9))
    for side, z in (("left", 0.36), ("right", 0.44)):
        k = SIGN[side]
        pose.stand(side, k * 0.12, z, 5.0 * k, 0.0, 8.0)
        pose.set(side + "Shoulder", 0, 0, k * (5.0 + breath))
        pose.touch(side, (k * 0.27, 0.045, -0.42), (k * 0.3, 0.0, -1.0), (0, -1.0, 0.0), (k * 0.75, 0.02, -0.6))
        pose.fingers(side, 4.0, 4.0)
    return pose


def upper(side=None):
    """Bones of a clip that leaves hips and legs to others."""
    def holds(bone):
        if bone in UPPER:
            return True
        is_arm = any(part in bone for part in ("Shoulder", "Arm", "Hand", "Thumb", "Index", "Middle", "Ring", "Little"))
        return is_arm and (side is None or bone.startswith(side))
    return holds


def wave(t):
    """The right hand goes up, waves three times and comes down."""
    up = keyed([(0, 0.0), (0.45, 1.0), (1.75, 1.0), (2.2, 0.0)], t)[0]
    swing = np.sin(2 * np.pi * (t - 0.40) / 0.44) * smoothstep(0.35, 0.5, t) * (1 - smoothstep(1.6, 1.85, t))
    pose = Pose()
    pose.spine(1.0 * (1 - up), 3.0 * up, -2.5 * up).look(-1.0 * up, 2.0 * up, 5.0 * up)
    rest_arms(pose, 0.0)
    down, forward, bend, twist, wrist = (lerp(a, b, up) for a, b in ((76.0, 2.0), (-3.0, 14.0), (16.0, 92.0), (4.0, -82.0), (3.0, 0.0)))
    pose.arm("right", down, forward, bend + 15.0 * swing, twist, 1.0 + 9.0 * up, 0.0, wrist)
    pose.rotations["rightHand"] = times(axis(0, 1, 0, 16.0 * swing * up), axis(0, 0, 1, 3.0 * (1 - up)))
    pose.fingers("right", lerp(24.0, 5.0, up), 5.0 * up, lerp(14.0, -6.0, up))
    return pose


def clap(t):
    """Hands meet before the chest, six times."""
    up = keyed([(0, 0.0), (0.35, 1.0), (2.05, 1.0), (2.5, 0.0)], t)[0]
    apart = 0.5 - 0.5 * np.cos(2 * np.pi * (t - 0.35) / 0.28)
    pose = Pose()
    pose.spine(1.0 + 1.0 * up, 0.0, 0.0).look(1.0 - 2.0 * up, 0.0, 0.0)
    rest_arms(pose, 0.0)
    for side in SIDES:
        k = SIGN[side]
        rest = dict(pose.rotations)
        pose.set(side + "Shoulder", 0, -k * 6.0, k * 2.0)
        pose.touch(side, (k * (0.022 + 0.085 * apart), 1.17, 0.27), (k * 0.8, -0.6, -0.2), (-k, 0.0, 0.0), (0.0, 0.75, 0.65))
        for bone in ("Shoulder", "UpperArm", "LowerArm", "Hand"):
            pose.rotations[side + bone] = slerp(rest[side + bone], pose.rotations[side + bone], up)
        pose.fingers(side, lerp(24.0, 5.0, up))
    return pose


def gait_extras(gait):
    return {"speed": gait.speed, "strideMetres": round(gait.speed * gait.period, 4), "strikes": {"left": 0.0, "right": round(gait.period / 2, 4)}}


CLIPS = [
    Clip("idle", 4.0, True, idle),
    Clip("walk", WALK.period, True, WALK.pose, gait_extras(WALK)),
    Clip("run", RUN.period, True, RUN.pose, gait_extras(RUN)),
    Clip("jump", 0.5, False, jump),
    Clip("fall", 1.0, True, fall),
    Clip("sit", 4.0, True, sit, {"seatHeight": SEAT_HEIGHT, "hipsAboveSeat": HIPS_ABOVE_SEAT}),
    Clip("wave", 2.2, False, wave, {}, upper("right")),
    Clip("crouch_idle", 4.0, True, crouch_idle),
    Clip("crouch_walk", CROUCH.period, True, CROUCH.pose, gait_extras(CROUCH)),
    Clip("sit_ground", 4.0, True, sit_ground, {"seatHeight": 0.0, "hipsAboveSeat": 0.105}),
    Clip("clap", 2.5, False, clap, {}, upper()),
]
