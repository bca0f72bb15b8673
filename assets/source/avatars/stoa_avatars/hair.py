"""Hair: caps that follow the skull, locks, buns and braids."""

import numpy as np

from .geometry import ball, curve, grid, lock, smoothstep
from .geometry import lerp


def cap(head, hairline, thickness, name="hair", region="hair", columns=40, rows=14, ridges=(22, 0.012), tuck=0.016, crown=(0, 0, 0), mesh="hair", swirl=0.0):
    """A cap of hair over the skull.

    `hairline`: rows (angle, polar) in radians, angle 0 at the back, pi/2 over the left ear, pi in front.
    `thickness(angle, t)`: shares of the head's height; t from crown (0) to hairline (1). `ridges`: count and depth of strands.
    """
    angle = np.linspace(0, 2 * np.pi, columns + 1)
    folded = np.where(angle > np.pi, 2 * np.pi - angle, angle)
    end = curve(hairline, at=folded)[:, 1]
    t = np.concatenate([np.linspace(0, 1, rows), [1.0]])
    bend = np.linspace(0, 1, rows + 1) * 0
    polar = np.minimum(t, 1.0)[:, None] * end[None, :] + bend[:, None]
    turn = angle[None, :] + swirl * t[:, None] * np.sin(angle)[None, :]
    direction = np.stack([np.sin(polar) * np.sin(turn), np.cos(polar), -np.sin(polar) * np.cos(turn)], -1)
    base = head.surface(direction)
    count, depth = ridges
    flow = np.cos(count * angle[None, :] + 2.0 * np.sin(3 * angle)[None, :])
    bulge = thickness(folded[None, :], t[:, None]) * np.ones_like(polar)
    bulge = bulge + depth * flow * smoothstep(0.05, 0.5, t)[:, None]
    edge = np.ones(rows + 1)
    edge[-2], edge[-1] = 0.86, 0.0
    points = base + direction * (bulge * edge[:, None] * head.scale)[..., None]
    points[-1] = base[-1] - direction[-1] * tuck * head.scale
    points[:, -1] = points[:, 0]
    part = grid(name, mesh, region, points, core=np.broadcast_to(head.center, (rows + 1, 3)), v=t)
    return part.rigid("head")


def locks(head, specs, region="hair", mesh="hair", bone="head", rings=9, segments=8):
    """Locks given by control points in head shares: (points, width, thickness[, root])."""
    out = []
    for i, spec in enumerate(specs):
        points, width, thickness, *rest = spec
        path = np.array([head.world(p) for p in points])
        middle = path.mean(axis=0) - head.center
        out.append(lock(f"lock{i}", mesh, region, path, width * head.scale, thickness * head.scale, middle,
                        rings, segments, root=rest[0] if rest else 0.75).rigid(bone))
    return out


def mirrored(specs):
    """Locks of both sides."""
    flip = [([(-x, y, z) for x, y, z in points], *rest) for points, *rest in specs]
    return [*specs, *flip]


def bun(head, center, radius, region="hair", name="bun", squash=0.85, grooves=7):
    """A bun with a swirl of strands."""
    wave = lambda angle, latitude: 1 + 0.045 * np.cos(grooves * angle + 3.0 * latitude) * np.sin(latitude)
    k = head.scale
    return ball(name, "hair", region, head.world(center), (radius * k, radius * k * squash, radius * k), 24, 12, wave).rigid("head")


def braid(name, region, path, width, segments=10, turns=6.0, mesh="hair", taper=0.55):
    """A plait along a path: a tube whose section bulges left and right in turn."""
    from .geometry import frames, tube
    rings = len(path)
    side, up = frames(path, np.array([0, 0, -1.0]))
    t = np.linspace(0, 1, rings)
    phase = 2 * np.pi * turns * t
    a = width * lerp(1.0, taper, t) * (1 + 0.20 * np.abs(np.sin(phase)))
    b = width * 0.80 * lerp(1.0, taper, t) * (1 + 0.16 * np.abs(np.cos(phase)))
    centers = path + side * (width * 0.20 * np.sin(phase))[:, None] + up * (width * 0.10 * np.sin(2 * phase))[:, None]
    a[-1] *= 0.5
    b[-1] *= 0.5
    return tube(name, mesh, region, centers, side, up, a, b, segments)
