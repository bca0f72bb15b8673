"""Signed distances (metres, negative inside), and casting of rays onto them."""

import numpy as np


def ellipsoid(p, center, radii):
    q = p - np.asarray(center, float)
    r = np.asarray(radii, float)
    k0 = np.linalg.norm(q / r, axis=-1)
    k1 = np.linalg.norm(q / (r * r), axis=-1)
    return k0 * (k0 - 1.0) / np.maximum(k1, 1.0e-9)


def capsule(p, a, b, ra, rb):
    """A capsule whose radius goes from `ra` to `rb`."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    axis = b - a
    t = np.clip(((p - a) @ axis) / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm(p - a - t[..., None] * axis, axis=-1) - (ra + (rb - ra) * t)


def union(a, b, k):
    """Smooth union with blending radius k."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0.0, 1.0)
    return b + (a - b) * h - k * h * (1.0 - h)


def subtract(a, b, k):
    """a without b, smooth."""
    return -union(-a, b, k)


def cast(field, start, direction, reach):
    """First place from outside (start + direction * reach, going back to start) where `field` reaches zero."""
    t = np.full(start.shape[:-1], float(reach))
    for _ in range(60):
        t = np.clip(t - 0.8 * field(start + direction * t[..., None]), 0.0, reach)
    return start + direction * t[..., None]


def gradient(field, p, step=1.0e-3):
    """Unit normals of a field."""
    g = np.stack([field(p + step * e) - field(p - step * e) for e in np.eye(3)], -1)
    return g / np.maximum(np.linalg.norm(g, axis=-1, keepdims=True), 1.0e-9)
