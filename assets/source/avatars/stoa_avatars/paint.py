"""The atlas: every part of an avatar has a rectangle in one texture, painted by a function of (u, v)."""

import io

import numpy as np
from PIL import Image

from .geometry import lerp, smoothstep

PAD = 4


def rgb(text):
    """'#rrggbb' to sRGB in 0..1."""
    return np.array([int(text[i:i + 2], 16) for i in (1, 3, 5)]) / 255.0


def blend(color, other, amount):
    """Mixes colours; `amount` is a picture of 0..1."""
    return color + (np.asarray(other) - color) * np.asarray(amount)[..., None]


def flat(u, color):
    return np.broadcast_to(rgb(color) if isinstance(color, str) else color, (*u.shape, 3)).copy()


def value_noise(u, v, cells, seed):
    """Smooth noise in -1..1 with `cells` (across, down), seamless in u."""
    across, down = cells
    lattice = np.random.default_rng(seed).uniform(-1, 1, (down + 2, across))
    x, y = (u % 1.0) * across, np.clip(v, 0, 1) * down
    xi, yi = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - xi, y - yi
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    x0, x1, y1 = xi % across, (xi + 1) % across, np.minimum(yi + 1, down + 1)
    return lerp(lerp(lattice[yi, x0], lattice[yi, x1], fx), lerp(lattice[y1, x0], lattice[y1, x1], fx), fy)


def cloth(color, light=0.10, seed=1, cells=(10, 8), weave=0.02, dirt=0.0):
    """Plain cloth: lighter on top, a little unevenness."""
    def paint(u, v):
        base = flat(u, color)
        tone = light * (0.5 - v) + 0.035 * value_noise(u, v, cells, seed) + weave * value_noise(u, v, (cells[0] * 9, cells[1] * 9), seed + 7)
        base = base * (1 + tone[..., None])
        return blend(base, base * 0.6, dirt * smoothstep(0.8, 1.0, v))
    return paint


def bands(paint, *rows):
    """Adds horizontal bands: (v from, v to, colour)."""
    def painted(u, v):
        out = paint(u, v)
        for low, high, color in rows:
            edge = 0.006
            out = blend(out, rgb(color), smoothstep(low - edge, low + edge, v) * (1 - smoothstep(high - edge, high + edge, v)))
        return out
    return painted


def motif_band(paint, low, high, color, count, kind="diamond"):
    """A row of small shapes around the cloth between two heights v."""
    def painted(u, v):
        out = paint(u, v)
        x, y = (u * count) % 1.0 - 0.5, (v - 0.5 * (low + high)) / (high - low)
        if kind == "diamond":
            shape = np.abs(x) / 0.42 + np.abs(y) / 0.46
        elif kind == "wave":
            shape = np.abs(y - 0.28 * np.sin(2 * np.pi * u * count)) / 0.16
        else:
            shape = np.hypot(x / 0.3, y / 0.4)
        return blend(out, rgb(color), (1 - smoothstep(0.85, 1.1, shape)) * (np.abs(y) < 0.5))
    return painted


def stripes(paint, color, count, share=0.3, soft=0.06, along="u", amount=1.0):
    """Stripes along the cloth (in u) or around it (in v)."""
    def painted(u, v):
        x = ((u if along == "u" else v) * count) % 1.0
        on = smoothstep(0.5 - share / 2 - soft, 0.5 - share / 2 + soft, x) * (1 - smoothstep(0.5 + share / 2 - soft, 0.5 + share / 2 + soft, x))
        return blend(paint(u, v), rgb(color), on * amount)
    return painted


def strands(color, light, seed, count=26, shine=0.5):
    """Hair: streaks along v, lighter band where the head turns to the light."""
    dark = rgb(color)

    def paint(u, v):
        streak = 0.6 * value_noise(u, v * 0.35, (count, 4), seed) + 0.4 * value_noise(u, v * 0.2, (count * 3, 4), seed + 1)
        band = np.exp(-(((v - 0.38) / 0.17) ** 2)) * shine
        amount = np.clip(0.28 + 0.35 * streak + band * (0.6 + 0.5 * streak), 0, 1)
        return blend(flat(u, dark), rgb(light), amount) * (1 - 0.22 * smoothstep(0.6, 1.0, v))[..., None]
    return paint


def iris(color, rim, pupil=0.42, light="#ffffff"):
    """An iris in polar coordinates (v from centre to rim); the highlights sit where u points up and outwards."""
    def paint(u, v):
        angle = u * 2 * np.pi
        x, y = np.sin(angle) * v, -np.cos(angle) * v
        base = blend(flat(u, color), rgb(color) * 0.45, smoothstep(-0.5, 0.9, y))
        base = blend(base, np.minimum(rgb(color) * 1.7 + 0.08, 1), smoothstep(0.15, 0.95, -y) * 0.75)
        base = blend(base, rgb(rim), smoothstep(0.74, 0.95, v))
        base = blend(base, rgb(rim) * 0.35, 1 - smoothstep(pupil - 0.06, pupil + 0.06, v))
        shine = 1 - smoothstep(0.22, 0.28, np.hypot(x + 0.30, (y - 0.42)))
        small = 1 - smoothstep(0.09, 0.14, np.hypot(x - 0.34, (y + 0.36)))
        return blend(blend(base, rgb(light), shine), rgb(light), small * 0.85)
    return paint


class Atlas:
    """Rectangles of one square texture."""

    def __init__(self, size=1024):
        self.size = size
        self.pixels = np.full((size, size, 3), 0.5)
        self.places = {}
        self.regions = []

    def add(self, name, width, height, paint):
        """Registers a region; `paint(u, v)` gives sRGB colours (h, w, 3)."""
        self.regions.append((name, width, height, paint))

    def pack(self):
        """Places regions on shelves, tallest first, and paints them with a border against bleeding."""
        x = y = shelf = 0
        for name, width, height, paint in sorted(self.regions, key=lambda r: (-r[2], -r[1], r[0])):
            w, h = width + 2 * PAD, height + 2 * PAD
            if x + w > self.size:
                x, y, shelf = 0, y + shelf, 0
            if y + h > self.size:
                raise ValueError(f"atlas is full at {name}")
            u = np.clip((np.arange(w) - PAD) / (width - 1), 0, 1)
            v = np.clip((np.arange(h) - PAD) / (height - 1), 0, 1)
            self.pixels[y:y + h, x:x + w] = paint(*np.meshgrid(u, v))
            self.places[name] = (x + PAD, y + PAD, width, height)
            x, shelf = x + w, max(shelf, h)
        return y + shelf

    def map(self, region, uvs):
        """Texture coordinates of a region's own (u, v)."""
        x, y, width, height = self.places[region]
        uvs = np.clip(uvs, 0, 1)
        return np.stack([x + 0.5 + uvs[:, 0] * (width - 1), y + 0.5 + uvs[:, 1] * (height - 1)], -1) / self.size

    def linear(self):
        return np.clip(self.pixels, 0, 1) ** 2.2

    def png(self):
        return encode_png((np.clip(self.pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def encode_png(pixels):
    """PNG bytes of (h, w, 3) bytes."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()
