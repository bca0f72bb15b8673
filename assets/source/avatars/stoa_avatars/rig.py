"""Skin weights by place: how trunk, limbs, skirts and sheets follow the bones."""

import numpy as np

from .geometry import smoothstep
from .skeleton import chain_weights, mix, smoother


def trunk(s, p):
    """Weights of a trunk's surface: the spine by height, shoulders and upper arms at the sides."""
    y, x = p[:, 1], np.abs(p[:, 0])
    base = chain_weights(y, ["hips", "spine", "chest", "upperChest", "neck"],
                         [s["spine"][1], s["chest"][1], s["upperChest"][1], s["neck"][1] + 0.005], [0.07, 0.06, 0.05, 0.025])
    height = smoothstep(s["upperChest"][1] - 0.05, s["leftUpperArm"][1], y)
    reach = s["leftUpperArm"][0]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        on_side = (p[:, 0] * sign > 0).astype(float)
        collar = smoothstep(reach * 0.30, reach * 0.95, x) * height * on_side * (1 - base["neck"])
        base = mix(base, {side + "Shoulder": np.ones_like(x)}, 0.85 * collar)
        deltoid = smoothstep(reach * 0.78, reach * 1.25, x) * height * on_side
        base = mix(base, {side + "UpperArm": np.ones_like(x)}, 0.6 * deltoid)
    return base


def arm(s, p, side="left", is_wide=False):
    """Weights along a sleeve or a bare arm; wide sleeves hang mostly on the bones above them."""
    x = np.abs(p[:, 0])
    shoulder, elbow, wrist = s[side + "UpperArm"][0], s[side + "LowerArm"][0], s[side + "Hand"][0]
    shoulder, elbow, wrist = abs(shoulder), abs(elbow), abs(wrist)
    # The armpit gives way earlier than the top of the shoulder, which keeps its roundness.
    below = np.clip((s[side + "UpperArm"][1] - p[:, 1]) / 0.06, -1.0, 1.0)
    start = shoulder - 0.018 + 0.012 * below
    weights = chain_weights(x - start, ["upperChest", side + "Shoulder"], [-0.075], 0.035)
    weights = mix(weights, {side + "UpperArm": np.ones_like(x)}, smoother(-0.055, 0.06, x - start))
    weights = mix(weights, {side + "LowerArm": np.ones_like(x)}, smoother(elbow - 0.05, elbow + 0.05, x))
    if not is_wide:
        weights = mix(weights, {side + "Hand": np.ones_like(x)}, smoother(wrist - 0.022, wrist + 0.022, x))
    return weights


def leg(s, p, side="left"):
    """Weights along a trouser leg or a boot's shaft."""
    y = -p[:, 1]
    hip, knee, ankle = (-s[side + b][1] for b in ("UpperLeg", "LowerLeg", "Foot"))
    return chain_weights(y, ["hips", side + "UpperLeg", side + "LowerLeg", side + "Foot"],
                         [hip + 0.005, knee, ankle + 0.005], [0.085, 0.075, 0.035])


def foot(s, p, side="left"):
    """Weights of a shoe."""
    toes, ankle = s[side + "Toes"], s[side + "Foot"]
    weights = mix({side + "Foot": np.ones(len(p))}, {side + "Toes": np.ones(len(p))},
                  smoother(toes[2] - 0.03, toes[2] + 0.03, p[:, 2]))
    return mix(weights, {side + "LowerLeg": np.ones(len(p))}, smoother(ankle[1] - 0.005, ankle[1] + 0.05, p[:, 1]))


def skirt(s, p, front=0.92, back=0.62, lower=0.75, from_trunk=True):
    """Weights of a tunic, robe or skirt: the trunk above the hips; below, the nearer leg, more so in front."""
    x, y, z = p.T
    base = trunk(s, p) if from_trunk else {"hips": np.ones(len(p))}
    hip, knee = s["leftUpperLeg"][1], s["leftLowerLeg"][1]
    depth = (hip - y) / (hip - knee)
    facing = smoothstep(-0.09, 0.09, z)
    share = smoothstep(-0.30, 0.50, depth) * (back + (front - back) * facing)
    left = smoothstep(-1.0, 1.0, x / (0.9 * s["leftUpperLeg"][0]))
    below = smoothstep(0.80, 1.45, depth) * lower
    legs = {}
    for side, on_side in (("left", left), ("right", 1 - left)):
        legs[side + "UpperLeg"] = on_side * (1 - below)
        legs[side + "LowerLeg"] = on_side * below
    return mix(base, legs, share)


def sheet(rows, columns, chains, anchor, anchor_rows):
    """Weights of a grid (rows, columns) over chains of spring bones spread evenly across its columns.

    `chains` is a list of lists of bones from root to tip; the first `anchor_rows` rows blend into `anchor`.
    """
    u = np.linspace(0, len(chains) - 1, columns)
    v = np.linspace(0, 1, rows)
    out = {}
    joints = len(chains[0])
    for i, chain in enumerate(chains):
        across = np.maximum(0.0, 1.0 - np.abs(u - i))
        for j, bone in enumerate(chain):
            low = smoothstep((j - 0.35) / joints, (j + 0.55) / joints, v) if j else np.ones(rows)
            high = smoothstep((j + 0.65) / joints, (j + 1.55) / joints, v) if j + 1 < joints else np.zeros(rows)
            out[bone] = ((low - high).clip(0)[:, None] * across[None, :]).reshape(-1)
    hold = 1 - smoothstep(0.0, anchor_rows / rows, v)
    return mix(out, {anchor: np.ones(rows * columns)}, np.repeat(hold, columns))


def strand(s, p, bones, anchor):
    """Weights along a chain of spring bones, by projection on its polyline; vertices above the root hang on `anchor`."""
    places = np.array([s[b] for b in bones])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    best, t = np.full(len(p), np.inf), np.zeros(len(p))
    for i in range(len(places) - 1):
        axis = places[i + 1] - places[i]
        f = (p - places[i]) @ axis / (axis @ axis)
        inside = f.clip(-2.0 if i == 0 else 0.0, 2.0 if i == len(places) - 2 else 1.0)
        distance = np.linalg.norm(p - places[i] - inside[:, None] * axis, axis=1)
        nearer = distance < best
        best[nearer] = distance[nearer]
        t[nearer] = (along[i] + inside * steps[i])[nearer]
    cuts = [0.0, *along[1:-1]]
    width = 0.4 * steps.min()
    return chain_weights(t, [anchor, *bones[:-1]], cuts, width)


def strongest(weights, names, count=4):
    """The `count` strongest influences of each vertex, normalised: joints (n, 4) and weights (n, 4)."""
    size = len(next(iter(weights.values())))
    dense = np.zeros((size, len(names)))
    for bone, value in weights.items():
        dense[:, names.index(bone)] += value
    order = np.argsort(-dense, axis=1, kind="stable")[:, :count]
    top = np.take_along_axis(dense, order, axis=1)
    top[top < 1.0e-3] = 0.0
    top /= top.sum(axis=1, keepdims=True)
    return np.where(top > 0, order, 0), top
