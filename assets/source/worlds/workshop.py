"""The workshop: a warm timber hall full of things to push, tip, throw and ride. People arrive from the south (+Z)."""
import numpy as np

import shapes as s
import sounds
import textures as t
from furniture import furniture
from gltf_writer import Writer
from hall import GALLERY_Y, HALF_Z, LIFT, hall
from landscape import hills
from playground import BODIES, DECK, playground
from plants import cypress, tree

HUES = {
    "red": (0.56, 0.085, 0.055), "ochre": (0.78, 0.46, 0.09), "green": (0.16, 0.30, 0.12),
    "teal": (0.06, 0.30, 0.31), "blue": (0.07, 0.15, 0.40), "plum": (0.30, 0.10, 0.20),
}


def build():
    w = Writer("2026 Stoa contributors, CC0 1.0")
    w.dialect = "KHR"
    m = materials(w)
    fixed = {}                        # material -> shapes; merged at the end

    def put(material, shape):
        fixed.setdefault(material, []).append(shape)

    hall(w, m, put)
    playground(w, m, put)
    furniture(w, m, put)
    yard_gate(w, m, put)
    parts = [(s.join(found), material) for material, found in fixed.items()]
    s.bake([shape for shape, _ in parts], cell=0.3, reach=6.0)
    for shape, _ in parts:            # indoors the sky's light is weaker than the bake, made for a square, says
        shape.light = np.clip(0.30 + 0.70 * (shape.light - 0.42) / 0.58, 0, 1)
    for number, (shape, material) in enumerate(parts):
        w.node(f"hall_{number}", mesh=w.mesh(f"hall_{number}", [(shape, material)]))
    hills(w, m)
    garden(w, m)
    sounds_of(w)
    tunnel_x = sum(DECK["tunnel"]) / 2
    places = [
        ("start", (0, 0.05, 13.6), np.pi), ("at_lift", (LIFT[0], 0.05, -7.6), np.pi), ("at_tunnel", (tunnel_x, 0.05, DECK["z1"] + 1.4), np.pi),
        ("tunnel_exit", (tunnel_x, 0.05, DECK["z0"] - 1.2), np.pi), ("at_gallery", (0.5, GALLERY_Y + 0.05, -14.4), 0.0),
    ]
    for title, at, turn in places:
        w.node(f"spawn_{title}", at=at, turn=turn, extensions={"OMI_spawn_point": {"title": title}})
    bodies = sum("mass" in node.get("extensions", {}).get("KHR_physics_rigid_bodies", {}).get("motion", {}) for node in w.doc["nodes"])
    assert bodies == BODIES, f"{bodies} bodies"
    return w


def materials(w):
    jpg = lambda data: w.texture(data, "image/jpeg")
    pair = lambda made: {"base": jpg(made[0]), "normal": jpg(made[1])}
    boards = t.boards()
    oak = {"base": jpg(boards[0]), "normal": jpg(boards[1]), "roughness": jpg(boards[2])}
    timber, brick, lime, iron = pair(t.timber()), pair(t.bricks()), pair(t.limewash()), pair(t.forged())
    cloth, painted = pair(t.weave()), jpg(t.paint())
    out = {
        "boards": w.material("oak boards", rough=1.0, **oak),
        "ceiling": w.material("ceiling boards", (0.72, 0.66, 0.60, 1), rough=1.0, **oak),
        "timber": w.material("timber", rough=0.85, **timber),
        "brick": w.material("brick", rough=0.9, **brick),
        "limewash": w.material("limewash", rough=0.95, **lime),
        "paving": w.material("yard paving", rough=0.8, **pair(t.slabs())),
        "tiles": w.material("roof tiles", rough=0.85, **pair(t.tiles())),
        "grass": w.material("grass", rough=0.95, base=jpg(t.grass())),
        "bark": w.material("bark", rough=0.9, base=jpg(t.bark())),
        "leaves": w.material("leaves", rough=0.8, base=w.texture(t.leaves(), "image/png"), alpha="MASK", double=True),
        "iron": w.material("iron", (0.10, 0.10, 0.105, 1), rough=0.55, metal=0.85, **iron),
        "steel": w.material("steel", (0.62, 0.62, 0.64, 1), rough=0.18, metal=1.0),
        "tin": w.material("tin", (0.62, 0.60, 0.56, 1), rough=0.35, metal=1.0),
        "brass": w.material("brass", (0.62, 0.42, 0.15, 1), rough=0.32, metal=1.0),
        "canvas": w.material("canvas", (0.75, 0.66, 0.50, 1), rough=1.0, double=True, **cloth),
        "banner": w.material("banner", (0.45, 0.07, 0.05, 1), rough=1.0, double=True, **cloth),
        "rug": w.material("rug", (0.30, 0.07, 0.06, 1), rough=1.0, **cloth),
        "paper": w.material("paper", (0.88, 0.82, 0.68, 1), rough=0.95),
        "ink": w.material("blueprint", (0.05, 0.13, 0.30, 1), rough=0.9),
        "clay": w.material("clay", (0.50, 0.22, 0.12, 1), rough=0.85),
        "glass": w.material("lantern glass", (1, 0.9, 0.7, 1), rough=0.3, emissive=(1.0, 0.70, 0.34), strength=5.0),
        "ember": w.material("embers", (0.2, 0.05, 0.02, 1), rough=1.0, emissive=(1.0, 0.28, 0.05), strength=4.0),
        "hills": w.material("far hills", (0.30, 0.33, 0.24, 1), rough=1.0),
        "far": w.material("far houses", (0.82, 0.68, 0.52, 1), rough=0.95),
    }
    for hue, color in HUES.items():
        out[hue] = w.material(f"{hue} paint", (*color, 1), rough=0.62, base=painted)
        out[f"gloss_{hue}"] = w.material(f"{hue} ball", (*color, 1), rough=0.3)
    return out


def garden(w, m):
    rng = np.random.default_rng(31)
    for kind in range(2):
        places = []
        for number in range(14):
            # None stands between the evening sun and the western windows.
            far = 30.0 if number % 2 else 17.0
            places.append((((1 if far < 20 else -1) * (far + 12 * rng.random()), -0.1, rng.uniform(-26, 30)), rng.random() * 6, 1.2 + 0.6 * rng.random()))
        w.instances(f"garden_{kind}", w.mesh(f"tree_{kind}", tree(50 + kind, m, 5.4 + kind)), places)
    places = [((np.sin(a) * r, -0.1, np.cos(a) * r), a * 3, 1.1) for a, r in zip(np.linspace(0.1, 6.2, 26), 34 + 22 * rng.random(26))]
    w.instances("cypresses", w.mesh("cypress", cypress(m)), places)


def yard_gate(w, m, put):
    """Two posts and a lintel at the yard's end: the way to the plaza."""
    z, half, high = HALF_Z + 6.4, 1.6, 3.0
    for side in (-1, 1):
        put(m["timber"], s.beam((0.34, high, 0.34), (side * half, high / 2, z), 0.6, 4, side + 12))
        put(m["brick"], s.box((0.62, 0.5, 0.62), (side * half, 0.25, z), 0.5))
        put(m["timber"], s.between((side * half, high - 0.9, z), (side * (half - 0.8), high, z), 0.16, 0.18, 0.6, 2))
        w.fixed_box(f"yard_gate_post_{side}", (side * half, high / 2, z), (0.6, high, 0.6))
    put(m["timber"], s.beam((2 * half + 1.1, 0.3, 0.4), (0, high + 0.15, z), 0.6, 6, 15))
    put(m["tiles"], s.box((2 * half + 1.5, 0.1, 0.8), (0, high + 0.36, z), 0.5, bottom=True))
    put(m["glass"], s.box((0.2, 0.3, 0.2), (0, high - 0.28, z), 0.5, bottom=True))
    put(m["iron"], s.box((0.24, 0.06, 0.24), (0, high - 0.1, z), 0.5, bottom=True))
    w.portal("way_to_plaza", "../plaza/plaza.glb#west", "Plaza", (0, 0, z), 0.0, (2 * half - 0.6, 2.6, 1.6))


def sounds_of(w):
    fire = w.sound(sounds.fire(), 0.7, {"distanceModel": "inverse", "refDistance": 1.5, "maxDistance": 30.0, "rolloffFactor": 1.4})
    w.node("stove_sound", at=(10.9, 0.8, 12.6), extensions={"KHR_audio_emitter": {"emitters": [fire]}})
    w.scene_emitters = [w.sound(sounds.evening(), 0.16)]


MANIFEST = """\
title = "Workshop"
description = "A craftsmen's hall full of things to push, tip, throw and ride: dominoes, a pool of balls, a seesaw, a lift."
author = "Stoa contributors"
licence = "CC0-1.0"
language = "en"
content_rating = "everyone"
capacity = 64
gravity = 9.81
main = "workshop.glb"
rules = "Play with everything. What you tip over, you may set up again."

[sky]
time_of_day = 16.0
sun_azimuth = 205.0
clouds = 0.35
haze_metres = 500.0
exposure_steps = 1.3
"""
