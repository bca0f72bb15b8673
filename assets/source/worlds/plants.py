"""Trees of cards with leaves on them. The materials `bark` and `leaves` are asked for by name."""
import numpy as np

import shapes as s


def tree(seed, m, height):
    rng = np.random.default_rng(seed)
    trunk = s.lathe([(0.26, 0), (0.17, 0.5), (0.13, height * 0.45), (0.09, height * 0.62), (0, height * 0.64)], 9, 1.0)
    limbs = []
    for k in range(4):
        angle = k * 1.57 + rng.random()
        limb = s.lathe([(0.07, 0), (0.03, 1.3), (0, 1.32)], 6, 1.0)
        lean = 0.7 + 0.3 * rng.random()
        c, sn = np.cos(lean), np.sin(lean)
        tilt = np.array([[c, sn, 0], [-sn, c, 0], [0, 0, 1]])
        limbs.append(s.Shape(limb.positions @ tilt.T, limb.normals @ tilt.T, limb.uvs, limb.faces).moved((0, height * (0.38 + 0.06 * k), 0), angle))
    wood = s.join([trunk, *limbs])
    wood.light = 0.5 + 0.3 * rng.random(len(wood.positions))
    cards, lights = [], []
    for _ in range(64):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        at = direction * np.array([1.45, 1.05, 1.45]) * (0.55 + 0.45 * rng.random()) + [0, height * 0.74, 0]
        u = np.cross(direction, rng.normal(size=3))
        u /= np.linalg.norm(u)
        v = np.cross(direction, u)
        r = 0.55 + 0.25 * rng.random()
        corners = [at - u * r - v * r, at + u * r - v * r, at + u * r + v * r, at - u * r + v * r]
        card = s.quad(corners)
        card.uvs = np.array([(0, 1), (1, 1), (0, 0), (1, 0)], float)
        card.normals = np.array([(p - [0, height * 0.70, 0]) for p in card.positions])
        card.normals /= np.linalg.norm(card.normals, axis=1)[:, None]
        cards.append(card)
        lights.append(np.clip(0.55 + 0.45 * (card.positions[:, 1] - height * 0.5) / (height * 0.45), 0.35, 1.0))
    crown = s.join(cards)
    crown.light = np.concatenate(lights)
    return [(wood, m["bark"]), (crown, m["leaves"])]


def cypress(m):
    rng = np.random.default_rng(77)
    cards, lights = [], []
    for k in range(44):
        y = 0.5 + 6.6 * (k / 44)
        radius = 0.62 * np.sin(np.pi * min(1, (y + 0.5) / 8.2)) ** 0.6 * (1 - y / 9)
        angle = k * 2.4
        out = np.array([np.sin(angle), 0, np.cos(angle)])
        at = out * radius * 0.5 + [0, y, 0]
        u = np.array([out[2], 0, -out[0]])
        v = np.array([0, 1, 0]) + out * 0.15
        r = 0.5 + 0.15 * rng.random()
        card = s.quad([at - u * r - v * r * 1.3, at + u * r - v * r * 1.3, at + u * r * 0.7 + v * r * 1.3, at - u * r * 0.7 + v * r * 1.3])
        card.uvs = np.array([(0, 1), (1, 1), (0, 0), (1, 0)], float)
        card.normals = np.repeat([out + [0, 0.35, 0]], 4, axis=0) / 1.06
        cards.append(card)
        lights.append(np.full(4, 0.45 + 0.4 * y / 7))
    crown = s.join(cards)
    crown.light = np.concatenate(lights)
    trunk = s.lathe([(0.12, 0), (0.06, 5), (0, 5.02)], 7)
    trunk.light = np.full(len(trunk.positions), 0.5)
    return [(trunk, m["bark"]), (crown, m["leaves"])]
