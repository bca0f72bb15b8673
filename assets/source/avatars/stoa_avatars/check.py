"""Checks of clips by forward kinematics: feet on the ground, no sliding at the stated speed, knees that bend one way."""

import numpy as np

from .gait import CROUCH, RUN, WALK
from .pose import SIDES, SKELETON
from .clips import CLIPS

HEEL_BACK = 0.072


def sole(world, side):
    """Heel and ball of the sole in model space."""
    turn, place = world[side + "Foot"]
    ankle = SKELETON[side + "Foot"]
    heel = place + turn @ np.array([0.0, -ankle[1], -HEEL_BACK + 0.01])
    ball = world[side + "Toes"][1] - np.array([0.0, SKELETON[side + "Toes"][1], 0.0])
    return heel, ball


def check_gait(name, gait):
    """Lines that name faults of a gait, and its figures."""
    times = np.linspace(0, gait.period, 97)
    soles = {side: [] for side in SIDES}
    reach = 0.0
    for t in times:
        pose = gait.pose(t)
        world = SKELETON.pose(pose.rotations, pose.hips)
        reach = max(reach, *pose.reach.values())
        for side in SIDES:
            soles[side].append(sole(world, side))
    slide, lowest = 0.0, np.inf
    step = times[1] - times[0]
    for side in SIDES:
        heel, ball = np.array([h for h, _ in soles[side]]), np.array([b for _, b in soles[side]])
        lowest = min(lowest, heel[:, 1].min(), ball[:, 1].min())
        start = 0.0 if side == "left" else 0.5
        phase = (times / gait.period - start) % 1.0 / gait.duty
        for points, low, high in ((heel, 0.02, gait.flat_at), (ball, gait.flat_at, 0.98)):
            held = (phase > low) & (phase < high)
            pairs = held[:-1] & held[1:]
            slip = np.diff(points[:, 2])[pairs] / step + gait.speed
            slide = max(slide, np.abs(slip).max() if slip.size else 0.0)
    faults = []
    if lowest < -0.015:
        faults.append(f"{name}: a foot goes {-lowest:.3f} m into the ground")
    if slide > 0.06 * gait.speed:
        faults.append(f"{name}: a foot slides at {slide:.2f} m/s")
    if reach > 1.0:
        faults.append(f"{name}: a leg is stretched to {reach:.3f} of its length")
    return faults, f"{name}: slide {slide:.3f} m/s, lowest {lowest:+.3f} m, reach {reach:.3f}"


def check_clips():
    """Faults of all clips: loops that do not close, joints that jump, knees that bend backwards."""
    faults = []
    for clip in CLIPS:
        times = np.linspace(0, clip.secs, 61)
        poses = [clip.pose(t) for t in times]
        for side in SIDES:
            knee = [2 * np.degrees(np.arctan2(p.rotations[side + "LowerLeg"][0], p.rotations[side + "LowerLeg"][3]))
                    for p in poses if side + "LowerLeg" in p.rotations]
            if knee and min(knee) < -3.0:
                faults.append(f"{clip.name}: {side} knee bends backwards by {-min(knee):.1f} degrees")
        for bone in poses[0].rotations:
            q = np.array([p.rotations[bone] for p in poses])
            jump = np.degrees(2 * np.arccos(np.clip(np.abs(np.sum(q[1:] * q[:-1], axis=1)), 0, 1))).max() / (times[1] * 1000)
            if jump > 1.6:
                faults.append(f"{clip.name}: {bone} turns at {jump:.2f} degrees a millisecond")
            if clip.is_loop and abs(q[0] @ q[-1]) < 0.99995:
                faults.append(f"{clip.name}: {bone} does not close the loop")
    return faults


def check_all():
    """All faults; prints figures."""
    faults = check_clips()
    for name, gait in (("walk", WALK), ("run", RUN), ("crouch_walk", CROUCH)):
        found, line = check_gait(name, gait)
        print("  " + line)
        faults += found
    return faults
