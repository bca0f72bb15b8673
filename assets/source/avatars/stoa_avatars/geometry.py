"""Grids of vertices: tubes, columns, slabs and locks, from which every shape of an avatar is lofted.

Space: metres, right-handed, y up, the avatar faces +Z, its left side is +X.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Part:
    """A piece of surface: vertices, triangles, texture coordinates in its own atlas region, bone weights, morphs."""

    name: str
    mesh: str
    region: str
    points: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    weights: dict = field(default_factory=dict)
    morphs: dict = field(default_factory=dict)
    normals: np.ndarray | None = None
    shade: np.ndarray | None = None

    def mirrored(self):
        """The same on the right side: x negated, left and right bones and morphs exchanged."""
        flip = np.array([-1.0, 1.0, 1.0])
        return Part(
            swap_side(self.name), self.mesh, swap_side(self.region), self.points * flip, self.faces[:, ::-1],
            self.uvs.copy(), {swap_side(bone): w for bone, w in self.weights.items()},
            {swap_side(name): d * flip for name, d in self.morphs.items()},
            None if self.normals is None else self.normals * flip, self.shade)

    def rigid(self, bone):
        """Hangs the whole part on one bone."""
        self.weights = {bone: np.ones(len(self.points))}
        return self


def swap_side(name):
    """leftHand <-> rightHand, blinkLeft <-> blinkRight."""
    for a, b in (("left", "right"), ("Left", "Right")):
        if a in name:
            return name.replace(a, b)
        if b in name:
            return name.replace(b, a)
    return name


def smoothstep(low, high, x):
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def lerp(a, b, t):
    return a + (b - a) * t


def unit(v):
    """Vectors along the last axis, normalised."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1.0e-12)


def curve(keys, count=None, at=None):
    """Monotone cubic (Fritsch-Carlson) through rows (t, value...); sampled at `count` even or at given t."""
    keys = np.asarray(keys, float)
    if keys[0, 0] > keys[-1, 0]:
        keys = keys[::-1]
        reverse = True
    else:
        reverse = False
    t, values = keys[:, 0], keys[:, 1:]
    step = np.diff(t)[:, None]
    slope = np.diff(values, axis=0) / step
    tangent = np.zeros_like(values)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    if len(t) > 2:
        same = slope[:-1] * slope[1:] > 0
        w1, w2 = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (w1 + w2) / (w1 / slope[:-1] + w2 / slope[1:])
        tangent[1:-1] = np.where(same, mean, 0.0)
    x = np.linspace(t[0], t[-1], count) if at is None else np.clip(np.asarray(at, float), t[0], t[-1])
    if at is None and reverse:
        x = x[::-1]
    i = np.clip(np.searchsorted(t, x, side="right") - 1, 0, len(t) - 2)
    h = (t[i + 1] - t[i])[:, None]
    s = ((x - t[i])[:, None]) / h
    out = (values[i] * (1 + 2 * s) * (1 - s) ** 2 + tangent[i] * h * s * (1 - s) ** 2
           + values[i + 1] * s * s * (3 - 2 * s) + tangent[i + 1] * h * s * s * (s - 1))
    return np.column_stack([x, out])


def spline(points, count):
    """Catmull-Rom through points (n, 3), sampled evenly in parameter."""
    p = np.asarray(points, float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    s = np.linspace(0, len(p) - 3, count)
    i = np.minimum(s.astype(int), len(p) - 4)
    t = (s - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def grid(name, mesh, region, points, core=None, facing=None, cap=(False, False), v=None):
    """A sheet of rows and columns. `core` (rows, 3) or a vector `facing` says where outside is."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    flat = points.reshape(-1, 3)
    v = np.linspace(0, 1, rows) if v is None else np.asarray(v, float)
    uvs = np.stack(np.broadcast_arrays(np.linspace(0, 1, columns)[None, :], v[:, None]), -1).reshape(-1, 2)
    corner = flat[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    if facing is None:
        core = points.mean(axis=1) if core is None else np.asarray(core, float)
        middle = corner.mean(axis=1)
        row = np.minimum(faces.min(axis=1) // columns, rows - 2)
        outward = middle - 0.5 * (core[row] + core[row + 1])
    else:
        outward = np.broadcast_to(np.asarray(facing, float), normal.shape)
    is_flipped = np.sum(normal * outward) < 0
    if is_flipped:
        faces = faces[:, ::-1]
    part = Part(name, mesh, region, flat, faces, uvs)
    for end, wanted in enumerate(cap):
        if wanted:
            close_end(part, index[0 if end == 0 else -1], (end == 0) != is_flipped)
    areas = np.linalg.norm(np.cross(part.points[part.faces[:, 1]] - part.points[part.faces[:, 0]],
                                    part.points[part.faces[:, 2]] - part.points[part.faces[:, 0]]), axis=1)
    part.faces = part.faces[areas > 1.0e-10]
    return part


def close_end(part, ring, is_reversed):
    """A fan over an end of a tube."""
    center = len(part.points)
    part.points = np.vstack([part.points, part.points[ring].mean(axis=0)])
    part.uvs = np.vstack([part.uvs, part.uvs[ring].mean(axis=0)])
    fan = np.stack([np.full(len(ring) - 1, center), ring[1:], ring[:-1]], -1)
    part.faces = np.vstack([part.faces, fan[:, ::-1] if is_reversed else fan])


def super_ellipse(angles, power):
    """Unit super-ellipse: power 2 is a circle, larger is squarer. Returns (sin-like, -cos-like): starts at the back."""
    s, c = np.sin(angles), np.cos(angles)
    e = 2.0 / power
    return np.sign(s) * np.abs(s) ** e, -np.sign(c) * np.abs(c) ** e


def ring_angles(segments):
    return np.linspace(0.0, 2 * np.pi, segments + 1)


def column(name, mesh, region, keys, rings, segments=28, power=2.2, fold=None, fold_top=None, cap=(False, False), wave=None):
    """A vertical tube for trunk, skirt, neck. Keys: (y, half width, front depth, back depth, z of the middle).

    `fold` (thickness, height) turns the lower rim inwards, `fold_top` the upper one, so that cloth has an edge.
    `wave(angle, t, y)` scales the radius; t runs from the first key to the last.
    """
    k = curve(keys, rings)
    angles = ring_angles(segments)
    sx, sz = super_ellipse(angles, power)
    t = np.linspace(0, 1, rings)
    scale = np.ones((rings, segments + 1)) if wave is None else wave(angles[None, :], t[:, None], k[:, :1])
    scale = np.broadcast_to(scale, (rings, segments + 1))
    x = k[:, 1:2] * sx * scale
    depth = np.where(sz > 0, k[:, 2:3], k[:, 3:4])
    z = k[:, 4:5] + depth * sz * scale
    y = np.broadcast_to(k[:, :1], x.shape)
    points = np.stack([x, y, z], -1)
    points[:, -1] = points[:, 0]
    core = np.stack([np.zeros(rings), k[:, 0], k[:, 4]], -1)
    v = t
    for where, rim in (("end", fold), ("start", fold_top)):
        if rim is not None:
            points, core, v = fold_rim(points, core, v, rim, where)
    return grid(name, mesh, region, points, core=core, cap=cap, v=v)


def fold_rim(points, core, v, rim, where):
    """Adds two rings that turn a rim inwards."""
    thickness, height = rim
    last, before = (-1, -2) if where == "end" else (0, 1)
    edge, middle = points[last], core[last]
    inward = unit(edge - middle) * -thickness
    back = unit(points[before] - edge)
    mid = edge + inward * 0.6 - back * thickness * 0.35
    inner = edge + inward * 1.2 + back * height
    new, c, values = np.stack([mid, inner]), np.stack([middle, middle]), np.array([v[last], v[last]])
    if where == "end":
        return np.concatenate([points, new]), np.concatenate([core, c]), np.concatenate([v, values])
    return np.concatenate([new[::-1], points]), np.concatenate([c, core]), np.concatenate([values, v])


def tube(name, mesh, region, centers, side, up, a, b, segments=12, power=2.0, cap=(True, True), fold=None, wave=None):
    """A tube along `centers`; every ring is a super-ellipse of half axes a along `side` and b along `up`."""
    centers = np.asarray(centers, float)
    rings = len(centers)
    side, up = np.broadcast_to(side, (rings, 3)), np.broadcast_to(up, (rings, 3))
    a, b = np.broadcast_to(a, rings), np.broadcast_to(b, rings)
    angles = ring_angles(segments)
    s, c = super_ellipse(angles, power)
    scale = np.ones((rings, segments + 1))
    if wave is not None:
        scale = np.broadcast_to(wave(angles[None, :], np.linspace(0, 1, rings)[:, None]), scale.shape)
    points = (centers[:, None] + side[:, None] * (a[:, None] * s * scale)[..., None]
              + up[:, None] * (b[:, None] * c * scale)[..., None])
    points[:, -1] = points[:, 0]
    v = np.linspace(0, 1, rings)
    core = centers
    if fold is not None:
        points, core, v = fold_rim(points, core, v, fold, "end")
    return grid(name, mesh, region, points, core=core, cap=cap, v=v)


def frames(path, reference):
    """Sideways and upward unit vectors along a path; `reference` (3,) or (n, 3) is roughly upward."""
    tangent = unit(np.gradient(path, axis=0))
    side = unit(np.cross(tangent, np.broadcast_to(reference, path.shape)))
    return side, unit(np.cross(side, tangent))


def lock(name, mesh, region, points, width, thickness, reference, rings=9, segments=8, power=2.0, tip=0.04, root=0.75):
    """A tapered strand of hair or cloth along a spline. Full width at two fifths, `root` of it where it starts."""
    path = spline(points, rings)
    side, up = frames(path, reference)
    t = np.linspace(0, 1, rings)
    taper = curve([(0, root), (0.35, 1.0), (0.7, 0.78), (1, tip)], at=t)[:, 1]
    return tube(name, mesh, region, path, side, up, width * taper, thickness * taper, segments, power)


def slab(name, mesh, region, points, thickness, facing):
    """A sheet with two faces and a rim. `points` (rows, columns, 3); texture the same on both faces."""
    rows, columns = points.shape[:2]
    du, dv = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normal = unit(np.cross(du, dv))
    if np.sum(normal * np.asarray(facing, float)) < 0:
        normal = -normal
    half = 0.5 * thickness
    edge = np.ones((rows, columns, 1))
    edge[[0, -1]] = edge[:, [0, -1]] = 0.45
    front, back = points + normal * half * edge, points - normal * half * edge
    ring = np.concatenate([front, back[:, ::-1], front[:, :1]], axis=1)
    part = grid(name, mesh, region, ring, core=points.mean(axis=1))
    u = np.concatenate([np.linspace(0, 1, columns), np.linspace(1, 0, columns), [0.0]])
    part.uvs[:, 0] = np.tile(u, rows)
    width = 2 * columns + 1
    faces = []
    for row in (0, rows - 1):
        for c in range(columns - 1):
            f0, f1, b0, b1 = row * width + c, row * width + c + 1, row * width + 2 * columns - 1 - c, row * width + 2 * columns - 2 - c
            quad = [[f0, f1, b1], [f0, b1, b0]]
            faces += quad if row == 0 else [q[::-1] for q in quad]
    rim = np.array(faces)
    corner = part.points[rim]
    normals = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    center = points.mean(axis=(0, 1))
    for half_rim in (slice(0, len(rim) // 2), slice(len(rim) // 2, None)):
        if np.sum(normals[half_rim] * (corner[half_rim].mean(axis=1) - center)) < 0:
            rim[half_rim] = rim[half_rim][:, ::-1]
    part.faces = np.vstack([part.faces, rim])
    return part


def ball(name, mesh, region, center, radii, segments=12, rings=8, wave=None):
    """An ellipsoid."""
    latitude = np.linspace(0.0, np.pi, rings + 1)
    angles = ring_angles(segments)
    scale = np.ones((rings + 1, segments + 1)) if wave is None else wave(angles[None, :], latitude[:, None])
    direction = np.stack([np.sin(latitude)[:, None] * np.sin(angles), np.cos(latitude)[:, None] + 0 * angles,
                          -np.sin(latitude)[:, None] * np.cos(angles)], -1)
    points = np.asarray(center) + np.asarray(radii) * direction * np.broadcast_to(scale, direction.shape[:2])[..., None]
    points[:, -1] = points[:, 0]
    return grid(name, mesh, region, points, core=np.broadcast_to(center, (rings + 1, 3)))


def smooth_normals(points, faces):
    """Area-weighted normals; vertices at the same place share one."""
    corner = points[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    _, place = np.unique(np.round(points * 1.0e5).astype(np.int64), axis=0, return_inverse=True)
    place = place.reshape(-1)
    total = np.zeros((place.max() + 1, 3))
    for k in range(3):
        np.add.at(total, place[faces[:, k]], normal)
    return unit(total[place])
