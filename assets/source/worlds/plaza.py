"""The plaza: a colonnaded square at golden hour. The fountain is the origin; people arrive from the south (+Z)."""
import numpy as np

import shapes as s
import sounds
import textures as t
from gltf_writer import Writer, yaw
from landscape import hills, roof
from plants import cypress, tree

TITLE = "Plaza"
HALF_X, HALF_Z = 20.0, 17.0          # inner edge of the colonnades' steps
COLUMN_STEP, COLUMN_HEIGHT = 3.0, 4.2
STOA_DEPTH, STEP = 5.0, 0.15


def build():
    w = Writer("2026 Stoa contributors, CC0 1.0")
    m = materials(w)
    fixed = {}                        # material -> shapes; merged at the end

    def put(material, shape):
        fixed.setdefault(material, []).append(shape)

    ground(w, m, put)
    columns = []
    stoa(w, m, put, columns, centre=(0, -(HALF_Z + STOA_DEPTH / 2)), length=2 * HALF_X + 2 * STOA_DEPTH, turn=0.0)
    stoa(w, m, put, columns, centre=(-(HALF_X + STOA_DEPTH / 2), 0), length=2 * HALF_Z, turn=np.pi / 2)
    stoa(w, m, put, columns, centre=(HALF_X + STOA_DEPTH / 2, 0), length=2 * HALF_Z, turn=-np.pi / 2)
    south(w, m, put)
    fountain(w, m, put)
    stage(w, m, put)
    arch(w, m, put)
    board(w, m, put)
    parts = [(s.join(found), material) for material, found in fixed.items()]
    s.bake([shape for shape, _ in parts])
    for number, (shape, material) in enumerate(parts):
        w.node(f"stone_{number}", mesh=w.mesh(f"stone_{number}", [(shape, material)]))
    repeat(w, m, columns)
    loose(w, m)
    seats(w, m)
    sounds_of(w)
    for title, x, z in (("start", 0, 13.5), ("stage", -4, -8), ("fountain", 5, 5), ("west", -14, 3)):
        turn = np.arctan2(-x, -z)     # the front of a spawn point, +Z, faces the fountain
        w.node(f"spawn_{title}", at=(x, 0.05, z), turn=turn, extensions={"OMI_spawn_point": {"title": title}})
    return w


def materials(w):
    slab_color, slab_normal = t.slabs()
    tile_color, tile_normal = t.tiles()
    wood_color, wood_normal = t.wood()
    jpg = lambda data: w.texture(data, "image/jpeg")
    wood_base, wood_bump = jpg(wood_color), jpg(wood_normal)
    stripes = jpg(t.stripes())
    return {
        "paving": w.material("paving", rough=0.72, base=jpg(slab_color), normal=jpg(slab_normal)),
        "marble": w.material("marble", rough=0.55, base=jpg(t.marble())),
        "plaster": w.material("plaster", rough=0.92, base=jpg(t.plaster())),
        "tiles": w.material("roof tiles", rough=0.8, base=jpg(tile_color), normal=jpg(tile_normal)),
        "wood": w.material("wood", rough=0.7, base=wood_base, normal=wood_bump),
        "dark_wood": w.material("dark wood", (0.5, 0.4, 0.35, 1), rough=0.7, base=wood_base, normal=wood_bump),
        "grass": w.material("grass", rough=0.95, base=jpg(t.grass())),
        "bark": w.material("bark", rough=0.9, base=jpg(t.bark())),
        "leaves": w.material("leaves", rough=0.8, base=w.texture(t.leaves(), "image/png"), alpha="MASK", double=True),
        "cloth": w.material("striped cloth", rough=0.9, base=stripes, double=True),
        "bronze": w.material("bronze", (0.36, 0.24, 0.12, 1), rough=0.42, metal=1.0),
        "glass": w.material("lamp glass", (1, 0.9, 0.7, 1), rough=0.3, emissive=(1.0, 0.72, 0.36), strength=5.0),
        "water": w.material("water", (0.10, 0.24, 0.27, 0.82), rough=0.06, alpha="BLEND"),
        "spray": w.material("spray", (0.86, 0.93, 0.95, 0.38), rough=0.2, alpha="BLEND", double=True),
        "hills": w.material("far hills", (0.30, 0.33, 0.24, 1), rough=1.0),
        "far": w.material("far houses", (0.82, 0.68, 0.52, 1), rough=0.95),
        "paper": w.material("paper", (0.90, 0.85, 0.72, 1), rough=0.95),
        "red": w.material("red ball", (0.70, 0.09, 0.06, 1), rough=0.4),
        "blue": w.material("blue ball", (0.08, 0.20, 0.52, 1), rough=0.4),
        "gold": w.material("yellow ball", (0.88, 0.60, 0.10, 1), rough=0.4),
    }


def ground(w, m, put):
    put(m["paving"], s.quad([(-HALF_X, 0, HALF_Z + 3), (HALF_X, 0, HALF_Z + 3), (HALF_X, 0, -HALF_Z), (-HALF_X, 0, -HALF_Z)], 0.42, 44))
    w.fixed_box("ground", (0, -0.5, 0), (400, 1, 400))
    # A ring of inlaid marble around the fountain.
    put(m["marble"], s.ring(6.3, 6.8, 0.004, 64))
    put(m["marble"], s.ring(11.0, 11.3, 0.004, 72))
    grass = s.quad([(-160, -0.06, 160), (160, -0.06, 160), (160, -0.06, -160), (-160, -0.06, -160)], 0.25, 24)
    put(m["grass"], grass)
    hills(w, m)


def stoa(w, m, put, columns, centre, length, turn):
    """A covered walk along X that opens to +Z, turned into place."""
    depth = STOA_DEPTH
    at = (centre[0], 0, centre[1])

    def add(material, shape):
        put(material, shape.moved(at, turn))

    floor = 3 * STEP
    for step in range(3):
        reach = (2 - step) * 0.38
        add(m["marble"], s.box((length, STEP, depth + reach), (0, STEP * (step + 0.5), reach / 2), 0.5, cells=6))
    inside = s.quad([(-length / 2, floor + 0.004, depth / 2 - 0.9), (length / 2, floor + 0.004, depth / 2 - 0.9), (length / 2, floor + 0.004, -depth / 2), (-length / 2, floor + 0.004, -depth / 2)], 0.42, 14)
    add(m["paving"], inside)
    wall = s.box((length, COLUMN_HEIGHT + 0.9, 0.4), (0, floor + (COLUMN_HEIGHT + 0.9) / 2, -depth / 2 + 0.2), 0.3, cells=14)
    add(m["plaster"], wall)
    add(m["marble"], s.box((length, 0.9, 0.46), (0, floor + 0.45, -depth / 2 + 0.21), 0.5, cells=8))
    beam_y = floor + COLUMN_HEIGHT
    for size, y, z in (((length, 0.42, 0.62), 0.21, depth / 2 - 0.55), ((length, 0.16, 0.78), 0.5, depth / 2 - 0.55), ((length, 0.26, 0.9), 0.71, depth / 2 - 0.53)):
        add(m["marble"], s.box(size, (0, beam_y + y, z), 0.5, bottom=True, cells=10))
    count = int(length / 0.75)
    dentils = [s.box((0.3, 0.16, 0.16), ((i + 0.5) / count * length - length / 2, beam_y + 0.5, depth / 2 - 0.1), 0.5, bottom=True) for i in range(count)]
    add(m["marble"], s.join(dentils))
    # Ceiling with beams, and a roof that falls to the square.
    add(m["dark_wood"], s.quad([(-length / 2, beam_y + 0.42, -depth / 2), (length / 2, beam_y + 0.42, -depth / 2), (length / 2, beam_y + 0.42, depth / 2 - 0.3), (-length / 2, beam_y + 0.42, depth / 2 - 0.3)], 0.35, 8))
    rafters = int(length / COLUMN_STEP)
    add(m["dark_wood"], s.join([s.box((0.18, 0.24, depth - 0.9), ((i + 0.5) / rafters * length - length / 2, beam_y + 0.30, -0.25), 0.7, bottom=True) for i in range(rafters)]))
    low, high = beam_y + 0.84, beam_y + 2.1
    slope = s.quad([(-length / 2 - 0.3, low, depth / 2 + 0.15), (length / 2 + 0.3, low, depth / 2 + 0.15), (length / 2 + 0.3, high, -depth / 2 - 0.2), (-length / 2 - 0.3, high, -depth / 2 - 0.2)], 0.36, 8)
    add(m["tiles"], slope)
    add(m["tiles"], s.quad([(-length / 2 - 0.3, low - 0.05, depth / 2 + 0.16), (length / 2 + 0.3, low - 0.05, depth / 2 + 0.16), (length / 2 + 0.3, low + 0.03, depth / 2 + 0.16), (-length / 2 - 0.3, low + 0.03, depth / 2 + 0.16)], 0.5))
    for side in (-1, 1):              # gables
        x = side * length / 2
        corners = [(x, beam_y, depth / 2 - 0.2), (x, beam_y, -depth / 2), (x, high - 0.05, -depth / 2), (x, low - 0.05, depth / 2 - 0.2)]
        add(m["plaster"], s.quad(corners if side > 0 else corners[::-1], 0.3, 3))
    c, sn = np.cos(turn), np.sin(turn)
    to_world = lambda p: (at[0] + c * p[0] + sn * p[2], p[1], at[2] - sn * p[0] + c * p[2])
    number = int(length / COLUMN_STEP)
    for i in range(number):
        x = (i + 0.5) / number * length - length / 2
        if abs(abs(to_world((x, 0, 0))[0]) - HALF_X - STOA_DEPTH / 2) < STOA_DEPTH / 2 and turn == 0.0:
            continue                  # the corners belong to the side walks
        columns.append(to_world((x, floor, depth / 2 - 0.55)))
    name = f"stoa_{int(np.degrees(turn))}"
    for step in range(3):
        reach = (2 - step) * 0.38
        w.fixed_box(f"{name}_step_{step}", to_world((0, STEP * (step + 0.5), reach / 2)), (length, STEP, depth + reach), turn)
    w.fixed_box(f"{name}_wall", to_world((0, 3, -depth / 2 + 0.2)), (length, 6, 0.4), turn)
    w.fixed_box(f"{name}_beam", to_world((0, beam_y + 1.0, 0)), (length, 1.4, depth), turn)


def south(w, m, put):
    """Low walls with planting close the square to the south; steps lead nowhere but out of view."""
    z = HALF_Z + 3
    for side in (-1, 1):
        x = side * 14.0
        put(m["marble"], s.box((20, 0.8, 0.7), (x, 0.4, z), 0.5, cells=8))
        put(m["marble"], s.box((20.2, 0.12, 0.9), (x, 0.86, z), 0.5, cells=8))
        w.fixed_box(f"south_wall_{side}", (x, 0.5, z), (20, 1.0, 0.8))
    for side in (-1, 1):
        put(m["marble"], s.box((1.1, 2.4, 1.1), (side * 3.5, 1.2, z), 0.5, cells=4))
        put(m["marble"], s.box((1.35, 0.2, 1.35), (side * 3.5, 2.5, z), 0.5))
        put(m["bronze"], s.lathe([(0.0, 2.6), (0.28, 2.62), (0.5, 2.95), (0.42, 3.0), (0.0, 3.02)], 20).moved((side * 3.5, 0, z)))
        w.fixed_box(f"south_pillar_{side}", (side * 3.5, 1.3, z), (1.2, 2.6, 1.2))
    # An invisible wall keeps people in the square; the view goes on.
    w.fixed_box("south_edge", (0, 3, z + 0.9), (7, 6, 0.4))
    for side in (-1, 1):
        w.fixed_box(f"edge_{side}", (side * 24.6, 3, 0), (0.4, 6, 46))
        w.fixed_box(f"south_over_{side}", (side * 14, 3, z + 0.5), (20, 6, 0.3))


def fountain(w, m, put):
    for step, (radius, height) in enumerate(((4.6, 0.15), (4.2, 0.30))):
        put(m["marble"], s.lathe([(radius, 0), (radius, height), (0, height)], 40, 0.5))
        w.node(f"fountain_step_{step}", at=(0, height / 2, 0), extensions=w.body(w.shape("cylinder", height=height, radiusTop=radius, radiusBottom=radius)))
    basin = [(3.5, 0.3), (3.62, 0.38), (3.45, 0.5), (3.5, 0.85), (3.72, 0.95), (3.72, 1.05), (3.3, 1.05), (3.22, 0.5), (0, 0.45)]
    put(m["marble"], s.lathe(basin, 48, 0.5))
    stem = [(0.95, 0.45), (0.95, 0.75), (0.6, 0.9), (0.42, 1.2), (0.36, 1.7), (0.5, 1.95), (0.75, 2.05), (1.5, 2.3), (1.68, 2.45), (1.66, 2.52), (1.45, 2.42), (0.5, 2.3), (0.3, 2.35), (0.24, 2.9), (0.3, 3.05), (0.72, 3.2), (0.82, 3.32), (0.78, 3.36), (0.2, 3.28), (0.14, 3.6), (0.0, 3.75)]
    put(m["marble"], s.lathe(stem, 36, 0.5))
    w.node("fountain_basin", at=(0, 0.7, 0), extensions=w.body(w.shape("cylinder", height=0.75, radiusTop=3.7, radiusBottom=3.7)))
    w.node("fountain_stem", at=(0, 2.2, 0), extensions=w.body(w.shape("cylinder", height=3.2, radiusTop=0.9, radiusBottom=0.9)))
    surfaces = []
    for radius, height in ((3.25, 0.90), (1.45, 2.47), (0.72, 3.32)):
        surfaces.append(s.lathe([(radius, height), (radius * 0.5, height + 0.012), (0, height + 0.02)], 40, 0.4))
    water = s.join(surfaces)
    water.light = np.ones(len(water.positions))
    w.node("water", mesh=w.mesh("water", [(water, m["water"])]))
    falls = []
    for radius, low, high, lean in ((1.7, 0.92, 2.5, 0.25), (0.84, 2.48, 3.34, 0.14)):
        falls.append(s.lathe([(radius + lean, low), (radius + lean * 0.8, low + (high - low) * 0.5), (radius + lean * 0.35, high - 0.1), (radius, high)], 36, 0.5))
    curtain = s.join(falls)
    curtain.light = np.ones(len(curtain.positions))
    fall = w.node("falling_water", mesh=w.mesh("falling_water", [(curtain, m["spray"])]))
    jet = s.lathe([(0.05, 3.5), (0.09, 3.9), (0.16, 4.15), (0.10, 4.35), (0.0, 4.42)], 14)
    jet.light = np.ones(len(jet.positions))
    spout = w.node("jet", mesh=w.mesh("jet", [(jet, m["spray"])]))
    times = np.linspace(0, 3, 13)
    turn = [yaw(a) for a in np.linspace(0, 2 * np.pi / 36 * 4, 13)]
    height = [(1, 1 + 0.035 * np.sin(a) + 0.02 * np.sin(3 * a), 1) for a in np.linspace(0, 2 * np.pi, 13)]
    w.animate("fountain", [(fall, "rotation", times, turn), (spout, "scale", times, height)])


def stage(w, m, put):
    z, height, half = -12.5, 0.9, 5.0
    put(m["wood"], s.box((2 * half, 0.12, 6), (0, height - 0.06, z), 0.4, cells=8))
    put(m["marble"], s.box((2 * half - 0.1, height - 0.12, 5.9), (0, (height - 0.12) / 2, z), 0.5, cells=8))
    w.fixed_box("stage", (0, height / 2, z), (2 * half, height, 6))
    for step in range(5):
        top = height - 0.15 * (step + 1)
        if top <= 0:
            break
        put(m["marble"], s.box((3.2, top, 0.34), (0, top / 2, z + 3 + 0.34 * (step + 0.5)), 0.5, cells=3))
        w.fixed_box(f"stage_step_{step}", (0, top / 2, z + 3 + 0.34 * (step + 0.5)), (3.2, top, 0.34))
    for x in (-half + 0.3, half - 0.3):
        for dz in (-2.6, 2.6):
            put(m["dark_wood"], s.lathe([(0.09, 0), (0.09, 3.6), (0, 3.6)], 12).moved((x, height, z + dz)))
            w.node(f"stage_pole_{x}_{dz}", at=(x, height + 1.8, z + dz), extensions=w.body(w.shape("cylinder", height=3.6, radiusTop=0.1, radiusBottom=0.1)))
    # The canopy sags between its poles.
    count, rows = 16, 8
    positions, uvs = [], []
    for j in range(rows + 1):
        for i in range(count + 1):
            u, v = i / count, j / rows
            sag = 0.5 * (1 - (2 * u - 1) ** 2) * 0.7 + 0.35 * np.sin(np.pi * v)
            positions.append((-half + 0.1 + u * (2 * half - 0.2), height + 3.65 + 0.55 * (0.5 - abs(v - 0.5)) - 0.45 * sag, z - 2.8 + v * 5.6))
            uvs.append((u * 4, v * 2))
    positions = np.array(positions)
    grid = positions.reshape(rows + 1, count + 1, 3)
    normal = np.cross(np.gradient(grid, axis=0), np.gradient(grid, axis=1)).reshape(-1, 3)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    faces = []
    for j in range(rows):
        for i in range(count):
            k = j * (count + 1) + i
            faces += [(k, k + count + 1, k + count + 2), (k, k + count + 2, k + 1)]
    put(m["cloth"], s.Shape(positions, normal, uvs, faces))
    for i in range(14):               # a scalloped edge towards the people
        x0, x1 = (-half + 0.1 + k / 14 * (2 * half - 0.2) for k in (i, i + 1))
        put(m["cloth"], s.quad([(x0 + 0.05, height + 3.28, z + 2.82), (x1 - 0.05, height + 3.28, z + 2.82), (x1, height + 3.62, z + 2.80), (x0, height + 3.62, z + 2.80)], 0.5))


def arch(w, m, put):
    """An arch, on the axis between fountain and west walk, through which one goes to the workshop."""
    at, inner, outer, depth = (-13.5, 0, -9.5), 1.25, 1.75, 0.7
    turn = np.pi / 4
    blocks = []
    for side in (-1, 1):
        blocks.append(s.box((outer - inner + 0.2, 0.3, depth + 0.2), (side * (inner + outer) / 2, 0.15, 0), 0.5))
        blocks.append(s.box((outer - inner, 2.2, depth), (side * (inner + outer) / 2, 1.4, 0), 0.5, cells=4))
        blocks.append(s.box((outer - inner + 0.16, 0.16, depth + 0.16), (side * (inner + outer) / 2, 2.55, 0), 0.5, bottom=True))
    angles = np.linspace(0, np.pi, 16)
    for a0, a1 in zip(angles[:-1], angles[1:]):
        p = lambda r, a, z: (np.cos(a) * r, 2.6 + np.sin(a) * r, z)
        d = depth / 2
        a1 = a1 - 0.012               # joints between the wedge stones
        blocks.append(s.quad([p(inner, a1, d), p(inner, a0, d), p(outer, a0, d), p(outer, a1, d)], 0.5))
        blocks.append(s.quad([p(inner, a0, -d), p(inner, a1, -d), p(outer, a1, -d), p(outer, a0, -d)], 0.5))
        blocks.append(s.quad([p(outer, a1, d), p(outer, a0, d), p(outer, a0, -d), p(outer, a1, -d)], 0.5))
        blocks.append(s.quad([p(inner, a0, d), p(inner, a1, d), p(inner, a1, -d), p(inner, a0, -d)], 0.5))
    put(m["marble"], s.join(blocks).moved(at, turn))
    put(m["bronze"], s.join([s.box((0.34, 0.5, 0.84), (0, 4.25, 0), 0.5, bottom=True)]).moved(at, turn))
    w.portal("portal_arch", "../workshop/workshop.glb", "Workshop", at, turn, (2 * inner, 2.6, 1.6))
    c, sn = np.cos(turn), np.sin(turn)
    for side in (-1, 1):
        x = side * (inner + outer) / 2
        w.fixed_box(f"arch_pillar_{side}", (at[0] + c * x, 1.3, at[2] - sn * x), (outer - inner, 2.6, depth), turn)
    w.fixed_box("arch_top", (at[0], 3.9, at[2]), (2 * outer, 0.9, depth), turn)


def board(w, m, put):
    at, turn = (12.5, 0, -8.5), -np.pi / 5
    wood = [s.box((0.14, 2.5, 0.14), (x, 1.25, 0), 0.8) for x in (-1.25, 1.25)]
    wood += [s.box((2.64, 0.12, 0.16), (0, y, 0), 0.8, bottom=True) for y in (0.85, 2.35)]
    wood.append(roof(3.0, 0.8, 0.35).moved((0, 2.5, 0)))
    put(m["dark_wood"], s.join(wood).moved(at, turn))
    put(m["paper"], s.box((2.4, 1.4, 0.05), (0, 1.6, 0), 0.5, bottom=True).moved(at, turn))
    c, sn = np.cos(turn), np.sin(turn)
    face = (at[0] + sn * 0.035, 1.6, at[2] + c * 0.035)
    w.node("notice_board", at=face, turn=turn, extensions={"STOA_notice_board": {"size": [2.3, 1.3]}})
    w.fixed_box("board", (at[0], 1.3, at[2]), (2.7, 2.6, 0.2), turn)


def column(m):
    rows = [(0.52, 0), (0.52, 0.10), (0.46, 0.12), (0.47, 0.20), (0.40, 0.24)]
    shaft = np.linspace(0, 1, 8)
    for k in shaft:                   # entasis: the shaft swells a little before it tapers
        rows.append((0.36 + 0.03 * np.sin(np.pi * k * 0.8) - 0.08 * k, 0.26 + k * (COLUMN_HEIGHT - 0.26 - 0.42)))
    top = COLUMN_HEIGHT - 0.40
    rows += [(0.33, top), (0.30, top + 0.04), (0.36, top + 0.14), (0.47, top + 0.22), (0.47, top + 0.25), (0, top + 0.25)]
    flutes = lambda angle, height: -0.035 * np.abs(np.sin(angle * 8)) if 0.3 < height < top - 0.02 else 0.0
    shape = s.join([s.lathe(rows, 24, 0.5, radius_noise=flutes), s.box((1.02, 0.15, 1.02), (0, COLUMN_HEIGHT - 0.075, 0), 0.5, bottom=True)])
    y = shape.positions[:, 1]
    shape.light = 0.70 + 0.30 * np.clip(y / 1.2, 0, 1) * np.clip((COLUMN_HEIGHT + 0.6 - y) / 1.4, 0, 1)
    return [(shape, m["marble"])]


def bench(m):
    stone = s.join([s.box((1.9, 0.09, 0.5), (0, 0.42, 0), 0.7, bottom=True)] + [s.box((0.14, 0.38, 0.42), (x, 0.19, 0), 0.7) for x in (-0.7, 0.7)])
    stone.light = 0.6 + 0.4 * np.clip(stone.positions[:, 1] / 0.4, 0, 1)
    return [(stone, m["marble"])]


def lamp(m):
    post = s.lathe([(0.16, 0), (0.16, 0.12), (0.08, 0.2), (0.05, 0.5), (0.042, 2.55), (0.09, 2.62), (0.12, 2.72), (0.0, 2.74)], 12)
    cap = s.lathe([(0.17, 3.12), (0.02, 3.26), (0.0, 3.3)], 12)
    metal = s.join([post, cap])
    metal.light = np.full(len(metal.positions), 0.9)
    glass = s.lathe([(0.09, 2.72), (0.15, 2.9), (0.14, 3.1), (0, 3.13)], 12)
    glass.light = np.ones(len(glass.positions))
    return [(metal, m["bronze"]), (glass, m["glass"])]


LAMPS = [(-9, -6), (9, -6), (-9, 8), (9, 8), (-16.5, 0), (16.5, 0)]
BENCHES = [(-6.5, 6.5, 2.36), (6.5, 6.5, -2.36), (-8.3, 0, 1.571), (8.3, 0, -1.571), (-15, 9, 2.0), (15, 9, -2.0), (-15, -3, 1.571), (15, -3, -1.571)]
TREES = [(-11.5, 11.5), (11.5, 11.5), (-16.5, 13.5), (16.5, 13.5), (-15.5, -13.0), (15.5, -13.0)]


def repeat(w, m, columns):
    w.instances("columns", w.mesh("column", column(m)), [(c, 0.0, 1.0) for c in columns])
    shape = w.shape("cylinder", height=COLUMN_HEIGHT, radiusTop=0.42, radiusBottom=0.42)
    for number, c in enumerate(columns):
        w.node(f"column_{number}", at=(c[0], c[1] + COLUMN_HEIGHT / 2, c[2]), extensions=w.body(shape))
    rng = np.random.default_rng(9)
    planter = s.join([s.box((2.2, 0.5, 2.2), (0, 0.25, 0), 0.5), s.box((2.4, 0.1, 2.4), (0, 0.5, 0), 0.5)])
    planter.light = 0.65 + 0.35 * np.clip(planter.positions[:, 1] / 0.4, 0, 1)
    soil = s.quad([(-1, 0.56, 1), (1, 0.56, 1), (1, 0.56, -1), (-1, 0.56, -1)], 0.6)
    soil.light = np.full(4, 0.7)
    w.instances("planters", w.mesh("planter", [(planter, m["marble"]), (soil, m["grass"])]), [((x, 0, z), 0.0, 1.0) for x, z in TREES])
    for kind in range(2):
        places = [((x, 0.5, z), rng.random() * 6, 0.95 + 0.2 * rng.random()) for x, z in TREES[kind::2]]
        w.instances(f"trees_{kind}", w.mesh(f"tree_{kind}", tree(30 + kind, m, 4.6 + 0.5 * kind)), places)
    for number, (x, z) in enumerate(TREES):
        w.fixed_box(f"planter_{number}", (x, 0.28, z), (2.3, 0.56, 2.3))
        w.node(f"trunk_{number}", at=(x, 2, z), extensions=w.body(w.shape("cylinder", height=3.0, radiusTop=0.2, radiusBottom=0.2)))
    places = []
    for number in range(34):
        angle = 2 * np.pi * number / 34 + 0.15 * rng.random()
        radius = 36 + 26 * rng.random()
        places.append(((np.sin(angle) * radius, -0.1, np.cos(angle) * radius), rng.random() * 6, 1.0 + 0.5 * rng.random()))
    w.instances("cypresses", w.mesh("cypress", cypress(m)), places)
    w.instances("benches", w.mesh("bench", bench(m)), [((x, 0, z), turn, 1.0) for x, z, turn in BENCHES])
    w.instances("lamps", w.mesh("lamp", lamp(m)), [((x, 0, z), 0.0, 1.0) for x, z in LAMPS])
    pole = w.shape("cylinder", height=3.0, radiusTop=0.12, radiusBottom=0.12)
    for number, (x, z) in enumerate(LAMPS):
        w.node(f"lamp_light_{number}", at=(x, 2.95, z), extensions=w.light("point", (1.0, 0.66, 0.33), 260, 9))
        w.node(f"lamp_post_{number}", at=(x, 1.5, z), extensions=w.body(pole))


def seats(w, m):
    box = w.shape("box", size=[1.9, 0.46, 0.5])
    for number, (x, z, turn) in enumerate(BENCHES):
        w.node(f"bench_{number}", at=(x, 0.23, z), turn=turn, extensions=w.body(box))
        for place, dx in enumerate((-0.5, 0.5)):
            at = (x + np.cos(turn) * dx, 0, z - np.sin(turn) * dx)
            w.node(f"seat_{number}_{place}", at=at, turn=turn, extensions={"OMI_seat": {"back": [0, 0.46, -0.12], "knee": [0, 0.46, 0.30], "foot": [0, 0, 0.34]}})


def loose(w, m):
    """Crates and balls to throw."""
    planks = [s.box((0.5, 0.5, 0.5), (0, 0, 0), 1.6, bottom=True)]
    for axis in range(3):
        for a in (-0.23, 0.23):
            for b in (-0.23, 0.23):
                size, at = [0.08] * 3, [0.0] * 3
                size[axis], at[(axis + 1) % 3], at[(axis + 2) % 3] = 0.53, a, b
                planks.append(s.box(size, at, 1.6, bottom=True))
    crate = s.join(planks)
    crate.light = np.full(len(crate.positions), 0.92)
    crate_mesh = w.mesh("crate", [(crate, m["wood"])])
    rough, bouncy = w.physics_material(0.7, 0.1), w.physics_material(0.5, 0.65)
    crate_shape = w.shape("box", size=[0.52, 0.52, 0.52])
    places = [(10.5, 0.27, 2.0, 0.2), (11.2, 0.27, 2.1, 0.5), (10.85, 0.80, 2.05, 0.1), (11.6, 0.27, 1.3, 1.1), (-10.5, 0.27, -3.0, 0.7), (-11.1, 0.27, -2.6, 0.1), (-10.8, 0.80, -2.8, 0.4),
              (3.2, 0.27, 10.2, 0.3), (-3.4, 0.27, 9.6, 1.2), (4.6, 1.17, -12.4, 0.2)]
    for number, (x, y, z, turn) in enumerate(places):
        w.node(f"crate_{number}", at=(x, y, z), turn=turn, mesh=crate_mesh, extensions=w.body(crate_shape, mass=8.0, material=rough))
    for number, (color, radius, mass) in enumerate([("red", 0.15, 0.5), ("blue", 0.15, 0.5), ("gold", 0.2, 0.7)]):
        profile = [(radius * np.sin(a), -radius * np.cos(a)) for a in np.linspace(0, np.pi, 13)]
        ball = s.lathe(profile, 20)
        ball.light = 0.85 + 0.15 * ball.positions[:, 1] / radius
        mesh, shape = w.mesh(f"ball_{color}", [(ball, m[color])]), w.shape("sphere", radius=radius)
        for copy in range(4):
            angle = 2 * np.pi * (number * 4 + copy) / 12 + 0.3
            reach = 6.2 + 1.1 * (copy % 2)
            w.node(f"ball_{color}_{copy}", at=(np.sin(angle) * reach, radius + 0.005, np.cos(angle) * reach), mesh=mesh, extensions=w.body(shape, mass=mass, material=bouncy))


def sounds_of(w):
    water = w.sound(sounds.fountain(), 0.9, {"distanceModel": "inverse", "refDistance": 3.0, "maxDistance": 60.0, "rolloffFactor": 1.2})
    air = w.sound(sounds.evening(), 0.35)
    w.node("fountain_sound", at=(0, 1.6, 0), extensions={"KHR_audio_emitter": {"emitters": [water]}})
    w.scene_emitters = [air]


MANIFEST = """\
title = "Plaza"
description = "A colonnaded square at golden hour: a fountain, benches, a stage, and things to throw."
author = "Stoa contributors"
licence = "CC0-1.0"
language = "en"
content_rating = "everyone"
capacity = 64
gravity = 9.81
main = "plaza.glb"
rules = "Be kind. What you throw, somebody else may catch."

[sky]
time_of_day = 16.6
sun_azimuth = 170.0
clouds = 0.42
haze_metres = 420.0
"""
