"""What stands still in the workshop: benches, tools, lanterns, a stove, shelves, seats."""
import numpy as np

import shapes as s
from hall import BAY, EAVES, GALLERY_Y, GALLERY_Z, HALF_X, HALF_Z

LANTERNS = [(-5.5, 3.6, 8.5), (5.5, 3.6, 8.5), (-5.5, 3.6, 0.0), (5.5, 3.6, 0.0), (-5.5, 3.6, -8.5), (3.0, 3.6, -8.5)]
STOOLS = [(-9.4, 12.2, 1.2), (-8.3, 14.6, 2.6), (8.6, 11.6, -1.1), (8.9, 13.9, -2.2)]


def furniture(w, m, put):
    lanterns(w, m)
    stove(w, m, put)
    workbench(w, m, put, (-HALF_X + 0.55, 0, 12.6), np.pi / 2)
    workbench(w, m, put, (-HALF_X + 0.55, 0, -3.6), np.pi / 2)
    stools(w, m, put)
    gallery_things(w, m, put)


def lanterns(w, m):
    frame = s.join([s.lathe([(0.16, 0), (0.17, 0.03), (0.05, 0.05)], 8), s.lathe([(0.18, 0.36), (0.04, 0.50), (0.02, 0.52), (0.0, 0.53)], 8)]
                   + [s.box((0.018, 0.34, 0.018), (dx, 0.19, dz), 1.0) for dx, dz in ((0.13, 0), (-0.13, 0), (0, 0.13), (0, -0.13))] + [s.box((0.014, EAVES - 4.05, 0.014), (0, 0.52 + (EAVES - 4.05) / 2, 0), 1.0)])
    glass = s.lathe([(0.09, 0.05), (0.11, 0.19), (0.08, 0.34), (0, 0.35)], 12)
    frame.light, glass.light = np.full(len(frame.positions), 0.9), np.ones(len(glass.positions))
    w.instances("lanterns", w.mesh("lantern", [(frame, m["iron"]), (glass, m["glass"])]), [(at, 0.0, 1.0) for at in LANTERNS])
    for number, (x, y, z) in enumerate(LANTERNS):
        w.node(f"lantern_light_{number}", at=(x, y + 0.1, z), extensions=w.light("point", (1.0, 0.62, 0.30), 6000, 11))


def stove(w, m, put):
    """An iron stove with a fire, and its pipe up through the roof."""
    x, z = 10.9, 12.6
    body = [(0.50, 0.12), (0.54, 0.16), (0.50, 0.22), (0.50, 1.05), (0.56, 1.10), (0.56, 1.16), (0.30, 1.24), (0.13, 1.30), (0.13, 7.0)]
    put(m["iron"], s.lathe(body, 24, 0.8).moved((x, 0, z)))
    put(m["iron"], s.join([s.lathe([(0.05, 0), (0.04, 0.14)], 8).moved((x + dx, 0, z + dz)) for dx in (-0.3, 0.3) for dz in (-0.3, 0.3)]))
    put(m["brick"], s.box((1.7, 0.06, 1.9), (x, 0.03, z), 0.5, cells=4))
    put(m["ember"], s.box((0.03, 0.34, 0.40), (x - 0.49, 0.55, z), 1.0))
    put(m["iron"], s.join([s.box((0.05, 0.36, 0.03), (x - 0.50, 0.55, z + dz), 1.0) for dz in np.linspace(-0.18, 0.18, 5)]))
    w.node("stove", at=(x, 0.6, z), extensions=w.body(w.shape("cylinder", height=1.2, radiusTop=0.55, radiusBottom=0.55)))
    w.node("stove_light", at=(x - 0.8, 0.6, z), extensions=w.light("point", (1.0, 0.42, 0.14), 3000, 6))


def workbench(w, m, put, at, turn):
    parts = [s.beam((3.2, 0.10, 0.85), (0, 0.87, 0), 0.8, 5, 3), s.beam((3.2, 0.14, 0.06), (0, 0.75, 0.36), 0.8, 4, 4), s.beam((2.9, 0.05, 0.7), (0, 0.25, 0), 0.8, 4, 5)]
    parts += [s.beam((0.13, 0.82, 0.13), (dx, 0.41, dz), 0.8, 2, 6) for dx in (-1.4, 1.4) for dz in (-0.33, 0.33)]
    put(m["boards"], s.join(parts).moved(at, turn))
    vise = s.join([s.box((0.30, 0.16, 0.10), (0.9, 0.90, 0.46), 1.0, True), s.box((0.30, 0.16, 0.06), (0.9, 0.90, 0.58), 1.0, True), s.lathe([(0.025, 0), (0.025, 0.2), (0, 0.2)], 8).turned(s.about(0, np.pi / 2), (0.9, 0.88, 0.6))])
    put(m["iron"], vise.moved(at, turn))
    c, sn = np.cos(turn), np.sin(turn)
    w.fixed_box(f"workbench_{at[2]}", (at[0], 0.46, at[2]), (3.2, 0.92, 0.85), turn)


def stools(w, m, put):
    for number, (x, z, turn) in enumerate(STOOLS):
        stool = [s.lathe([(0.20, 0.42), (0.21, 0.44), (0.21, 0.46), (0.19, 0.47), (0, 0.47)], 18, 1.0)] + [s.between((0.22 * np.sin(a), 0, 0.22 * np.cos(a)), (0.12 * np.sin(a), 0.43, 0.12 * np.cos(a)), 0.045, 0.045, 1.0) for a in (0.5, 2.6, 4.7)]
        put(m["boards"], s.join(stool).moved((x, 0, z), turn))
        w.node(f"stool_{number}", at=(x, 0.235, z), extensions=w.body(w.shape("cylinder", height=0.47, radiusTop=0.2, radiusBottom=0.2)))
        w.node(f"seat_{number}", at=(x, 0, z), turn=turn, extensions={"OMI_seat": {"back": [0, 0.48, -0.08], "knee": [0, 0.48, 0.34], "foot": [0, 0, 0.36]}})


def gallery_things(w, m, put):
    y = GALLERY_Y
    for number, x in enumerate((-4.0, 2.2, 9.6)):
        bench = [s.beam((2.0, 0.07, 0.42), (0, 0.44, 0), 0.8, 3, 4), s.beam((2.0, 0.36, 0.05), (0, 0.78, -0.22), 0.8, 3, 5)] + [s.beam((0.09, 0.42, 0.36), (dx, 0.21, 0), 0.8, 1, 6) for dx in (-0.85, 0.85)] + [s.beam((0.07, 0.6, 0.06), (dx, 0.68, -0.21), 0.8, 1, 7) for dx in (-0.85, 0.85)]
        put(m["boards"], s.join(bench).moved((x, y, -15.9)))
        w.fixed_box(f"gallery_bench_{number}", (x, y + 0.24, -15.9), (2.0, 0.48, 0.42))
        for place, dx in enumerate((-0.5, 0.5)):
            w.node(f"gallery_seat_{number}_{place}", at=(x + dx, y, -15.9), extensions={"OMI_seat": {"back": [0, 0.48, -0.10], "knee": [0, 0.48, 0.32], "foot": [0, 0, 0.36]}})
