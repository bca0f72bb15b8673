"""What lies around every world: hills, far houses, and pitched roofs."""
import numpy as np

import shapes as s


def hills(w, m):
    rng = np.random.default_rng(5)
    angles = np.linspace(0, 2 * np.pi, 97)[:-1]
    for number, (radius, height, shade) in enumerate([(130, 10, 0), (210, 26, 1), (320, 52, 2)]):
        tops = np.zeros(len(angles))
        for k in range(2, 9):
            tops += np.sin(angles * k + rng.random() * 6.3) / k
        tops = height * (0.55 + 0.45 * (tops - tops.min()) / (tops.max() - tops.min()))
        positions, normals, uvs, faces = [], [], [], []
        for i, angle in enumerate(angles):
            out = np.array([np.sin(angle), 0, np.cos(angle)])
            for reach, lift in ((0.0, -2.0), (0.45, 0.75), (1.0, 1.0)):
                positions.append(out * (radius + reach * height * 2.2) + [0, tops[i] * max(lift, 0) + min(lift, 0), 0])
                normals.append(-out * 0.6 + [0, 0.8, 0])
                uvs.append((i, reach))
        for i in range(len(angles)):
            j = (i + 1) % len(angles)
            for k in range(2):
                a, b, c, d = i * 3 + k, j * 3 + k, j * 3 + k + 1, i * 3 + k + 1
                faces += [(a, c, b), (a, d, c)]
        hill = s.Shape(positions, normals, uvs, faces)
        hill.light = np.full(len(positions), 0.85)
        w.node(f"hills_{number}", mesh=w.mesh(f"hills_{number}", [(hill, m["hills"])]))
    houses = []
    for _ in range(26):
        angle, radius = rng.random() * 2 * np.pi, 60 + 55 * rng.random()
        size = np.array([4 + 4 * rng.random(), 3 + 3 * rng.random(), 4 + 4 * rng.random()])
        at = (np.sin(angle) * radius, size[1] / 2 - 0.1, np.cos(angle) * radius)
        houses.append((size, at, rng.random() * 3))
    walls = s.join([s.box(size).moved(at, turn) for size, at, turn in houses])
    roofs = s.join([roof(size[0] + 0.8, size[2] + 0.8, 1.3).moved((at[0], at[1] + size[1] / 2, at[2]), turn) for size, at, turn in houses])
    for name, shape, material in (("far_walls", walls, m["far"]), ("far_roofs", roofs, m["tiles"])):
        shape.light = np.full(len(shape.positions), 0.9)
        w.node(name, mesh=w.mesh(name, [(shape, material)]))


def roof(width, depth, height):
    """A pitched roof with its ridge along X."""
    x, z = width / 2, depth / 2
    front = s.quad([(-x, 0, z), (x, 0, z), (x, height, 0), (-x, height, 0)], 0.5)
    back = s.quad([(x, 0, -z), (-x, 0, -z), (-x, height, 0), (x, height, 0)], 0.5)
    ends = []
    for side in (-1, 1):
        a, b, c = (x * side, 0, z * side), (x * side, 0, -z * side), (x * side, height, 0)
        normal = np.array([side, 0, 0])
        ends.append(s.Shape([a, b, c], [normal] * 3, [(0, 0), (1, 0), (0.5, 1)], [(0, 1, 2)]))
    return s.join([front, back, *ends])
