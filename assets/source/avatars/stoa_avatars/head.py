"""Heads and faces: a skull of smooth shapes, and eyes, lids, brows and mouth laid on it, moved by face controls."""

from dataclasses import dataclass

import numpy as np

from . import sdf
from .geometry import ball, curve, grid, lerp, smoothstep
from .paint import blend, flat, rgb, value_noise

# Face controls of every expression. `lid` closes eyes, `squint` lifts the lower lid, the rest speaks for itself.
EXPRESSIONS = {
    "blink": {"lid_left": 1.0, "lid_right": 1.0},
    "blinkLeft": {"lid_left": 1.0},
    "blinkRight": {"lid_right": 1.0},
    "aa": {"open": 1.0},
    "ih": {"open": 0.32, "wide": 0.55},
    "ou": {"open": 0.38, "pucker": 1.0},
    "ee": {"open": 0.45, "wide": 1.0},
    "oh": {"open": 0.80, "pucker": 0.62},
    "happy": {"smile": 1.0, "open": 0.22, "wide": 0.4, "brow": 0.35, "squint": 0.45, "lid_left": 0.14, "lid_right": 0.14},
    "sad": {"smile": -0.9, "brow": 0.15, "sorrow": 1.0, "lid_left": 0.22, "lid_right": 0.22},
    "surprised": {"open": 0.55, "pucker": 0.45, "brow": 1.0, "lid_left": -0.16, "lid_right": -0.16},
    "relaxed": {"smile": 0.55, "lid_left": 0.42, "lid_right": 0.42, "squint": 0.2, "brow": 0.1},
    "angry": {"smile": -0.55, "sorrow": -1.0, "brow": -0.55, "lid_left": 0.16, "lid_right": 0.16, "squint": 0.2},
}


@dataclass
class Face:
    """Shapes and colours of a face; lengths are shares of the head's height, chin at 0, crown at 1."""

    skin: str
    blush: str
    lips: str
    hair: str
    iris: str
    iris_rim: str = "#1d1410"
    white: str = "#f4efe8"
    jaw: float = 0.272
    chin: float = 0.085
    cheek: float = 0.148
    width: float = 0.385
    nose: float = 1.0
    nose_width: float = 1.0
    ear: float = 1.0
    eye_x: float = 0.168
    eye_y: float = 0.455
    eye_width: float = 0.088
    eye_up: float = 0.080
    eye_down: float = 0.068
    eye_tilt: float = 0.10
    iris_radius: float = 0.071
    lid: float = 0.14
    lash: float = 0.022
    lash_wing: float = 0.25
    brow_y: float = 0.605
    brow_width: float = 0.115
    brow_thick: float = 0.032
    brow_arch: float = 0.016
    brow_tilt: float = -0.004
    mouth_y: float = 0.178
    mouth_width: float = 0.085
    mouth_smile: float = 0.30
    freckles: float = 0.0
    wrinkles: float = 0.0
    stubble: float = 0.0


class Head:
    """Surface of a head in world space, and the parts laid on it."""

    def __init__(self, skeleton, build, face):
        self.skeleton, self.face, self.scale = skeleton, face, build.head
        self.origin = np.array([0.0, build.height - build.head, 0.012])
        self.center = self.world(np.array([0.0, 0.46, -0.02]))
        self.eye_bones()

    def world(self, q):
        """From head shares to world space."""
        return self.origin + self.scale * np.asarray(q, float)

    def field(self, p):
        """Signed distance of the head without ears, world space."""
        f = self.face
        q = (p - self.origin) / self.scale
        m = q * np.array([1.0, 1.0, 1.0])
        m[..., 0] = np.abs(m[..., 0])
        d = sdf.ellipsoid(m, (0, 0.60, -0.05), (f.width, 0.40, 0.44))
        d = sdf.union(d, sdf.ellipsoid(m, (0, 0.36, 0.06), (f.jaw, 0.335, 0.315)), 0.14)
        d = sdf.union(d, np.linalg.norm(m - (0, 0.095, 0.225), axis=-1) - f.chin, 0.12)
        d = sdf.union(d, np.linalg.norm(m - (0.165, 0.31, 0.165), axis=-1) - f.cheek, 0.10)
        d = sdf.subtract(d, sdf.ellipsoid(m, (f.eye_x, f.eye_y, 0.50), (0.13, 0.10, 0.125)), 0.09)
        n, w = f.nose, f.nose_width
        d = sdf.union(d, sdf.capsule(m, (0, 0.47, 0.335), (0, 0.335, 0.350 + 0.055 * n), 0.020 * w, 0.036 * w), 0.055)
        d = sdf.union(d, sdf.ellipsoid(m, (0.034 * w, 0.312, 0.350 + 0.02 * n), (0.026 * w, 0.022, 0.03)), 0.03)
        d = sdf.union(d, sdf.ellipsoid(m, (0, f.mouth_y, 0.315), (0.10, 0.075, 0.055)), 0.09)
        return d * self.scale

    def around(self, u, v):
        """Directions of the head's grid: u goes around from the back over the left, v from crown to throat."""
        angle = np.interp(u, ANGLE_AT_U[0], ANGLE_AT_U[1])
        polar = np.interp(v, POLAR_AT_V[0], POLAR_AT_V[1])
        return np.stack([np.sin(polar) * np.sin(angle), np.cos(polar), -np.sin(polar) * np.cos(angle)], -1)

    def surface(self, direction):
        """Where a ray from the middle of the head leaves it."""
        return sdf.cast(self.field, np.broadcast_to(self.center, direction.shape), direction, self.scale * 0.85)

    def front(self, x, y, lift=0.0):
        """Point of the face at shares (x, y), raised by `lift` metres."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        start = self.world(np.stack([x, y, np.full(x.shape, 0.02)], -1))
        p = sdf.cast(self.field, start, np.array([0.0, 0.0, 1.0]), self.scale * 0.6)
        normal = sdf.gradient(self.field, p, 0.004)
        normal = normal * 0.5 + np.array([0, 0, 0.5])
        return p + normal * np.asarray(lift)[..., None] if np.ndim(lift) else p + normal * lift

    def eye_bones(self):
        f = self.face
        for side, sign in (("left", 1), ("right", -1)):
            at = self.front(sign * f.eye_x, f.eye_y) - np.array([0, 0, 0.16 * self.scale])
            self.skeleton.add(side + "Eye", "head", at)

    def parts(self):
        """Skin, ears, eyes, lids, lashes, brows and mouth, with morphs."""
        skin = self.skin()
        out = [skin, *self.ears()]
        for side, sign in (("left", 1.0), ("right", -1.0)):
            out += self.eye(side, sign)
            out.append(self.controlled(side + "Brow", "brow", lambda c, s=sign: self.brow(c, s)))
        out.append(self.controlled("mouth", "mouth", self.mouth))
        return out

    def controlled(self, name, region, build):
        """A decal with a morph for every expression that moves it. `build(controls)` gives points (rows, columns, 3)."""
        rest = build({})
        part = grid(name, "head", region, rest, facing=(0, 0, 1)).rigid("head")
        for expression, controls in EXPRESSIONS.items():
            delta = (build(controls) - rest).reshape(-1, 3)
            if np.abs(delta).max() > 1.0e-5:
                part.morphs[expression] = delta
        part.normals = sdf.gradient(self.field, part.points, 0.012)
        return part

    def skin(self, columns=38, rows=31):
        u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
        points = self.surface(self.around(u, v))
        points[:, -1] = points[:, 0]
        part = grid("face", "head", "face", points, core=np.broadcast_to(self.center, (rows + 1, 3))).rigid("head")
        part.normals = sdf.gradient(self.field, part.points, 0.003)
        for expression, controls in EXPRESSIONS.items():
            delta = self.flesh(part.points, controls)
            if np.abs(delta).max() > 1.0e-5:
                part.morphs[expression] = delta
        return part

    def flesh(self, p, controls):
        """How skin (or a beard) moves: the jaw drops, cheeks rise."""
        q = (p - self.origin) / self.scale
        jaw = controls.get("open", 0.0)
        drop = (1 - smoothstep(0.10, 0.25, q[:, 1])) * smoothstep(-0.05, 0.2, q[:, 2])
        delta = np.zeros_like(p)
        delta[:, 1] -= 0.050 * jaw * drop
        delta[:, 2] -= 0.018 * jaw * drop
        smile = controls.get("smile", 0.0) + 0.4 * controls.get("squint", 0.0)
        cheek = np.exp(-(((np.abs(q[:, 0]) - 0.17) / 0.09) ** 2 + ((q[:, 1] - 0.30) / 0.08) ** 2)) * smoothstep(0.05, 0.2, q[:, 2])
        delta[:, 1] += 0.018 * smile * cheek
        delta[:, 2] += 0.014 * smile * cheek
        return delta * self.scale

    def ears(self):
        k = self.scale * self.face.ear
        out = []
        center = self.world((self.face.width - 0.005, 0.40, -0.03))
        dent = lambda angle, latitude: 1.0 - 0.0 * angle
        ear = ball("leftEar", "head", "ear", (0, 0, 0), (0.035 * k, 0.105 * k, 0.068 * k), 10, 8, dent)
        hollow = np.exp(-((ear.points[:, 1] / (0.065 * k)) ** 2 + (ear.points[:, 2] / (0.036 * k)) ** 2))
        ear.points[:, 0] -= 0.030 * k * hollow * (ear.points[:, 0] > 0)
        ear.points[:, 2] += 0.22 * ear.points[:, 1] * -1.0 + 0.0
        ear.points[:, 0] += np.clip(-ear.points[:, 2], 0, 1) * 0.55
        ear.points += center
        ear.rigid("head")
        out += [ear, ear.mirrored()]
        return out

    def lid_curve(self, s, controls, side, sign):
        """Upper edge, lower edge and lid's edge of an eye at s from -1 (nose) to 1."""
        f = self.face
        bow = np.clip(1 - np.abs(s) ** 2.3, 0, 1)
        tilt = f.eye_tilt * f.eye_width * s
        upper = f.eye_y + tilt + f.eye_up * bow**0.62
        lower = f.eye_y + tilt - f.eye_down * bow**0.70
        close = f.lid + (1 - f.lid) * controls.get("lid_" + side, 0.0)
        if controls.get("lid_" + side, 0.0) < 0:
            close = f.lid + controls["lid_" + side]
        return upper, lower, lerp(upper, lower + 0.004, np.clip(close, -0.1, 1.0))

    def eye(self, side, sign):
        f, k = self.face, self.scale
        s = np.linspace(-1, 1, 13)
        x = sign * (f.eye_x + f.eye_width * s)

        def white(_):
            upper, lower, _lid = self.lid_curve(s, {}, side, sign)
            t = np.linspace(0, 1, 7)[:, None]
            return self.front(np.broadcast_to(x, (7, 13)), lerp(upper, lower, t), 0.004 * k)

        def lid(controls):
            upper, _, edge = self.lid_curve(s, controls, side, sign)
            t = np.linspace(0, 1, 6)[:, None]
            lift = (0.008 + 0.010 * np.sin(np.pi * np.clip(t * 0.9, 0, 1))) * k * (1 - 0.75 * np.abs(s) ** 3)
            return self.front(np.broadcast_to(x, (6, 13)), lerp(upper + 0.012, edge, t), lift)

        def lower_lid(controls):
            upper, lower, _ = self.lid_curve(s, {}, side, sign)
            raise_by = 0.30 * controls.get("squint", 0.0)
            edge = lerp(lower, upper, raise_by)
            t = np.linspace(0, 1, 4)[:, None]
            return self.front(np.broadcast_to(x, (4, 13)), lerp(edge, lower - 0.010, t), 0.0075 * k)

        def lash(controls):
            w = np.linspace(-1, 1 + f.lash_wing * 0.5, 15)
            _, _, edge = self.lid_curve(np.clip(w, -1, 1), controls, side, sign)
            out = np.clip(w - 1, 0, 1)
            edge = edge + out * f.eye_width * 0.9
            thick = f.lash * (0.35 + 0.65 * smoothstep(-1.0, 0.4, w)) * (1 - smoothstep(0.8, 1 + f.lash_wing * 0.5, w) * 0.75)
            t = np.array([1.0, 0.45, -0.15])[:, None]
            lift = np.array([0.010, 0.021, 0.013])[:, None] * k
            wx = sign * (f.eye_x + f.eye_width * w)
            return self.front(np.broadcast_to(wx, (3, 15)), edge + thick * t, np.broadcast_to(lift, (3, 15)))

        parts = [self.controlled(side + "White", "white", white), self.controlled(side + "Lid", "lid", lid),
                 self.controlled(side + "LowerLid", "lid", lower_lid), self.controlled(side + "Lash", "lash", lash)]
        parts[0].mesh = "eyes"
        parts[0].morphs = {}
        return [*parts, self.iris(side, sign)]

    def iris(self, side, sign):
        f, k = self.face, self.scale
        radius = np.array([0.0, 0.35, 0.7, 1.0]) * f.iris_radius
        angle = np.linspace(0, 2 * np.pi, 25)
        x = sign * f.eye_x - 0.006 * sign + radius[:, None] * np.sin(angle)
        y = f.eye_y + 0.002 - radius[:, None] * np.cos(angle)
        points = self.front(x, y, 0.0075 * k)
        part = grid(side + "Iris", "eyes", "iris", points, facing=(0, 0, 1)).rigid(side + "Eye")
        part.normals = sdf.gradient(self.field, part.points, 0.012)
        return part

    def brow(self, controls, sign):
        f, k = self.face, self.scale
        s = np.linspace(-1, 1, 11)
        raised, sorrow = controls.get("brow", 0.0), controls.get("sorrow", 0.0)
        y = f.brow_y + f.brow_arch * (1 - (s - 0.25) ** 2) + f.brow_tilt * s + 0.045 * raised - 0.040 * sorrow * s + 0.006 * abs(sorrow)
        thick = f.brow_thick * (0.45 + 0.55 * smoothstep(-1.25, -0.6, s)) * (1 - 0.8 * smoothstep(0.1, 1.0, s))
        x = sign * (f.eye_x + 0.012 + f.brow_width * s)
        t = np.array([0.5, 0.0, -0.5])[:, None]
        lift = np.array([0.004, 0.020, 0.004])[:, None] * k
        return self.front(np.broadcast_to(x, (3, 11)), y + thick * t, np.broadcast_to(lift, (3, 11)))

    def mouth(self, controls):
        f, k = self.face, self.scale
        s = np.linspace(-1, 1, 15)
        opened, smile = controls.get("open", 0.0), controls.get("smile", 0.0)
        wide, pucker = controls.get("wide", 0.0), controls.get("pucker", 0.0)
        half = f.mouth_width * (1 + 0.28 * wide - 0.48 * pucker + 0.22 * max(smile, 0.0) - 0.10 * opened)
        bend = f.mouth_width * (f.mouth_smile + 0.40 * smile)
        bow = np.clip(1 - s * s, 0, 1)
        middle = f.mouth_y - bend * bow + 0.35 * bend
        line = 0.0085
        upper = middle + line * 0.5 * (0.35 + bow**0.5) + opened * (0.020 + 0.03 * pucker) * bow**0.55
        lower = middle - line * 0.5 * (0.35 + bow**0.5) - opened * (0.125 + 0.03 * pucker) * bow**0.55
        t = np.linspace(0, 1, 6)[:, None]
        x = np.broadcast_to(half * s, (6, 15))
        q = self.front(x, lerp(upper, lower, t), 0.0055 * k)
        return q

    def paint_face(self, hairline_shade=0.0):
        """Painter of the face's region: blush, lips, nose, freckles, wrinkles."""
        f = self.face

        def paint(u, v):
            p = self.surface(self.around(u, v))
            q = (p - self.origin) / self.scale
            x, y, z = np.abs(q[..., 0]), q[..., 1], q[..., 2]
            front = smoothstep(0.0, 0.18, z)
            out = flat(u, f.skin) * (1 + 0.012 * value_noise(u, v, (24, 20), 3))[..., None]
            spot = lambda cx, cy, rx, ry: np.exp(-(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)) * front
            out = blend(out, rgb(f.blush), 0.42 * spot(0.205, 0.305, 0.085, 0.062))
            out = blend(out, rgb(f.blush), 0.30 * spot(0.0, 0.335, 0.06, 0.04))
            out = blend(out, rgb(f.blush), 0.20 * spot(f.eye_x, f.eye_y + 0.075, 0.11, 0.05))
            out = blend(out, rgb(f.skin) * 0.72, 0.40 * spot(0.0, 0.285, 0.05, 0.018))
            out = blend(out, rgb(f.lips), 0.75 * spot(0.0, f.mouth_y - 0.034, f.mouth_width * 0.62, 0.021))
            out = blend(out, rgb(f.lips), 0.50 * spot(0.0, f.mouth_y + 0.006, f.mouth_width * 0.75, 0.017))
            out = blend(out, rgb(f.skin) * 0.80, 0.45 * spot(0.0, f.mouth_y - 0.082, 0.06, 0.018))
            out = blend(out, rgb(f.skin) * 0.70, 0.55 * smoothstep(0.12, -0.05, y) * (1 - smoothstep(0.15, 0.3, z)))
            if f.stubble:
                jaw = smoothstep(0.27, 0.16, y) * smoothstep(-0.02, 0.12, z)
                out = blend(out, rgb(f.hair), f.stubble * jaw * (0.8 + 0.4 * value_noise(u, v, (180, 140), 9)))
            if f.freckles:
                dots = value_noise(u, v, (150, 120), 11)
                out = blend(out, rgb(f.skin) * np.array([0.78, 0.60, 0.50]), f.freckles * smoothstep(0.42, 0.7, dots) * (spot(0.16, 0.34, 0.12, 0.07) + spot(0, 0.37, 0.08, 0.05)).clip(0, 1))
            if f.wrinkles:
                fold = np.exp(-(((x - 0.105 - 0.30 * (0.29 - y)) / 0.010) ** 2)) * smoothstep(0.16, 0.2, y) * smoothstep(0.32, 0.27, y)
                bags = np.exp(-(((y - (f.eye_y - 0.105 + 1.6 * (x - f.eye_x) ** 2)) / 0.008) ** 2)) * smoothstep(0.09, 0.05, np.abs(x - f.eye_x))
                lines = sum(np.exp(-(((y - h - 0.04 * x) / 0.007) ** 2)) for h in (0.70, 0.745)) * smoothstep(0.17, 0.08, x)
                out = blend(out, rgb(f.skin) * 0.62, (f.wrinkles * front * (0.55 * fold + 0.5 * bags + 0.35 * lines)).clip(0, 1))
            return out
        return paint


def paint_white(face):
    """The white of an eye, shaded under the lid."""
    return lambda u, v: blend(flat(u, face.white), rgb(face.white) * np.array([0.62, 0.60, 0.64]), 0.9 * smoothstep(0.5, 0.0, v))


def paint_mouth(u, v):
    """Inside of a mouth: teeth above, tongue below, dark between."""
    out = flat(u, "#4a1a1c")
    out = blend(out, rgb("#f3ece4"), smoothstep(0.10, 0.14, v) * (1 - smoothstep(0.24, 0.30, v)) * smoothstep(0.46, 0.34, np.abs(u - 0.5)))
    tongue = smoothstep(0.66, 0.80, v + 0.9 * (u - 0.5) ** 2 * -1) * smoothstep(0.40, 0.28, np.abs(u - 0.5))
    out = blend(out, rgb("#b4575a"), tongue)
    return blend(out, rgb("#4a1a1c"), smoothstep(0.93, 0.98, v))


def _inverse_density(low, high, density):
    x = np.linspace(low, high, 2001)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density(x)[1:] + density(x)[:-1]))])
    return total / total[-1], x


ANGLE_AT_U = _inverse_density(0, 2 * np.pi, lambda a: 1 + 1.5 * np.exp(-(((a - np.pi) / 0.75) ** 2)) + 2.0 * np.exp(-(((a - np.pi) / 0.22) ** 2)))
POLAR_AT_V = _inverse_density(0, np.pi, lambda a: 0.75 + 1.3 * np.exp(-(((a - 1.75) / 0.45) ** 2)))
