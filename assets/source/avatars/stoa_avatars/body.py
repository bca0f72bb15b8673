"""Limbs, hands, necks and shoes that every person is put together from."""

import numpy as np

from . import rig
from .geometry import column, curve, frames, grid, lerp, ring_angles, slab, smoothstep, spline, super_ellipse, tube, unit
from .skeleton import FINGERS, mix

SIDES = ("left", "right")


def both(part):
    """A left part and its mirror image."""
    return [part, part.mirrored()]


def neck(s, build, width=0.050, depth=0.052, low=-0.06):
    """Neck from inside the collar to inside the skull."""
    base, head = s["neck"], s["head"]
    keys = [(base[1] + low, width * 1.9, depth * 1.25, depth * 1.5, base[2]), (base[1] - 0.01, width * 1.22, depth, depth * 1.15, base[2]),
            (lerp(base[1], head[1], 0.55), width, depth * 0.92, depth, lerp(base[2], head[2], 0.6)),
            (head[1] + 0.05, width * 1.02, depth, depth, head[2])]
    part = column("neck", "body", "skin", keys, 8, 14)
    y = part.points[:, 1]
    turn = smoothstep(base[1] - 0.01, head[1] + 0.005, y)
    share = smoothstep(head[1] - 0.03, head[1] + 0.03, y)
    part.weights = mix(mix({"upperChest": np.ones_like(y)}, {"neck": np.ones_like(y)}, turn), {"head": np.ones_like(y)}, share)
    return part


def sleeve(s, region, keys, rings=20, segments=16, fold=(0.008, 0.025), is_wide=False, wave=None, name="leftSleeve", power=2.0):
    """A left sleeve (or bare arm) along +X. Keys: (x, half height, half depth, y shift)."""
    k = curve(keys, rings)
    joint = s["leftUpperArm"]
    centers = np.stack([k[:, 0], joint[1] + k[:, 3], np.full(rings, joint[2])], -1)
    part = tube(name, "body", region, centers, (0, 0, -1.0), (0, 1.0, 0), k[:, 2], k[:, 1], segments, power, (False, False), fold, wave)
    part.weights = rig.arm(s, part.points, "left", is_wide)
    return both(part)


def leg(s, region, keys, rings=20, segments=16, fold=None, wave=None, name="leftLeg", power=2.0, fold_top=None):
    """A left trouser leg. Keys: (y, half width, front depth, back depth, z); x follows the leg."""
    part = column(name, "body", region, keys, rings, segments, power, fold, fold_top, (False, False), wave)
    part.points[:, 0] += s["leftUpperLeg"][0]
    part.weights = rig.leg(s, part.points, "left")
    return both(part)


def hands(s, build, region="skin", fullness=1.0):
    """Both hands: palm, four fingers of two bones, thumb."""
    return [side for part in left_hand(s, build.hand, region, fullness) for side in both(part)]


def left_hand(s, k, region, fullness):
    wrist = s["leftHand"]
    t = np.array([-0.02, 0.0, 0.025, 0.05, 0.075, 0.092, 0.100])
    half_width = np.array([0.024, 0.025, 0.034, 0.041, 0.042, 0.038, 0.026]) * k * fullness
    half_height = np.array([0.021, 0.020, 0.0185, 0.018, 0.0165, 0.0145, 0.008]) * k * fullness
    centers = wrist + np.stack([t * k, -0.002 * np.ones_like(t), 0.001 * np.ones_like(t)], -1)
    palm = tube("leftPalm", "body", region, centers, (0, 0, -1.0), (0, 1.0, 0), half_width, half_height, 12, 2.5)
    n = np.ones(len(palm.points))
    palm.weights = mix({"leftLowerArm": n}, {"leftHand": n}, smoothstep(wrist[0] - 0.02, wrist[0] + 0.012, palm.points[:, 0]))
    out = [palm]
    for name, length in zip(FINGERS, (0.070, 0.077, 0.071, 0.056)):
        out.append(finger(s, k, region, fullness, name, length))
    out.append(thumb(s, k, region, fullness))
    return out


def finger(s, k, region, fullness, name, length):
    root, bend = s[f"left{name}Proximal"], s[f"left{name}Intermediate"]
    reach = np.array([-0.012, 0.0, 0.3, 0.50, 0.58, 0.66, 0.88, 0.97, 1.0]) * length * k
    reach[0] = -0.012 * k
    radius = np.array([1.0, 1.04, 1.0, 0.97, 0.99, 0.95, 0.86, 0.62, 0.25]) * (0.0108 if name != "Little" else 0.0094) * k * fullness
    centers = root + np.stack([reach, -0.001 * np.ones_like(reach), np.zeros_like(reach)], -1)
    part = tube("left" + name, "body", region, centers, (0, 0, -1.0), (0, 1.0, 0), radius, radius * 0.94, 8)
    x, n = part.points[:, 0], np.ones(len(part.points))
    first = mix({"leftHand": n}, {f"left{name}Proximal": n}, smoothstep(root[0] - 0.012, root[0] + 0.008, x))
    part.weights = mix(first, {f"left{name}Intermediate": n}, smoothstep(bend[0] - 0.006, bend[0] + 0.006, x))
    return part


def thumb(s, k, region, fullness):
    root, bend = s["leftThumbMetacarpal"], s["leftThumbProximal"]
    direction = (bend - root) / np.linalg.norm(bend - root)
    tip = bend + direction * 0.040 * k
    path = spline([root - direction * 0.014 * k, root, bend, tip], 9)
    side, up = frames(path, np.array([0, 1.0, 0]))
    radius = np.array([0.70, 1.15, 1.25, 1.1, 0.98, 1.0, 0.95, 0.70, 0.22]) * 0.0122 * k * fullness
    part = tube("leftThumb", "body", region, path, side, up, radius, radius * 0.92, 8)
    along, n = (part.points - root) @ direction, np.ones(len(part.points))
    length = np.linalg.norm(bend - root)
    first = mix({"leftHand": n}, {"leftThumbMetacarpal": n}, smoothstep(-0.012 * k, 0.012 * k, along))
    part.weights = mix(first, {"leftThumbProximal": n}, smoothstep(length - 0.008, length + 0.008, along))
    return part


def shoes(s, build, region, sole_region, width=0.046, height=0.085, heel=0.014, toe=1.0):
    """Both shoes: an upper of rings from heel to toe, and a sole under it."""
    ankle = s["leftFoot"]
    length = build.foot
    back = ankle[2] - 0.30 * length
    keys = [(0.00, 0.45, 0.45), (0.03, 0.74, 0.80), (0.12, 0.86, 1.00), (0.30, 0.86, 1.02), (0.45, 0.90, 0.86),
            (0.62, 1.05, 0.66), (0.78, 1.08 * toe, 0.55), (0.90, 0.95 * toe, 0.47), (0.97, 0.66 * toe, 0.36), (1.0, 0.30, 0.22)]
    k = curve(keys, 13)
    z = back + k[:, 0] * length
    half_w, h = width * k[:, 1], height * k[:, 2]
    inner = -0.006 * smoothstep(0.5, 1.0, k[:, 0])
    centers = np.stack([ankle[0] + 0 * z - inner, heel + h / 2, z], -1)
    upper = tube("leftShoe", "body", region, centers, (1.0, 0, 0), (0, 1.0, 0), half_w, h / 2, 12, 2.4)
    upper.points[:, 1] = np.maximum(upper.points[:, 1], heel - 0.002)
    upper.uvs = np.stack([(upper.points[:, 2] - back) / length, 1 - upper.points[:, 1] / (height * 1.2)], -1)
    outline = sole_outline(ankle[0], z, half_w * 1.05 + 0.004, inner)
    levels = [(heel + 0.006, 0.96), (heel + 0.004, 1.0), (0.004, 1.0), (0.0, 0.95)]
    middle = outline.mean(axis=0)
    rows = [np.column_stack([lerp(middle, outline, scale)[:, 0], np.full(len(outline), y), lerp(middle, outline, scale)[:, 1]]) for y, scale in levels]
    sole = grid("leftSole", "body", sole_region, np.stack(rows), cap=(True, True))
    for part in (upper, sole):
        part.weights = rig.foot(s, part.points)
    return both(upper) + both(sole)


def sole_outline(x, z, half_width, inner):
    """Closed outline (x, z) of a sole."""
    z, half_width, inner = z[::2].copy(), half_width[::2], inner[::2]
    z[0] -= 0.004
    z[-1] += 0.005
    left = np.column_stack([x - inner + half_width, z])
    right = np.column_stack([x - inner - half_width, z])[::-1]
    ring = np.vstack([left, right])
    return np.vstack([ring, ring[:1]])


def belt(s, region, y, height, a, front, back, z=0.0, thickness=0.008, segments=30, power=2.2, weights=None):
    """A belt or sash around the trunk at height y."""
    keys = [(y + height / 2, a, front, back, z), (y + height / 2 - 0.004, a + thickness, front + thickness, back + thickness, z),
            (y - height / 2 + 0.004, a + thickness, front + thickness, back + thickness, z), (y - height / 2, a, front, back, z)]
    rows = [column_ring(k, segments, power) for k in keys]
    part = grid("belt", "body", region, np.stack(rows), core=np.array([(0, k[0], z) for k in keys]))
    part.weights = (weights or rig.trunk)(s, part.points)
    return part


def column_ring(key, segments, power):
    y, a, front, back, z = key
    x, c = super_ellipse(ring_angles(segments), power)
    points = np.stack([a * x, np.full(x.shape, y), z + np.where(c > 0, front, back) * c], -1)
    points[-1] = points[0]
    return points


def ring_path(y, a, b, z, count=40, tilt=0.0, power=2.0):
    """A closed path around the neck: scarves and collars; tilt lowers the front."""
    x, c = super_ellipse(ring_angles(count), power)
    return np.stack([a * x, y - tilt * c, z + b * c], -1)


def closed_tube(name, region, path, a, b, segments=10, wave=None, mesh="body"):
    """A ring-shaped tube along a closed horizontal path."""
    center = path[:-1].mean(axis=0)
    side = path - center
    side[:, 1] = 0
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    part = tube(name, mesh, region, path, side, (0, 1.0, 0), a, b, segments, 2.0, (False, False), None, wave)
    columns = segments + 1
    part.points[-columns:] = part.points[:columns]
    return part


def on_column(keys, y, angle, lift=0.0, power=2.2):
    """Points on a column of the given keys at heights y and angles (0 at the back), raised by `lift`."""
    y, angle, lift = np.broadcast_arrays(np.asarray(y, float), np.asarray(angle, float), np.asarray(lift, float))
    lift = lift.reshape(-1)
    k = curve(keys, at=y.reshape(-1))
    sx, sz = super_ellipse(angle.reshape(-1), power)
    depth = np.where(sz > 0, k[:, 2], k[:, 3])
    p = np.stack([(k[:, 1] + lift) * sx, y.reshape(-1), k[:, 4] + (depth + lift) * sz], -1)
    return p.reshape(*y.shape, 3)


def ribbon(name, region, keys, path, width, lift, thickness=0.006, columns=4, power=2.2, mesh="body"):
    """A flat strip laid on a column. `path` rows (height, angle); `width` in metres, across the path."""
    path = np.asarray(path, float)
    y, angle = path[:, 0], path[:, 1]
    center = on_column(keys, y, angle, lift, power)
    along = unit(np.gradient(center, axis=0))
    out = center - np.stack([0 * y, y, curve(keys, at=y)[:, 4]], -1)
    out[:, 1] = 0
    across = unit(np.cross(along, unit(out)))
    w = np.linspace(-0.5, 0.5, columns)
    width = np.broadcast_to(width, len(y))
    points = center[:, None] + across[:, None] * (w[None, :] * width[:, None])[..., None]
    return slab(name, mesh, region, points, thickness, out.mean(axis=0))
