"""The workshop's building: a timber hall of eight bays, open to the south (+Z), with a gallery over a store at its north end."""
import numpy as np

import shapes as s
from gltf_writer import about_axis

HALF_X, HALF_Z = 12.0, 17.0           # inner faces of the walls
THICK, EAVES, RIDGE = 0.45, 5.0, 10.4
BAYS = 8
BAY = 2 * HALF_Z / BAYS
GALLERY_Z, GALLERY_Y = -12.2, 3.3     # its front edge and its floor
LIFT = (7.0, -11.17)                  # the middle of the lift
DOOR = (-5.6, 1.2)                    # left edge of the door's opening, its width
GATE = (6.0, 4.4)                     # width and height of the gate


def hall(w, m, put):
    floor(w, m, put)
    for side in (-1, 1):
        long_wall(w, m, put, side)
    south_wall(w, m, put)
    north_wall(w, m, put)
    roof(m, put)
    for bay in range(BAYS + 1):
        truss(m, put, -HALF_Z + bay * BAY, bay)
    gallery(w, m, put)
    stairs(w, m, put)


def floor(w, m, put):
    put(m["boards"], s.quad([(-HALF_X, 0, HALF_Z), (HALF_X, 0, HALF_Z), (HALF_X, 0, -HALF_Z), (-HALF_X, 0, -HALF_Z)], 0.55, 56))
    put(m["paving"], s.quad([(-9, -0.02, HALF_Z + 9), (9, -0.02, HALF_Z + 9), (9, -0.02, HALF_Z), (-9, -0.02, HALF_Z)], 0.42, 14))
    put(m["grass"], s.quad([(-160, -0.06, 160), (160, -0.06, 160), (160, -0.06, -160), (-160, -0.06, -160)], 0.25, 24))
    # The hole of the lift's shaft is covered by the lift itself.
    w.fixed_box("ground", (0, -0.5, 0), (400, 1, 400))


def long_wall(w, m, put, side):
    """Brick below, windows between posts, limewash above."""
    x = side * (HALF_X + THICK / 2)
    sill, head = 1.25, 4.25
    put(m["brick"], s.box((THICK, sill, 2 * HALF_Z + 2 * THICK), (x, sill / 2, 0), 0.5, cells=24))
    put(m["limewash"], s.box((THICK, EAVES - head, 2 * HALF_Z + 2 * THICK), (x, (EAVES + head) / 2, 0), 0.35, True, cells=20))
    for bay in range(BAYS + 1):
        z = -HALF_Z + bay * BAY
        put(m["limewash"], s.box((THICK, head - sill, 1.5), (x, (sill + head) / 2, z), 0.35, True, cells=5))
    for bay in range(BAYS):
        window(m, put, (x, (sill + head) / 2, -HALF_Z + (bay + 0.5) * BAY), BAY - 1.5, head - sill, np.pi / 2 * side)
    for height, depth in ((sill, 0.10), (head, 0.12)):
        put(m["timber"], s.beam((depth + 0.10, 0.16, 2 * HALF_Z), (side * (HALF_X - depth / 2 + 0.05), height, 0), 0.6, 20, 3))
    w.fixed_box(f"wall_{side}", (x, 4.0, 0), (THICK, 8.0, 2 * HALF_Z + 2 * THICK))


def window(m, put, at, width, height, turn):
    """A wooden frame with bars; there is no glass."""
    bars = [s.beam((width, 0.10, 0.14), (0, y, 0), 0.8, 1, 1) for y in (-height / 2 + 0.05, height / 2 - 0.05)]
    bars += [s.beam((0.10, height, 0.14), (x, 0, 0), 0.8, 1, 2) for x in (-width / 2 + 0.05, width / 2 - 0.05)]
    bars += [s.beam((0.05, height, 0.06), (x, 0, 0), 0.8, 1, 3) for x in np.linspace(-width / 2, width / 2, 5)[1:-1]]
    bars += [s.beam((width, 0.05, 0.06), (0, y, 0), 0.8, 1, 4) for y in np.linspace(-height / 2, height / 2, 5)[1:-1]]
    put(m["timber"], s.join(bars).moved(at, turn))


def gable(m, put, z, low, facing):
    """The triangle under the roof, from the height `low` on, with a round window seen as a rose of timber."""
    out = 0.02 * facing
    for sign, flip in ((1, False), (-1, True)):
        zz = z + sign * THICK / 2
        a, b, c = (-HALF_X - THICK, low, zz), (HALF_X + THICK, low, zz), (0, RIDGE, zz)
        rows, columns = 10, 24
        positions, uvs, faces = [], [], []
        for j in range(rows + 1):
            v = j / rows
            left, right = np.array(a) * (1 - v) + np.array(c) * v, np.array(b) * (1 - v) + np.array(c) * v
            for i in range(columns + 1):
                p = left + (right - left) * i / columns
                positions.append(p)
                uvs.append((p[0] * 0.35, -p[1] * 0.35))
        for j in range(rows):
            for i in range(columns):
                k = j * (columns + 1) + i
                quad = [(k, k + 1, k + columns + 2), (k, k + columns + 2, k + columns + 1)]
                faces += [f[::-1] for f in quad] if flip else quad
        put(m["limewash"], s.Shape(positions, [(0, 0, sign)] * len(positions), uvs, faces))
    inner = z - facing * (THICK / 2 + 0.06)
    for x in np.arange(-9, 9.1, 3.0):
        top = low + (RIDGE - low) * (1 - abs(x) / (HALF_X + THICK)) - 0.1
        put(m["timber"], s.beam((0.22, top - low, 0.14), (x, (top + low) / 2, inner + out), 0.6, 4, int(x + 40)))
    put(m["timber"], s.beam((2 * HALF_X, 0.28, 0.16), (0, low, inner), 0.6, 12, 5))
    put(m["timber"], s.beam((14.5, 0.2, 0.14), (0, low + 2.2, inner), 0.6, 8, 6))


def south_wall(w, m, put):
    z, (gate, high) = HALF_Z + THICK / 2, GATE
    width = HALF_X - gate / 2
    for side in (-1, 1):
        x = side * (gate / 2 + width / 2)
        put(m["brick"], s.box((width, 1.25, THICK), (x, 0.625, z), 0.5, cells=8))
        put(m["limewash"], s.box((width, EAVES - 1.25, THICK), (x, (EAVES + 1.25) / 2, z), 0.35, cells=10))
        put(m["timber"], s.beam((0.4, EAVES, 0.6), (side * (gate / 2 + 0.1), EAVES / 2, z), 0.6, 6, side + 2))
        put(m["timber"], s.between((side * (gate / 2), high - 1.0, z), (side * (gate / 2 - 1.0), high, z), 0.25, 0.3, 0.6, 2))
        # The leaves of the gate stand open outside.
        leaf = s.join([s.beam((0.08, high - 0.1, gate / 2 - 0.1), (0, high / 2, 0), 0.8, 4, 9)] + [s.beam((0.14, 0.22, gate / 2 - 0.1), (-side * 0.02, y, 0), 0.8, 2, 4) for y in (0.6, high / 2, high - 0.5)])
        put(m["boards"], leaf.moved((side * (gate / 2 + 0.35), 0, z + THICK / 2 + gate / 4)))
        w.fixed_box(f"south_wall_{side}", (x, 4.0, z), (width, 8.0, THICK))
        w.fixed_box(f"gate_leaf_{side}", (side * (gate / 2 + 0.35), high / 2, z + THICK / 2 + gate / 4), (0.16, high, gate / 2))
    put(m["timber"], s.beam((gate + 1.0, 0.4, 0.6), (0, high + 0.2, z), 0.6, 6, 11))
    put(m["limewash"], s.box((gate, EAVES - high - 0.4, THICK), (0, (EAVES + high + 0.4) / 2, z), 0.35, cells=4))
    w.fixed_box("gate_head", (0, high + 2, z), (gate, 4.0, THICK))
    gable(m, put, z, EAVES, 1)
    # An unseen fence around the yard.
    for name, at, size in (("yard_south", (0, 3, HALF_Z + 9), (19, 6, 0.4)), ("yard_west", (-9, 3, HALF_Z + 5), (0.4, 6, 9)), ("yard_east", (9, 3, HALF_Z + 5), (0.4, 6, 9))):
        w.fixed_box(name, at, size)


def north_wall(w, m, put):
    z = -HALF_Z - THICK / 2
    put(m["brick"], s.box((2 * HALF_X, 1.25, THICK), (0, 0.625, z), 0.5, cells=18))
    put(m["limewash"], s.box((2 * HALF_X, EAVES - 1.25, THICK), (0, (EAVES + 1.25) / 2, z), 0.35, cells=20))
    w.fixed_box("wall_north", (0, 4.0, z), (2 * HALF_X, 8.0, THICK))
    gable(m, put, z, EAVES, -1)


def roof(m, put):
    """Two slopes; the western one has skylights in every second bay, through which the sun falls on the floor."""
    over, thick = 0.9, 0.22
    run = np.hypot(HALF_X, RIDGE - EAVES)
    angle = np.arctan2(RIDGE - EAVES, HALF_X)
    length = 2 * HALF_Z + 2 * THICK + 1.0
    for side in (-1, 1):
        tilt = s.about(2, -side * angle)
        along = lambda d: np.array([side * HALF_X * (1 - d / run), EAVES + (RIDGE - EAVES) * d / run, 0])
        pieces = [(-over, 3.6, 0.0, length), (6.6, run + 0.12, 0.0, length)]
        if side > 0:
            pieces.append((3.6, 6.6, 0.0, length))
        else:
            edges = [-length / 2]
            for bay in (1, 3, 5, 6):
                middle = -HALF_Z + (bay + 0.5) * BAY
                edges += [middle - 1.0, middle + 1.0]
            edges.append(length / 2)
            for a, b in zip(edges[::2], edges[1::2]):
                pieces.append((3.6, 6.6, (a + b) / 2, b - a))
        for low, high, z, piece_length in pieces:
            at = along((low + high) / 2) + [0, 0.24, z]
            cells = max(4, int(piece_length / 1.6))
            slab = s.box((high - low, thick, piece_length), (0, 0, 0), 0.4, True, cells)
            slab.uvs = slab.positions[:, [2, 0]] * 0.36
            put(m["ceiling"], slab.turned(tilt, at))
            cover = s.box((high - low, 0.05, piece_length + 0.02), (0, 0, 0), 0.4, False, 6)
            cover.uvs = cover.positions[:, [2, 0]] * [0.36, 0.36 * side]
            put(m["tiles"], cover.turned(tilt, at + np.array([side * np.sin(angle), np.cos(angle), 0]) * (thick / 2 + 0.02)))
        for distance in np.linspace(0.4, run - 0.4, 6):     # purlins
            p = along(distance)
            put(m["timber"], s.beam((0.18, 0.2, length - 0.8), (0, 0, 0), 0.6, 16, int(distance * 9)).turned(tilt, p + [0, 0.02, 0]))
    put(m["timber"], s.beam((0.24, 0.34, length - 0.6), (0, RIDGE - 0.12, 0), 0.6, 16, 8))


def truss(m, put, z, number):
    """Tie beam, king post, rafters, struts, and braces to the posts in the walls."""
    timber = lambda a, b, width, depth, cells=6: put(m["timber"], s.between((a[0], a[1], z), (b[0], b[1], z), width, depth, 0.6, cells))
    timber((-HALF_X - 0.2, EAVES), (HALF_X + 0.2, EAVES), 0.36, 0.30, 20)
    timber((0, EAVES), (0, RIDGE - 0.2), 0.30, 0.28, 8)
    for side in (-1, 1):
        timber((side * HALF_X, EAVES + 0.1), (0, RIDGE - 0.2), 0.30, 0.24, 12)
        timber((side * 0.2, EAVES + 0.5), (side * HALF_X * 0.48, EAVES + (RIDGE - EAVES) * 0.50), 0.22, 0.2, 6)
        timber((side * HALF_X * 0.5, EAVES), (side * HALF_X * 0.5, EAVES + (RIDGE - EAVES) * 0.48), 0.22, 0.2, 4)
        if 0 < number < BAYS:
            put(m["timber"], s.beam((0.34, EAVES, 0.38), (side * (HALF_X - 0.12), EAVES / 2, z), 0.6, 10, number + 20))
            timber((side * (HALF_X - 0.2), EAVES - 1.7), (side * (HALF_X - 2.0), EAVES - 0.1), 0.24, 0.22, 4)


def gallery(w, m, put):
    depth = HALF_Z + GALLERY_Z
    middle = -HALF_Z + depth / 2
    slab = s.box((2 * HALF_X, 0.28, depth), (0, GALLERY_Y - 0.14, middle), 0.55, True, 24)
    put(m["boards"], slab)
    w.fixed_box("gallery", (0, GALLERY_Y - 0.14, middle), (2 * HALF_X, 0.28, depth))
    put(m["timber"], s.beam((2 * HALF_X, 0.42, 0.22), (0, GALLERY_Y - 0.25, GALLERY_Z - 0.06), 0.6, 20, 31))
    # The wall of the store, flush with the gallery's edge: the lift slides along it.
    left, width = DOOR
    z, thick, high = GALLERY_Z - 0.12, 0.16, GALLERY_Y - 0.28
    for x0, x1 in ((-HALF_X, left), (left + width, HALF_X)):
        put(m["limewash"], s.box((x1 - x0, high, thick), ((x0 + x1) / 2, high / 2, z), 0.35, cells=14))
        w.fixed_box(f"store_wall_{x0}", ((x0 + x1) / 2, high / 2, z + 0.02), (x1 - x0, high, 0.24))
    lintel = 2.3
    put(m["limewash"], s.box((width, high - lintel, thick), (left + width / 2, (high + lintel) / 2, z), 0.35, True, 3))
    w.fixed_box("store_lintel", (left + width / 2, (high + lintel) / 2, z + 0.02), (width, high - lintel, 0.24))
    for x in (left - 0.09, left + width + 0.09):
        put(m["timber"], s.beam((0.18, high, 0.24), (x, high / 2, z), 0.6, 5, int(x * 7) + 90))
    put(m["timber"], s.beam((width + 0.36, 0.2, 0.24), (left + width / 2, lintel + 0.1, z), 0.6, 3, 14))
    for x in (-11.8, -8.6, -2.2, 1.2, 4.6, 9.4, 11.8):
        put(m["timber"], s.beam((0.22, high, 0.23), (x, high / 2, z), 0.6, 5, int(x * 3) + 60))
    for x0, x1 in ((-2.1, 1.1), (1.3, 4.5), (-8.5, -5.9)):
        put(m["timber"], s.between((x0, 0.1, z + 0.03), (x1, high - 0.1, z + 0.03), 0.18, 0.2, 0.6, 5))
    railing(w, m, put, [(-HALF_X, -11.0), (-9.0, LIFT[0] - 1.05), (LIFT[0] + 1.05, HALF_X)])


def railing(w, m, put, spans):
    for number, (x0, x1) in enumerate(spans):
        z = GALLERY_Z - 0.12
        put(m["timber"], s.beam((x1 - x0, 0.10, 0.14), ((x0 + x1) / 2, GALLERY_Y + 1.02, z), 0.8, 10, 41))
        put(m["timber"], s.beam((x1 - x0, 0.08, 0.08), ((x0 + x1) / 2, GALLERY_Y + 0.16, z), 0.8, 10, 42))
        posts = [s.beam((0.13, 1.06, 0.13), (x, GALLERY_Y + 0.53, z), 0.8, 2, 43) for x in np.linspace(x0 + 0.07, x1 - 0.07, max(2, int((x1 - x0) / 2.2) + 1))]
        posts += [s.beam((0.045, 0.86, 0.045), (x, GALLERY_Y + 0.59, z), 0.8, 1, 44) for x in np.arange(x0 + 0.22, x1 - 0.1, 0.19)]
        put(m["timber"], s.join(posts))
        w.fixed_box(f"railing_{number}", ((x0 + x1) / 2, GALLERY_Y + 0.55, z), (x1 - x0, 1.1, 0.12))


def stairs(w, m, put):
    """Along the west wall up to the gallery; a slope under the treads carries people."""
    count, x, width = 19, -10.0, 1.9
    rise, tread = GALLERY_Y / count, 0.29
    foot = GALLERY_Z + count * tread
    for step in range(count):
        top, z = (step + 1) * rise, foot - (step + 0.5) * tread
        put(m["boards"], s.beam((width, 0.06, tread + 0.04), (x, top - 0.03, z), 0.8, 3, step))
        put(m["timber"], s.box((width - 0.1, rise, 0.03), (x, top - rise / 2, z + tread / 2 - 0.03), 0.6, cells=2))
        w.fixed_box(f"stair_{step}", (x, top / 2, z), (width, top, tread))
    for side in (-1, 1):
        edge = x + side * width / 2
        put(m["timber"], s.between((edge, 0.0, foot), (edge, GALLERY_Y - 0.1, GALLERY_Z), 0.3, 0.08, 0.6, 8))
    rail = x + width / 2
    put(m["timber"], s.between((rail, 1.05, foot), (rail, GALLERY_Y + 1.0, GALLERY_Z), 0.10, 0.10, 0.8, 8))
    for step in range(1, count, 3):
        top, z = (step + 1) * rise, foot - (step + 0.5) * tread
        put(m["timber"], s.beam((0.07, 0.98, 0.07), (rail, top + 0.44, z), 0.8, 1, step))
    slope = np.arctan2(GALLERY_Y, count * tread)
    w.node("stair_rail", at=(rail + 0.02, GALLERY_Y / 2 + 0.55, (foot + GALLERY_Z) / 2), turn=about_axis((1, 0, 0), slope),
           extensions=w.body(w.shape("box", size=[0.08, 1.0, float(np.hypot(GALLERY_Y, count * tread))])))
