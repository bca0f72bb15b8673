"""Geometry: boxes, lathes, ribbons; all with normals and texture coordinates in metres of surface."""
import numpy as np


class Shape:
    """Triangles with positions, normals, uvs; `light` is baked ambient light per vertex, 0 to 1."""

    def __init__(self, positions, normals, uvs, faces):
        self.positions, self.normals = np.asarray(positions, float), np.asarray(normals, float)
        self.uvs, self.faces = np.asarray(uvs, float), np.asarray(faces, int)
        self.light = None

    def moved(self, at=(0, 0, 0), turn=0.0, scale=1.0):
        c, s = np.cos(turn), np.sin(turn)
        rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        return Shape(self.positions * scale @ rotation.T + np.asarray(at, float), self.normals @ rotation.T, self.uvs, self.faces)

    def turned(self, matrix, at=(0, 0, 0)):
        """Turned by a rotation matrix, then moved."""
        return Shape(self.positions @ matrix.T + np.asarray(at, float), self.normals @ matrix.T, self.uvs, self.faces)


def about(axis, angle):
    """Rotation matrix about the axis 0 (x), 1 (y) or 2 (z)."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i], matrix[j, j], matrix[i, j], matrix[j, i] = c, c, -s, s
    return matrix


def join(shapes):
    """One shape of many."""
    offset, faces = 0, []
    for shape in shapes:
        faces.append(shape.faces + offset)
        offset += len(shape.positions)
    return Shape(np.vstack([s.positions for s in shapes]), np.vstack([s.normals for s in shapes]), np.vstack([s.uvs for s in shapes]), np.vstack(faces))


def quad(corners, per_metre=1.0, cells=1):
    """A flat quad from four corners, counter-clockwise seen from its front, cut into `cells` (or columns, rows)."""
    columns, rows = (cells, cells) if np.isscalar(cells) else cells
    a, b, c, d = (np.asarray(p, float) for p in corners)
    normal = np.cross(b - a, d - a)
    normal /= np.linalg.norm(normal)
    width, height = np.linalg.norm(b - a), np.linalg.norm(d - a)
    positions, uvs, faces = [], [], []
    for j in range(rows + 1):
        for i in range(columns + 1):
            u, v = i / columns, j / rows
            positions.append((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v)
            uvs.append((u * width * per_metre, (1 - v) * height * per_metre))
    for j in range(rows):
        for i in range(columns):
            k = j * (columns + 1) + i
            faces += [(k, k + 1, k + columns + 2), (k, k + columns + 2, k + columns + 1)]
    return Shape(positions, [normal] * len(positions), uvs, faces)


def box(size, at=(0, 0, 0), per_metre=1.0, bottom=False, cells=1):
    """A box with its centre at `at`; its longest edge is cut into `cells`, the others in proportion."""
    x, y, z = np.asarray(size, float) / 2
    nx, ny, nz = (max(1, int(np.ceil(cells * edge / max(size) - 0.2))) for edge in size)
    p = lambda i, j, k: (i * x + at[0], j * y + at[1], k * z + at[2])
    sides = [
        ((p(-1, -1, 1), p(1, -1, 1), p(1, 1, 1), p(-1, 1, 1)), (nx, ny)),
        ((p(1, -1, -1), p(-1, -1, -1), p(-1, 1, -1), p(1, 1, -1)), (nx, ny)),
        ((p(1, -1, 1), p(1, -1, -1), p(1, 1, -1), p(1, 1, 1)), (nz, ny)),
        ((p(-1, -1, -1), p(-1, -1, 1), p(-1, 1, 1), p(-1, 1, -1)), (nz, ny)),
        ((p(-1, 1, 1), p(1, 1, 1), p(1, 1, -1), p(-1, 1, -1)), (nx, nz)),
    ]
    if bottom:
        sides.append(((p(-1, -1, -1), p(1, -1, -1), p(1, -1, 1), p(-1, -1, 1)), (nx, nz)))
    return join([quad(side, per_metre, parts) for side, parts in sides])


def beam(size, at=(0, 0, 0), per_metre=1.0, cells=1, seed=0):
    """A box of timber: on every side the picture's v runs along the longer edge, as grain does; `seed` shifts the picture."""
    timber = box(size, (0, 0, 0), per_metre, True, cells)
    longest = int(np.argmax(size))
    facing = np.argmax(np.abs(timber.normals), axis=1)
    for axis in range(3):
        side = facing == axis
        others = [a for a in range(3) if a != axis]
        along = longest if axis != longest else others[1]
        across = others[0] if others[1] == along else others[1]
        timber.uvs[side] = timber.positions[side][:, [across, along]] * per_metre
    timber.uvs += np.random.default_rng(seed).random(2)
    timber.positions += np.asarray(at, float)
    return timber


def between(start, end, width, depth, per_metre=1.0, cells=1):
    """A beam from one point to another; `width` lies in the plane of the beam and the vertical."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = end - start
    length = np.linalg.norm(along)
    along /= length
    side = np.cross(along, (0, 1, 0) if abs(along[1]) < 0.99 else (0, 0, 1))
    side /= np.linalg.norm(side)
    matrix = np.stack([along, np.cross(side, along), side], axis=1)
    return beam((length, width, depth), (0, 0, 0), per_metre, cells, int(length * 1000)).turned(matrix, (start + end) / 2)


def sphere(radius, segments=20, rings=12):
    """A ball around the origin."""
    return lathe([(radius * np.sin(a), -radius * np.cos(a)) for a in np.linspace(0, np.pi, rings + 1)], segments)


def lathe(profile, segments=24, per_metre=1.0, sharp=0.6, radius_noise=None):
    """Turns a profile [(radius, height), ...] from bottom to top about Y. Edges sharper than `sharp` radians stay sharp."""
    profile = np.asarray(profile, float)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    rows = []  # (radius, height, normal radius, normal height, distance)
    for k in range(len(profile) - 1):
        (r0, h0), (r1, h1) = profile[k], profile[k + 1]
        length = np.hypot(r1 - r0, h1 - h0)
        if length < 1e-9:
            continue
        n = np.array([h1 - h0, -(r1 - r0)]) / length
        rows.append((r0, h0, n, along[k]))
        rows.append((r1, h1, n, along[k + 1]))
    for k in range(1, len(rows) - 1, 2):
        a, b = rows[k][2], rows[k + 1][2]
        if np.arccos(np.clip(a @ b, -1, 1)) < sharp:
            mean = (a + b) / np.linalg.norm(a + b)
            rows[k], rows[k + 1] = (*rows[k][:2], mean, rows[k][3]), (*rows[k + 1][:2], mean, rows[k + 1][3])
    angles = np.linspace(0, 2 * np.pi, segments + 1)
    positions, normals, uvs, faces = [], [], [], []
    widest = max(profile[:, 0].max(), 1e-3)
    around = max(1, round(2 * np.pi * widest * per_metre))
    for radius, height, normal, distance in rows:
        for i, angle in enumerate(angles):
            r = radius * (1 + (radius_noise(angle % (2 * np.pi), height) if radius_noise else 0))
            positions.append((np.sin(angle) * r, height, np.cos(angle) * r))
            normals.append((np.sin(angle) * normal[0], normal[1], np.cos(angle) * normal[0]))
            uvs.append((i / segments * around, -distance * per_metre))
    stride = segments + 1
    for k in range(0, len(rows), 2):
        for i in range(segments):
            a, b = k * stride + i, (k + 1) * stride + i
            if rows[k][0] > 1e-6:
                faces.append((a, a + 1, b + 1))
            if rows[k + 1][0] > 1e-6:
                faces.append((a, b + 1, b))
    return Shape(positions, normals, uvs, faces)


def ring(inner, outer, height, segments=48, per_metre=1.0, up=True):
    """A flat ring."""
    profile = [(outer, height), (inner, height)] if up else [(inner, height), (outer, height)]
    return lathe(profile, segments, per_metre)


def bake(shapes, ground=0.0, cell=0.35, rays=40, reach=5.0, seed=1):
    """Ambient light per vertex: shares of the sky that rays over the surface reach, in a voxel copy of the scene."""
    rng = np.random.default_rng(seed)
    points = []
    for shape in shapes:
        a, b, c = (shape.positions[shape.faces[:, i]] for i in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        count = np.minimum(np.ceil(area / (cell * cell) * 3).astype(int) + 1, 4000)
        pick = np.repeat(np.arange(len(area)), count)
        u, v = rng.random(len(pick)), rng.random(len(pick))
        flip = u + v > 1
        u[flip], v[flip] = 1 - u[flip], 1 - v[flip]
        points.append(a[pick] + (b - a)[pick] * u[:, None] + (c - a)[pick] * v[:, None])
    points = np.vstack(points)
    low = points.min(axis=0) - cell
    size = np.ceil((points.max(axis=0) + cell - low) / cell).astype(int) + 1
    solid = np.zeros(size, bool)
    index = ((points - low) / cell).astype(int)
    solid[index[:, 0], index[:, 1], index[:, 2]] = True
    directions = rng.normal(size=(rays, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    steps = np.arange(1.6, reach / cell, 1.0) * cell
    for shape in shapes:
        open_sky, weight = np.zeros(len(shape.positions)), np.zeros(len(shape.positions))
        start = shape.positions + shape.normals * cell * 0.8
        for direction in directions:
            facing = shape.normals @ direction
            use = facing > 0.05
            if not use.any():
                continue
            hit = np.zeros(use.sum(), bool)
            for step in steps:
                at = ((start[use] + direction * step - low) / cell).astype(int)
                inside = ((at >= 0) & (at < size)).all(axis=1)
                at = np.clip(at, 0, np.array(size) - 1)
                hit |= inside & solid[at[:, 0], at[:, 1], at[:, 2]]
            free = np.where(hit, 0.0, 1.0 if direction[1] > 0 else 0.75)
            open_sky[use] += free * facing[use]
            weight[use] += facing[use]
        shape.light = 0.42 + 0.58 * open_sky / np.maximum(weight, 1e-6)
