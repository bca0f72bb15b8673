"""What moves in the workshop: exactly 250 bodies, their stands, and the lift."""
import numpy as np

import shapes as s
from gltf_writer import about_axis
from hall import DOOR, GALLERY_Y, GALLERY_Z, LIFT

BODIES = 250
HUES = ("red", "ochre", "green", "teal", "blue", "plum")
POOL, POOL_HALF = (-8.1, 4.6), 1.72
SEESAW = (-7.6, -1.6)
DECK = dict(x0=8.3, x1=11.2, z0=-4.2, z1=4.2, top=1.62, clear=1.26, tunnel=(9.15, 10.35))
CRADLE = (5.2, 9.2)


def playground(w, m, put):
    p = {
        "wood": w.physics_material(0.55, 0.05), "grip": w.physics_material(0.9, 0.0),
        "ball": w.physics_material(0.5, 0.55), "steel": w.physics_material(0.2, 0.9), "slick": w.physics_material(0.25, 0.0),
    }
    dominoes(w, m, p)
    pool(w, m, p, put)
    crates(w, m, p)
    tower(w, m, p, put)
    cans(w, m, p, put)
    barrels(w, m, p)
    blocks(w, m, p)
    deck(w, m, p, put)
    cradle(w, m, p, put)
    seesaw(w, m, p, put)
    door(w, m, p)
    lift(w, m)


def shaded(shape, low=0.75):
    """Darker towards its foot."""
    y = shape.positions[:, 1]
    shape.light = low + (1 - low) * np.clip((y - y.min()) / max(1e-6, y.max() - y.min()), 0, 1)
    return shape


def bevelled(size, bevel, per_metre, seed=0):
    """A box of timber with its edges cut: eight corners, three points each."""
    half = np.asarray(size, float) / 2
    core = half - bevel
    sides = []
    for axis in range(3):
        for sign in (-1, 1):
            i, j = (axis + 1) % 3, (axis + 2) % 3
            corners = []
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                p = np.zeros(3)
                p[axis], p[i], p[j] = sign * half[axis], a * core[i], b * core[j]
                corners.append(p)
            sides.append(s.quad(corners if sign > 0 else corners[::-1], per_metre))
    for axis in range(3):                 # the twelve cut edges
        i, j = (axis + 1) % 3, (axis + 2) % 3
        for a in (-1, 1):
            for b in (-1, 1):
                p = np.zeros((4, 3))
                p[0, [axis, i, j]] = -core[axis], a * half[i], b * core[j]
                p[1, [axis, i, j]] = core[axis], a * half[i], b * core[j]
                p[2, [axis, i, j]] = core[axis], a * core[i], b * half[j]
                p[3, [axis, i, j]] = -core[axis], a * core[i], b * half[j]
                out = np.cross(p[1] - p[0], p[3] - p[0])
                sides.append(s.quad(p if out[i] * a + out[j] * b > 0 else p[::-1], per_metre))
    corners = []
    for a in (-1, 1):
        for b in (-1, 1):
            for c in (-1, 1):
                sign = np.array([a, b, c])
                p = [sign * [half[0], core[1], core[2]], sign * [core[0], half[1], core[2]], sign * [core[0], core[1], half[2]]]
                if a * b * c < 0:
                    p = p[::-1]
                n = sign / np.sqrt(3)
                corners.append(s.Shape(p, [n] * 3, [(0, 0), (bevel, 0), (0, bevel)], [(0, 1, 2)]))
    shape = s.join(sides + corners)
    longest = int(np.argmax(size))
    others = [a for a in range(3) if a != longest]
    flat = np.abs(shape.normals)
    across = np.where(flat[:, others[0]] > flat[:, others[1]], others[1], others[0])
    rows = np.arange(len(shape.positions))
    shape.uvs = np.stack([shape.positions[rows, across], shape.positions[:, longest]], axis=1) * per_metre + np.random.default_rng(seed).random(2)
    return shape


def dominoes(w, m, p):
    """A spiral that unwinds and runs north; whoever tips the outer end sees all of it fall."""
    size = (0.42, 0.72, 0.10)
    shape = w.shape("box", size=list(size))
    meshes = {}
    for hue in HUES:
        body = shaded(bevelled(size, 0.018, 1.0, 5), 0.82)
        meshes[hue] = w.mesh(f"domino_{hue}", [(body, m[hue])])
    points, angle, radius = [], 0.0, 1.05
    centre, pitch, gap = np.array([-0.6, 4.4]), 0.82, 0.40
    while len(points) < 68:
        points.append((centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle), angle + np.pi / 2))
        step = gap / radius
        angle += step
        radius += pitch * step / (2 * np.pi)
    x, z, heading = points[-1]
    for _ in range(16):                   # the run leaves the spiral and bends to the north
        heading += 0.16 * np.sign(np.angle(np.exp(1j * (np.pi - heading)))) * min(1.0, abs(np.angle(np.exp(1j * (np.pi - heading)))) / 0.16)
        x, z = x + gap * np.sin(heading), z + gap * np.cos(heading)
        points.append((x, z, heading))
    for number, (x, z, heading) in enumerate(points):
        hue = HUES[number * len(HUES) // len(points)]
        w.node(f"domino_{number}", at=(x, size[1] / 2 + 0.002, z), turn=heading, mesh=meshes[hue], extensions=w.body(shape, mass=2.4, material=p["wood"]))


def pool(w, m, p, put):
    """A tub of boards full of balls, with steps up to its rim."""
    (x, z), half, high, thick = POOL, POOL_HALF, 0.80, 0.14
    for axis, sign in ((0, -1), (0, 1), (1, -1), (1, 1)):
        size = (thick, high, 2 * half + thick) if axis == 0 else (2 * half + thick, high, thick)
        at = (x + sign * half, high / 2, z) if axis == 0 else (x, high / 2, z + sign * half)
        put(m["boards"], s.beam(size, at, 0.8, 6, axis * 2 + sign + 1))
        w.fixed_box(f"pool_side_{axis}_{sign}", at, size)
        rim = (0.30, 0.08, 2 * half + 0.36) if axis == 0 else (2 * half + 0.36, 0.081, 0.30)
        put(m["timber"], s.beam(rim, (at[0], high, at[2]), 0.8, 6, 7))
    for sx in (-1, 1):
        for sz in (-1, 1):
            put(m["timber"], s.beam((0.26, high + 0.25, 0.26), (x + sx * half, (high + 0.25) / 2, z + sz * half), 0.8, 3, 3))
            put(m["brass"], s.lathe([(0.10, high + 0.25), (0.13, high + 0.33), (0.09, high + 0.43), (0, high + 0.46)], 14).moved((x + sx * half, 0, z + sz * half)))
    for step in range(2):
        top = 0.28 * (2 - step)
        at = (x + half + 0.07 + 0.32 * (step + 0.5), top / 2, z)
        put(m["boards"], s.beam((0.32, top, 1.4), at, 0.8, 3, step))
        w.fixed_box(f"pool_step_{step}", at, (0.32, top, 1.4))
    rng = np.random.default_rng(21)
    kinds = []
    for hue, radius in zip(HUES, (0.20, 0.23, 0.18, 0.21, 0.24, 0.19)):
        ball = s.sphere(radius, 18, 10)
        ball.light = 0.84 + 0.16 * ball.positions[:, 1] / radius
        kinds.append((hue, radius, w.mesh(f"pool_ball_{hue}", [(ball, m[f"gloss_{hue}"])]), w.shape("sphere", radius=radius)))
    for number in range(74):
        layer, cell = divmod(number, 36)
        hue, radius, mesh, shape = kinds[rng.integers(len(kinds))]
        jitter = 0.03 * rng.random(2)
        at = (x + (cell % 6 - 2.5) * 0.52 + jitter[0], 0.26 + 0.5 * layer, z + (cell // 6 - 2.5) * 0.52 + jitter[1])
        w.node(f"pool_ball_{number}", at=at, mesh=mesh, extensions=w.body(shape, mass=0.4 + radius, material=p["ball"]))


def crates(w, m, p):
    """A wall of crates in front of the store, and a few beside the way."""
    size = 0.56
    frame = [s.box((size - 0.06,) * 3, (0, 0, 0), 1.5, True)]
    for axis in range(3):
        for a in (-1, 1):
            for b in (-1, 1):
                bar, at = [0.075] * 3, [0.0] * 3
                bar[axis], at[(axis + 1) % 3], at[(axis + 2) % 3] = size - (0.151 if axis else 0.0), a * (size - 0.075) / 2, b * (size - 0.075) / 2
                frame.append(s.beam(bar, at, 1.2, 1, axis + 5))
    crate = s.join(frame)
    crate.light = 0.86 + 0.14 * np.clip(crate.positions[:, 1] / size + 0.5, 0, 1)
    mesh, shape = w.mesh("crate", [(crate, m["boards"])]), w.shape("box", size=[size] * 3)
    number = 0
    for row in range(5):
        for column in range(5 - row):
            at = (0.9 + (column - (4 - row) / 2) * (size + 0.03), size / 2 + 0.002 + row * (size + 0.002), -9.0)
            w.node(f"crate_{number}", at=at, turn=0.06 * np.sin(number * 2.1), mesh=mesh, extensions=w.body(shape, mass=9.0, material=p["wood"]))
            number += 1
    for x, y, z, turn in ((4.1, 0, 11.4, 0.5), (4.75, 0, 11.9, 0.1), (-4.3, 0, 10.2, 0.9), (-4.9, 0, 10.6, 0.2), (-4.6, 1, 10.4, 0.5)):
        w.node(f"crate_{number}", at=(x, size / 2 + 0.002 + y * (size + 0.002), z), turn=turn, mesh=mesh, extensions=w.body(shape, mass=9.0, material=p["wood"]))
        number += 1


def tower(w, m, p, put):
    """A tower of bars on a turned table: take one away, if you can."""
    x, z, high = 4.6, -6.6, 0.74
    put(m["boards"], s.lathe([(0.85, high - 0.07), (0.88, high - 0.05), (0.88, high), (0, high)], 30, 0.9).moved((x, 0, z)))
    put(m["timber"], s.lathe([(0.50, 0), (0.50, 0.06), (0.34, 0.12), (0.14, 0.2), (0.12, 0.34), (0.2, 0.44), (0.11, 0.56), (0.3, high - 0.07)], 20, 0.9).moved((x, 0, z)))
    w.node("tower_table", at=(x, high / 2, z), extensions=w.body(w.shape("cylinder", height=high, radiusTop=0.88, radiusBottom=0.88)))
    size = (0.22, 0.14, 0.66)
    mesh, shape = w.mesh("bar", [(shaded(bevelled(size, 0.012, 1.4, 3), 0.85), m["boards"])]), w.shape("box", size=list(size))
    for layer in range(8):
        for column in range(3):
            off = (column - 1) * 0.222
            at = (x + off, high + 0.072 + layer * 0.1405, z) if layer % 2 == 0 else (x, high + 0.072 + layer * 0.1405, z + off)
            w.node(f"bar_{layer * 3 + column}", at=at, turn=0.0 if layer % 2 == 0 else np.pi / 2, mesh=mesh, extensions=w.body(shape, mass=1.2, material=p["wood"]))


def cans(w, m, p, put):
    """Tin cans to throw at, on a trestle before the east wall."""
    x, z, high = 10.6, 8.0, 0.95
    put(m["boards"], s.beam((0.6, 0.07, 3.0), (x, high - 0.035, z), 0.8, 5, 9))
    for dz in (-1.2, 1.2):
        for dx in (-1, 1):
            put(m["timber"], s.between((x + dx * 0.32, 0, z + dz), (x + dx * 0.08, high - 0.07, z + dz), 0.09, 0.09, 0.8))
    w.fixed_box("trestle", (x, high / 2, z), (0.6, high, 3.0))
    radius, tall = 0.13, 0.30
    ribs = [(0, 0), (radius - 0.008, 0), (radius, 0.012), (radius, 0.03)]
    for k in range(4):
        ribs += [(radius - 0.006, 0.06 + k * 0.05), (radius, 0.085 + k * 0.05)]
    ribs += [(radius, tall - 0.02), (radius - 0.008, tall - 0.005), (radius - 0.02, tall - 0.015), (0, tall - 0.015)]
    can = s.lathe(ribs, 18, 2.0)
    can.positions[:, 1] -= tall / 2
    band = s.lathe([(radius + 0.002, -0.07), (radius + 0.002, 0.075)], 18, 2.0)
    can.light, band.light = np.full(len(can.positions), 0.95), np.full(len(band.positions), 0.95)
    meshes = [w.mesh(f"can_{hue}", [(can, m["tin"]), (band, m[hue])]) for hue in ("red", "teal", "ochre")]
    shape = w.shape("cylinder", height=tall, radiusTop=radius, radiusBottom=radius)
    number = 0
    for row in range(5):
        for column in range(5 - row):
            at = (x, high + 0.152 + row * (tall + 0.001), z + (column - (4 - row) / 2) * 0.285)
            w.node(f"can_{number}", at=at, turn=number * 0.7, mesh=meshes[number % 3], extensions=w.body(shape, mass=0.3, material=p["wood"]))
            number += 1


def barrels(w, m, p):
    high = 1.0
    staves = [(0.0, 0.03), (0.29, 0.03), (0.30, 0.0)] + [(0.30 + 0.075 * np.sin(np.pi * k), high * k) for k in np.linspace(0.05, 0.95, 9)] + [(0.30, high), (0.285, high - 0.03), (0, high - 0.03)]
    body = s.lathe(staves, 24, 0.9)
    body.uvs = np.stack([body.uvs[:, 0] * 0.5, body.positions[:, 1] * 0.8], axis=1)
    hoops = s.join([s.lathe([(r, y), (r + 0.012, y + 0.01), (r + 0.012, y + 0.06), (r, y + 0.07)], 24, 1.0) for r, y in ((0.318, 0.06), (0.358, 0.26), (0.358, 0.67), (0.318, 0.87))])
    for part in (body, hoops):
        part.positions[:, 1] -= high / 2
        shaded(part, 0.7)
    mesh = w.mesh("barrel", [(body, m["boards"]), (hoops, m["iron"])])
    shape = w.shape("cylinder", height=high, radiusTop=0.35, radiusBottom=0.35)
    places = [(-3.2, 0, -10.9), (-2.45, 0, -11.3), (-2.35, 0, -10.5), (10.9, 0, -6.2), (11.0, 0, -7.0), (4.3, 0, 15.4), (5.1, 0, 15.9), (-11.0, 0, 9.4)]
    for number, (x, y, z) in enumerate(places):
        w.node(f"barrel_{number}", at=(x, high / 2 + 0.002, z), turn=number * 1.3, mesh=mesh, extensions=w.body(shape, mass=24.0, material=p["wood"]))


def blocks(w, m, p):
    """A child's castle of painted blocks."""
    x, z = -3.6, -5.6
    cube, long = (0.36, 0.36, 0.36), (1.10, 0.20, 0.36)
    cube_shape, long_shape = w.shape("box", size=list(cube)), w.shape("box", size=list(long))
    cubes = {hue: w.mesh(f"block_{hue}", [(shaded(bevelled(cube, 0.02, 1.2, 2), 0.85), m[hue])]) for hue in HUES}
    longs = {hue: w.mesh(f"lintel_{hue}", [(shaded(bevelled(long, 0.02, 1.2, 2), 0.85), m[hue])]) for hue in ("ochre", "plum")}
    number = 0
    for dx, dy, hue in ((-0.37, 0, "red"), (0.37, 0, "blue"), (1.11, 0, "green"), (-0.37, 1, "teal"), (0.37, 1, "plum"), (1.11, 1, "ochre")):
        w.node(f"block_{number}", at=(x + dx, 0.182 + 0.362 * dy, z), turn=0.0, mesh=cubes[hue], extensions=w.body(cube_shape, mass=3.0, material=p["wood"]))
        number += 1
    for dx, dy, hue in ((0.0, 0, "ochre"), (1.12, 0, "plum")):
        w.node(f"block_{number}", at=(x + dx - 0.19, 0.726 + 0.102, z), mesh=longs[hue], extensions=w.body(long_shape, mass=4.0, material=p["wood"]))
        number += 1
    for dx, hue in ((-0.1, "green"), (0.45, "red"), (1.0, "blue")):
        w.node(f"block_{number}", at=(x + dx, 0.928 + 0.182, z), turn=0.3, mesh=cubes[hue], extensions=w.body(cube_shape, mass=3.0, material=p["wood"]))
        number += 1
    w.node(f"block_{number}", at=(x + 0.3, 0.182, z + 1.0), turn=0.6, mesh=cubes["ochre"], extensions=w.body(cube_shape, mass=3.0, material=p["wood"]))


def deck(w, m, p, put):
    """A deck with a tunnel below that only who crouches gets through; ramps lead up to it, a chute with balls leads down."""
    d = DECK
    middle, long, (t0, t1) = (d["z0"] + d["z1"]) / 2, d["z1"] - d["z0"], d["tunnel"]
    roof = d["top"] - d["clear"]
    put(m["boards"], s.box((d["x1"] - d["x0"], 0.08, long), ((d["x0"] + d["x1"]) / 2, d["top"] - 0.04, middle), 0.55, True, 12))
    put(m["timber"], s.box((t1 - t0, roof - 0.08, long), ((t0 + t1) / 2, d["clear"] + (roof - 0.08) / 2, middle), 0.6, True, 12))
    w.fixed_box("deck", ((d["x0"] + d["x1"]) / 2, d["clear"] + roof / 2, middle), (d["x1"] - d["x0"], roof, long))
    for number, (x0, x1) in enumerate(((d["x0"], t0), (t1, d["x1"]))):
        size, at = (x1 - x0, d["clear"], long), ((x0 + x1) / 2, d["clear"] / 2, middle)
        put(m["brick"], s.box(size, at, 0.5, cells=14))
        w.fixed_box(f"tunnel_side_{number}", at, size)
    for z in (d["z0"], d["z1"]):          # a heavy frame around each mouth
        for x in (t0 - 0.10, t1 + 0.10):
            put(m["timber"], s.beam((0.2, d["clear"] + 0.02, 0.26), (x, d["clear"] / 2, z), 0.8, 3, 3))
        put(m["timber"], s.beam((t1 - t0 + 0.6, 0.34, 0.28), ((t0 + t1) / 2, d["clear"] + 0.17, z), 0.8, 4, 8))
        side = np.sign(z)
        put(m["ochre"], s.join([s.box((0.11, 0.09, 0.02), ((t0 + t1) / 2 + i * 0.17 - 0.51, d["clear"] + 0.17, z + side * 0.15), 1.0) for i in range(7)]))
    ramp(w, m, put, "ramp_wide", (d["x0"], d["top"], -1.6), (4.3, 0.0, -1.6), 2.2)
    ramp(w, m, put, "chute", (d["x0"], d["top"] - 0.02, 2.4), (4.9, 0.0, 2.4), 1.0)
    length = np.hypot(3.4, d["top"])
    slope = np.arctan2(d["top"], 3.4)
    for side in (-0.56, 0.56):
        put(m["timber"], s.between((d["x0"], d["top"] + 0.14, 2.4 + side), (4.9, 0.14, 2.4 + side), 0.3, 0.08, 0.8, 5))
        w.node(f"chute_side_{side}", at=((d["x0"] + 4.9) / 2, d["top"] / 2 + 0.14, 2.4 + side), turn=about_axis((0, 0, 1), slope), extensions=w.body(w.shape("box", size=[float(length), 0.3, 0.08])))
    # A trough on the deck keeps six wooden balls until somebody takes the bar away, or lifts one over it.
    for z in (1.8, 3.0):
        at, size = ((d["x0"] + 1.3), d["top"] + 0.1, z), (2.4, 0.2, 0.08)
        put(m["timber"], s.beam(size, at, 0.8, 3, 5))
        w.fixed_box(f"trough_{z}", at, size)
    at, size = (d["x0"] + 0.12, d["top"] + 0.05, 2.4), (0.10, 0.10, 1.12)
    put(m["timber"], s.beam(size, at, 0.8, 2, 6))
    w.fixed_box("trough_bar", at, size)
    at, size = (d["x0"] + 2.46, d["top"] + 0.15, 2.4), (0.10, 0.30, 1.28)
    put(m["timber"], s.beam(size, at, 0.8, 2, 6))
    w.fixed_box("trough_back", at, size)
    radius = 0.26
    ball = s.sphere(radius, 22, 14)
    ball.uvs = ball.positions[:, [0, 1]] * 1.2
    ball.light = 0.85 + 0.15 * ball.positions[:, 1] / radius
    mesh, shape = w.mesh("wooden_ball", [(ball, m["boards"])]), w.shape("sphere", radius=radius)
    for number in range(6):
        at = (d["x0"] + 0.50 + 0.60 * (number // 2), d["top"] + radius + 0.002, 2.4 + 0.275 * (-1 if number % 2 else 1))
        w.node(f"wooden_ball_{number}", at=at, mesh=mesh, extensions=w.body(shape, mass=6.0, material=p["wood"]))
    rail = d["top"]
    for z in (d["z0"] + 0.06, d["z1"] - 0.06):
        put(m["timber"], s.beam((d["x1"] - d["x0"], 0.09, 0.1), ((d["x0"] + d["x1"]) / 2, rail + 0.95, z), 0.8, 4, 7))
        for x in np.linspace(d["x0"] + 0.07, d["x1"] - 0.07, 6):
            put(m["timber"], s.beam((0.08, 0.95, 0.08), (x, rail + 0.475, z), 0.8, 1, 8))
        w.fixed_box(f"deck_rail_{z}", ((d["x0"] + d["x1"]) / 2, rail + 0.5, z), (d["x1"] - d["x0"], 1.0, 0.1))


def ramp(w, m, put, name, high, low, width):
    high, low = np.asarray(high, float), np.asarray(low, float)
    length, slope = np.hypot(high[0] - low[0], high[1] - low[1]), np.arctan2(high[1] - low[1], high[0] - low[0])
    thick = 0.12
    middle = (high + low) / 2 - np.array([-np.sin(slope), np.cos(slope), 0]) * thick / 2
    plank = s.box((length, thick, width), (0, 0, 0), 0.8, True, 8)
    plank.uvs = plank.positions[:, [2, 0]] * 0.55
    put(m["boards"], plank.turned(s.about(2, slope), middle))
    w.node(name, at=middle, turn=about_axis((0, 0, 1), slope), extensions=w.body(w.shape("box", size=[float(length), thick, width])))
    for share in (0.35, 0.7, 0.98):
        at = low + (high - low) * share
        tall = at[1] - thick - 0.02
        for side in (-1, 1):
            put(m["timber"], s.beam((0.12, tall, 0.12), (at[0] - 0.06, tall / 2, at[2] + side * (width / 2 - 0.1)), 0.8, 2, int(share * 50)))
    under = s.Shape([low, [high[0], 0, high[2]], high], [(0, 0, 1)] * 3, [(0, 0), (1, 0), (1, 1)], [(0, 1, 2)])
    for side in (-1, 1):                  # boards close the sides, so that nothing rolls below
        panel = s.Shape(under.positions + [0, -0.06, side * (width / 2 - 0.03)], under.normals * side, under.positions[:, [0, 1]] * 0.6, under.faces if side > 0 else under.faces[:, ::-1])
        put(m["timber"], panel)
    steps = int(length / 0.4)
    for number in range(steps):           # a box for each stretch fills the space below
        x = low[0] + (high[0] - low[0]) * (number + 0.5) / steps
        top = low[1] + (high[1] - low[1]) * number / steps - thick
        if top > 0.1:
            w.fixed_box(f"{name}_fill_{number}", (x, top / 2, low[2]), (abs(high[0] - low[0]) / steps, top, width - 0.08))


def cradle(w, m, p, put):
    """Five steel balls in a row on rods: lift one, let it go."""
    (x, z), high, rod, radius = CRADLE, 2.35, 1.55, 0.22
    for side in (-1, 1):
        for dz in (-1, 1):
            put(m["timber"], s.between((x + side * 1.55, 0, z + dz * 0.62), (x + side * 1.45, high + 0.1, z), 0.14, 0.14, 0.8, 5))
            w.node(f"cradle_leg_{side}_{dz}", at=(x + side * 1.5, high / 2, z + dz * 0.31), turn=about_axis((1, 0, 0), -dz * np.arctan2(0.62, high)),
                   extensions=w.body(w.shape("box", size=[0.14, high, 0.14])))
    put(m["timber"], s.beam((3.3, 0.18, 0.2), (x, high, z), 0.8, 6, 12))
    put(m["brass"], s.join([s.lathe([(0.09, -0.04), (0.09, 0.02), (0, 0.02)], 12).moved((x + (i - 2) * 2 * radius, high - 0.09, z)) for i in range(5)]))
    hinge = w.joint([{"linearAxes": [0, 1, 2], "min": 0.0, "max": 0.0}, {"angularAxes": [0, 1], "min": 0.0, "max": 0.0}, {"angularAxes": [2], "min": -1.3, "max": 1.3}])
    ball = s.sphere(radius, 24, 16)
    ball.light = 0.9 + 0.1 * ball.positions[:, 1] / radius
    cord = s.lathe([(0.016, radius - 0.02), (0.016, rod)], 8)
    cord.light = np.full(len(cord.positions), 0.9)
    mesh, shape = w.mesh("steel_ball", [(ball, m["steel"]), (cord, m["iron"])]), w.shape("sphere", radius=radius)
    for number in range(5):
        at = (x + (number - 2) * (2 * radius + 0.002), high - 0.1 - rod, z)
        node = w.node(f"steel_ball_{number}", at=at, mesh=mesh, extensions=w.body(shape, mass=8.0, material=p["steel"]))
        hook = w.node(f"cradle_hook_{number}", at=(at[0], high - 0.1, z))
        top = w.node(f"steel_ball_top_{number}", parent=node, at=(0, rod, 0))
        w.join(hinge, top, hook)


def seesaw(w, m, p, put):
    (x, z), high, length = SEESAW, 0.62, 5.0
    side = s.join([s.between((dx, 0, dz), (0, high + 0.05, dz), 0.16, 0.12, 0.8, 2) for dx in (-0.5, 0.5) for dz in (-0.42, 0.42)])
    put(m["timber"], side.moved((x, 0, z)))
    put(m["iron"], s.lathe([(0.06, -0.55), (0.06, 0.55), (0, 0.55)], 12).turned(s.about(0, np.pi / 2), (x, high, z)))
    w.fixed_box("seesaw_stand", (x, 0.22, z), (0.5, 0.44, 0.9))
    pivot = w.node("seesaw_pivot", at=(x, high, z))
    plank = s.join([bevelled((length, 0.09, 0.62), 0.015, 0.9, 4).moved((0, 0.03, 0))] + [s.beam((0.06, 0.05, 0.62), (dx, 0.09, 0), 0.8, 1, 6) for dx in (-2.2, -1.5, 1.5, 2.2)])
    plank.light = np.full(len(plank.positions), 0.95)
    grips = s.join([s.between((dx, 0.07, dz), (dx, 0.42, dz), 0.05, 0.05) for dx in (-1.75, 1.75) for dz in (-0.2, 0.2)] + [s.beam((0.06, 0.06, 0.56), (dx, 0.44, 0), 0.8) for dx in (-1.75, 1.75)])
    grips.light = np.full(len(grips.positions), 0.9)
    mesh = w.mesh("seesaw", [(plank, m["boards"]), (grips, m["red"])])
    body = w.body(w.shape("box", size=[length, 0.09, 0.62]), mass=38.0, material=p["grip"])
    body["KHR_physics_rigid_bodies"]["motion"]["centerOfMass"] = [0.0, -0.04, 0.0]
    node = w.node("seesaw_plank", at=(x, high, z), mesh=mesh, extensions=body)
    hinge = w.joint(
        [{"linearAxes": [0, 1, 2], "min": 0.0, "max": 0.0}, {"angularAxes": [0, 1], "min": 0.0, "max": 0.0}, {"angularAxes": [2], "min": -0.23, "max": 0.23}],
        [{"type": "angular", "mode": "force", "axis": 2, "stiffness": 0.0, "damping": 22.0, "velocityTarget": 0.0}])
    w.join(hinge, node, pivot)


def door(w, m, p):
    """The door of the store swings both ways and falls shut."""
    (left, width), high, thick = DOOR, 2.24, 0.07
    z = GALLERY_Z - 0.12
    leaf_width = width - 0.06
    hinge_at = (left + 0.03, high / 2 + 0.03, z)
    planks = [bevelled((leaf_width / 5 - 0.008, high, thick), 0.008, 0.8, k).moved(((k + 0.5) * leaf_width / 5, 0, 0)) for k in range(5)]
    rails = [s.beam((leaf_width - 0.06, 0.18, 0.03), (leaf_width / 2, y, side * (thick / 2 + 0.012)), 0.8, 1, 3) for y in (-0.85, 0.85) for side in (-1, 1)]
    wood = s.join(planks + rails)
    straps = s.join([s.box((leaf_width * 0.75, 0.05, 0.012), (leaf_width * 0.375, y, side * (thick / 2 + 0.032)), 1.0) for y in (-0.85, 0.85) for side in (-1, 1)])
    knob = s.join([s.sphere(0.045, 12, 8).moved((leaf_width - 0.12, 0.0, side * 0.08)) for side in (-1, 1)])
    for part in (wood, straps, knob):
        part.light = np.full(len(part.positions), 0.85)
    mesh = w.mesh("store_door", [(wood, m["green"]), (straps, m["iron"]), (knob, m["brass"])])
    motion = {"KHR_physics_rigid_bodies": {"motion": {"mass": 16.0}}}
    node = w.node("store_door", at=hinge_at, mesh=mesh, extensions=motion)
    w.node("store_door_leaf", parent=node, at=(leaf_width / 2, 0, 0), extensions=w.body(w.shape("box", size=[leaf_width - 0.02, high - 0.02, thick]), material=p["slick"]))
    post = w.node("store_door_post", at=hinge_at)
    hinge = w.joint(
        [{"linearAxes": [0, 1, 2], "min": 0.0, "max": 0.0}, {"angularAxes": [0, 2], "min": 0.0, "max": 0.0}, {"angularAxes": [1], "min": -1.9, "max": 1.9}],
        [{"type": "angular", "mode": "force", "axis": 1, "positionTarget": 0.0, "stiffness": 14.0, "damping": 9.0}])
    w.join(hinge, node, post)


def lift(w, m):
    """A pillar that rises out of the floor: nobody can get below it. One round takes 24 seconds."""
    (x, z), side, tall = LIFT, 2.0, 3.6
    low, high = 0.04 - tall / 2, GALLERY_Y - tall / 2
    top = s.beam((side, 0.10, side), (0, tall / 2 - 0.05, 0), 0.7, 4, 2)
    panels = s.join([s.box((side - 0.08, tall - 0.1, side - 0.08), (0, -0.05, 0), 0.6, cells=4)])
    bands = [s.box((side - 0.02, 0.07, side - 0.02), (0, y, 0), 1.0, True) for y in np.linspace(-tall / 2 + 0.2, tall / 2 - 0.24, 5)]
    bands += [s.box((0.09, tall - 0.12, 0.09), (sx * (side / 2 - 0.045), -0.05, sz * (side / 2 - 0.045)), 1.0) for sx in (-1, 1) for sz in (-1, 1)]
    bands = s.join(bands)
    rim = s.join([s.box((side, 0.014, 0.12), (0, tall / 2 + 0.004, d), 1.0) for d in (-0.94, 0.94)] + [s.box((0.12, 0.014, side - 0.24), (d, tall / 2 + 0.004, 0), 1.0) for d in (-0.94, 0.94)])
    for part in (top, panels, bands, rim):
        part.light = np.full(len(part.positions), 0.88)
    mesh = w.mesh("lift", [(top, m["boards"]), (panels, m["boards"]), (bands, m["iron"]), (rim, m["ochre"])])
    node = w.node("lift", at=(x, low, z), mesh=mesh, extensions=w.body(w.shape("box", size=[side, tall, side]), kinematic=True))
    times = np.concatenate([[0.0], np.linspace(5, 10, 11), np.linspace(16, 21, 11), [24.0]])
    ease = [t * t * (3 - 2 * t) for t in np.linspace(0, 1, 11)]
    heights = [0.0, *ease, *ease[::-1], 0.0]
    w.animate("lift", [(node, "translation", times, [(x, low + (high - low) * e, z) for e in heights])])
