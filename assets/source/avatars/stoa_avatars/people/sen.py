"""Sen: a storyteller in indigo with a wave pattern, wide hakama, vermilion sash, black bobbed hair with a silver streak, and a fox mask worn aside."""

import numpy as np

from .. import body, hair, rig
from ..geometry import ball, column, lock, slab, smoothstep, spline
from ..head import Face
from ..paint import bands, blend, cloth, flat, rgb, strands, stripes, value_noise
from ..person import Person
from ..skeleton import Build


def waves(paint, color, across, down, amount=0.85):
    """Seigaiha-like waves: rows of concentric arcs, half a width apart."""
    def painted(u, v):
        y = v * down
        row = np.floor(y)
        x = (u * across + 0.5 * (row % 2)) % 1.0 - 0.5
        r = np.hypot(x, 1.0 - (y - row)) / 0.58
        arcs = 0.5 + 0.5 * np.cos(r * 2 * np.pi * 2.5)
        return blend(paint(u, v), rgb(color), amount * smoothstep(0.55, 0.8, arcs) * (r < 1.02))
    return painted


def fox(u, v):
    """A white fox mask: red brow marks, slanted eyes, dark nose, whisker dots."""
    x, y = (u - 0.5) * 2, (0.5 - v) * 2
    side = np.abs(x)
    out = flat(u, "#f2ece0") * (1 + 0.02 * value_noise(u, v, (8, 8), 4))[..., None]

    def stroke(cx, cy, rx, ry, turn):
        c, n = np.cos(turn), np.sin(turn)
        a, b = (side - cx) * c + (y - cy) * n, -(side - cx) * n + (y - cy) * c
        return 1 - smoothstep(0.8, 1.05, np.hypot(a / rx, b / ry))
    out = blend(out, rgb("#c23a2b"), stroke(0.34, 0.46, 0.20, 0.060, 0.75))
    out = blend(out, rgb("#c23a2b"), stroke(0.62, -0.12, 0.20, 0.045, 0.30))
    out = blend(out, rgb("#c23a2b"), stroke(0.60, -0.30, 0.15, 0.035, 0.05))
    out = blend(out, rgb("#c23a2b"), stroke(0.0, 0.62, 0.07, 0.16, 0.0))
    out = blend(out, rgb("#c23a2b"), stroke(0.40, 0.12, 0.27, 0.105, 0.42))
    out = blend(out, rgb("#1c1414"), stroke(0.40, 0.11, 0.21, 0.055, 0.42))
    return blend(out, rgb("#2a1c1a"), 1 - smoothstep(0.8, 1.1, np.hypot(x / 0.13, (y + 0.62) / 0.10)))


class Sen(Person):
    name = "Sen"
    build = Build(height=1.70, head=0.258, hips=0.905, shoulder=0.150, hip=0.080, upper_arm=0.248, lower_arm=0.228, hand=0.98, foot=0.240, neck=0.100)
    face = Face(skin="#e8bd97", blush="#d97a66", lips="#b0303a", hair="#16151c", iris="#5a3a8c", iris_rim="#170f22", jaw=0.262, chin=0.088, cheek=0.135, width=0.376,
                nose=0.95, nose_width=0.85, eye_width=0.092, eye_up=0.060, eye_down=0.052, iris_radius=0.060, eye_tilt=0.26, lid=0.22, lash=0.024, lash_wing=0.55,
                brow_y=0.590, brow_thick=0.022, brow_arch=0.022, brow_width=0.105, brow_tilt=-0.010, mouth_width=0.074, mouth_smile=0.26)
    hair_light = "#4a4a66"
    hat_room = 0.02
    ground = ((0.80, 0.84, 0.92), (0.62, 0.62, 0.76))

    def dress(self):
        s, b = self.skeleton, self.build
        self.paint()
        self.trunk_colliders(0.11)
        self.collider("head", "head", 0.105, (0, 0.12, 0.0))
        self.add(body.neck(s, b, 0.043, 0.046), body.hands(s, b, fullness=0.94))
        self.kimono()
        self.sleeves()
        self.hakama()
        self.hakama_top()
        self.sash()
        self.feet()
        self.hairdo()
        self.mask()

    def paint(self):
        indigo = waves(cloth("#27386e", 0.14, 91, (12, 10), 0.03), "#6f8fc4", 22, 16, 0.55)
        self.region("kimono", 256, 144, indigo)
        wide = bands(waves(cloth("#27386e", 0.06, 92, weave=0.03), "#6f8fc4", 14, 12, 0.55), (0.93, 1.0, "#c8402f"))
        self.region("sleeve", 192, 144, wide)
        self.region("lining", 16, 16, cloth("#c8402f", 0.1))
        self.region("collar", 32, 96, bands(cloth("#efe8da", 0.05, 93), (0.0, 0.0, "#efe8da")))
        self.region("collar2", 32, 96, cloth("#c8402f", 0.10, 94))
        hakama = stripes(cloth("#3a3346", 0.16, 95, (16, 10), 0.03), "#231e2c", 14, 0.25, 0.15, along="u", amount=0.8)
        self.region("hakama", 224, 144, hakama)
        obi = stripes(cloth("#c8402f", 0.12, 96, weave=0.04), "#e8b64c", 4, 0.16, along="v", amount=0.9)
        self.region("obi", 192, 56, obi)
        self.region("cord", 48, 16, stripes(cloth("#e8b64c", 0.1, 97), "#b5792a", 16, 0.3, along="u", amount=0.6))
        self.region("tabi", 64, 48, cloth("#ece6da", 0.15, 98))
        self.region("sole", 16, 16, cloth("#8a5a34", 0.2))
        self.region("fox", 128, 128, fox)
        self.region("foxEar", 32, 32, lambda u, v: blend(flat(u, "#f2ece0"), rgb("#c23a2b"), smoothstep(0.30, 0.22, np.abs(u - 0.5)) * smoothstep(0.95, 0.8, v)))
        self.region("silver", 32, 96, strands("#8d8d9c", "#d8d8e4", 99, 8, 0.4))
        self.region("tassel", 16, 48, stripes(cloth("#c8402f", 0.1, 100), "#8e2519", 6, 0.3, along="u", amount=0.7))

    def keys(self):
        top, h = self.skeleton["leftUpperArm"][1], self.build.hips
        return [(top + 0.056, 0.052, 0.044, 0.066, -0.024), (top + 0.046, 0.074, 0.060, 0.076, -0.022), (top + 0.024, 0.114, 0.080, 0.086, -0.018), (top - 0.012, 0.144, 0.097, 0.097, -0.014),
                (top - 0.08, 0.148, 0.115, 0.100, -0.010), (top - 0.17, 0.132, 0.106, 0.092, -0.006), (h + 0.13, 0.118, 0.096, 0.092, -0.002), (h + 0.03, 0.130, 0.104, 0.108, 0.0), (h - 0.06, 0.142, 0.112, 0.122, 0.0)]

    def kimono(self):
        s, keys = self.skeleton, self.keys()
        part = column("kimono", "body", "kimono", keys, 18, 26, 2.25)
        part.weights = rig.trunk(s, part.points)
        self.add(part)
        top, h = s["leftUpperArm"][1], self.build.hips
        for name, region, lift, shift, side in (("under", "collar", 0.004, 0.0, 1), ("over", "collar2", 0.011, 0.30, 1), ("underRight", "collar", 0.003, 0.0, -1), ("overRight", "collar2", 0.009, 0.30, -1)):
            sign = -side
            rows = np.array([(top + 0.060, 0.0), (top + 0.057, 0.9), (top + 0.046, 1.75 - 0.1 * shift), (top + 0.022, 2.35 - 0.2 * shift), (top - 0.04, 2.78 - 0.25 * shift), (top - 0.11, 3.05 - 0.2 * shift), (h + 0.16, 3.42 - 0.1 * shift)])
            t = np.linspace(0, 1, len(rows))
            path = np.column_stack([np.interp(np.linspace(0, 1, 18), t, rows[:, c]) for c in (0, 1)])
            path[:, 0] -= 0.016 * shift / 0.3
            if sign > 0:
                path[:, 1] = 2 * np.pi - path[:, 1]
            strip = body.ribbon(name, region, keys, path, 0.030, lift + (0.004 if side > 0 else 0.0), 0.007, 3)
            strip.weights = rig.trunk(s, strip.points)
            self.add(strip)

    def sleeves(self):
        s = self.skeleton
        joint, elbow, wrist = (s["left" + n][0] for n in ("UpperArm", "LowerArm", "Hand"))
        self.add(body.sleeve(s, "sleeve", [
            (joint - 0.080, 0.052, 0.066, 0.003), (joint - 0.040, 0.064, 0.072, -0.002), (joint + 0.01, 0.064, 0.066, -0.004), (joint + 0.09, 0.072, 0.058, -0.022),
            (elbow - 0.03, 0.098, 0.053, -0.054), (elbow + 0.07, 0.128, 0.050, -0.084), (wrist - 0.035, 0.138, 0.050, -0.094)], 17, 18, fold=(0.008, 0.06), power=2.5,
            wave=lambda a, t: 1 + 0.02 * np.cos(20 * t + 2 * np.sin(a)) * smoothstep(0.15, 0.5, t)))
        self.add(body.sleeve(s, "lining", [(elbow + 0.05, 0.042, 0.036, -0.014), (wrist - 0.05, 0.050, 0.036, -0.026), (wrist - 0.018, 0.052, 0.036, -0.030)], 5, 14, name="leftLining"))
        self.add(body.sleeve(s, "skin", [(elbow + 0.02, 0.034, 0.036, 0), (wrist - 0.05, 0.026, 0.030, 0), (wrist + 0.012, 0.022, 0.027, -0.001)], 7, 12, name="leftForearm", fold=None))

    def hakama(self):
        s, h = self.skeleton, self.build.hips
        wave = lambda a, t, y: 1 + (0.045 * np.cos(7 * a) + 0.02 * np.cos(14 * a + 0.7)) * smoothstep(0.10, 0.55, t)
        self.add(body.leg(s, "hakama", [
            (h + 0.10, 0.062, 0.100, 0.100, 0.0), (h + 0.02, 0.080, 0.112, 0.118, 0.0), (h - 0.10, 0.100, 0.124, 0.128, 0.0), (h * 0.52, 0.128, 0.150, 0.150, 0.002),
            (h * 0.28, 0.142, 0.168, 0.172, -0.004), (0.085, 0.152, 0.182, 0.188, -0.008)], 18, 20, fold=(0.010, 0.05), wave=wave))
        for part in self.parts[-2:]:
            center = np.abs(s["leftUpperLeg"][0])
            sign = np.sign(part.points[:, 0].mean())
            inner = (part.points[:, 0] * sign) - center
            # The inner halves are flatter, so that the legs meet without passing through each other.
            part.points[:, 0] = sign * (center + np.where(inner < 0, inner * 0.62, inner * 0.94))

    def hakama_top(self):
        """The front and back of the hakama, where its legs are still one."""
        s, h = self.skeleton, self.build.hips
        keys = [(h + 0.12, 0.122, 0.100, 0.098, -0.001), (h + 0.02, 0.152, 0.118, 0.124, 0.0), (h - 0.10, 0.176, 0.133, 0.137, 0.0), (h - 0.30, 0.190, 0.150, 0.148, 0.0)]
        part = column("hakamaTop", "body", "hakama", keys, 10, 32, 2.3, wave=lambda a, t, y: 1 + 0.035 * np.cos(14 * a) * smoothstep(0.1, 0.6, t))
        part.uvs[:, 1] *= 0.4
        part.weights = rig.skirt(s, part.points, 0.92, 0.80)
        self.add(part)

    def sash(self):
        s, h = self.skeleton, self.build.hips
        obi = body.belt(s, "obi", h + 0.115, 0.115, 0.126, 0.104, 0.102, -0.001, 0.010, 30)
        cord = body.belt(s, "cord", h + 0.120, 0.016, 0.134, 0.112, 0.110, -0.001, 0.008, 30)
        self.add(obi, cord)
        for i, (center, radii) in enumerate((((0.040, 0.0, 0), (0.040, 0.028, 0.014)), ((-0.040, 0.0, 0), (0.040, 0.028, 0.014)), ((0, 0, 0.006), (0.016, 0.020, 0.014)))):
            bow = ball(f"bow{i}", "body", "obi", np.array([0, h + 0.125, -0.128]) + np.array(center) * (1.6, 1, -1), np.array(radii) * 1.7, 12, 8)
            bow.weights = rig.trunk(s, bow.points)
            self.add(bow)
        for sign, length in ((1, 0.26), (-1, 0.22)):
            x = np.array([0.012, 0.030, 0.040, 0.046]) * sign
            path = spline(np.column_stack([x, h + np.array([0.11, 0.04, -0.05, 0.11 - length]), [-0.132, -0.158, -0.172, -0.180]]), 8)
            sheet = np.stack([path + (w, 0.2 * abs(w), 0.0) for w in np.linspace(-0.030, 0.030, 4)], 1)
            end = slab("leftObiEnd" if sign > 0 else "rightObiEnd", "body", "obi", sheet, 0.010, (0, 0, -1))
            end.uvs = end.uvs[:, ::-1].copy()
            end.weights = rig.skirt(s, end.points, 0.5, 0.35)
            self.add(end)
        knot = np.array([0.0, h + 0.118, 0.118])
        self.add(ball("cordKnot", "body", "cord", knot, (0.013, 0.013, 0.009), 10, 6).rigid("spine"))
        for sign in (1, -1):
            path = spline([knot, knot + (sign * 0.012, -0.04, 0.008), knot + (sign * 0.018, -0.13, 0.020)], 7)
            bones = self.spring(("left" if sign > 0 else "right") + "Cord", "spine", [path[0], path[3], path[6]], ("trunk", "legs"), 0.8, 0.5, 0.4, 0.015)
            string = lock("cordEnd", "body", "cord", path, 0.005, 0.005, (0, 0, 1.0), 7, 6, root=1.0, tip=0.9)
            string.weights = rig.strand(s, string.points, bones, "spine")
            tassel = lock("tassel", "body", "tassel", [path[6] + (0, 0.008, 0), path[6] + (0, -0.022, 0.002), path[6] + (0, -0.058, 0.004)], 0.011, 0.011, (0, 0, 1.0), 6, 8, root=0.6, tip=0.95)
            self.add(string, tassel.rigid(bones[-2]))

    def feet(self):
        s, b = self.skeleton, self.build
        self.add(body.leg(s, "tabi", [(0.20, 0.040, 0.044, 0.046, -0.016), (0.10, 0.038, 0.043, 0.043, -0.018), (0.05, 0.038, 0.046, 0.044, -0.018)], 5, 12, name="leftAnkle"))
        self.add(body.shoes(s, b, "tabi", "sole", 0.042, 0.074, 0.022, 1.0))

    def hairdo(self):
        head, s = self.head, self.skeleton
        line = [(0, 2.42), (0.7, 2.38), (1.10, 2.26), (1.36, 2.12), (1.60, 1.95), (1.82, 1.50), (2.1, 1.22), (2.5, 1.02), (np.pi, 0.96)]
        self.add(hair.cap(head, line, lambda a, t: 0.050 + 0.030 * np.sin(np.pi * np.clip(t, 0, 1)) + 0.10 * smoothstep(0.55, 0.95, t) * smoothstep(2.0, 1.3, a), ridges=(34, 0.006), columns=40, rows=15, tuck=0.0))
        fringe = []
        for x, width, drop in ((-0.30, 0.075, 0.585), (-0.20, 0.085, 0.600), (-0.10, 0.085, 0.612), (0.0, 0.085, 0.618), (0.10, 0.085, 0.612), (0.20, 0.085, 0.600), (0.30, 0.075, 0.585)):
            z = 0.44 - 1.05 * x * x
            fringe.append(([(x * 0.55, 0.985, 0.14), (x * 0.85, 0.91, z - 0.075), (x, 0.78, z - 0.005), (x * 1.04, drop, z - 0.025)], width, 0.030, 0.9))
        sides = [([(0.22, 0.93, 0.10), (0.375, 0.78, 0.17), (0.425, 0.52, 0.16), (0.405, 0.26, 0.15), (0.365, 0.06, 0.165)], 0.095, 0.045),
                 ([(0.25, 0.92, -0.04), (0.43, 0.74, 0.02), (0.475, 0.45, 0.02), (0.455, 0.20, 0.03), (0.405, 0.03, 0.055)], 0.125, 0.050),
                 ([(0.22, 0.90, -0.22), (0.41, 0.66, -0.22), (0.45, 0.38, -0.20), (0.43, 0.16, -0.16), (0.385, 0.02, -0.11)], 0.140, 0.05),
                 ([(0.10, 0.88, -0.40), (0.24, 0.60, -0.45), (0.27, 0.34, -0.44), (0.27, 0.12, -0.39), (0.24, 0.01, -0.32)], 0.165, 0.05)]
        silver = hair.locks(head, [fringe[1]], region="silver")
        self.add(hair.locks(head, [fringe[0], *fringe[2:], *hair.mirrored(sides)]), silver)
        self.add(hair.locks(head, [([(0.0, 0.88, -0.44), (0.0, 0.60, -0.50), (0.0, 0.34, -0.49), (0.0, 0.12, -0.44), (0.0, 0.01, -0.36)], 0.15, 0.05)]))

    def mask(self):
        """The mask at the left side of the head, its cord, and a tassel that swings."""
        head, s, k = self.head, self.skeleton, self.head.scale
        u, v = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(-1, 1, 13))
        r = np.maximum(np.abs(u), np.abs(v))
        length = np.maximum(np.hypot(u, v), 1e-9)
        x, y = u / length * r, -v / length * r
        half = 0.60 + 0.40 * smoothstep(-1.0, 0.15, y)
        mx, my = x * half * 0.205, y * 0.235
        snout = np.exp(-((mx / 0.060) ** 2 + ((my + 0.115) / 0.075) ** 2))
        mz = 0.085 * np.sqrt(np.clip(1 - r**2.4, 0, 1)) + 0.085 * snout - 0.018 * np.exp(-(((np.abs(mx) - 0.085) / 0.05) ** 2 + ((my - 0.03) / 0.045) ** 2))
        turn, roll = np.radians(62), np.radians(-14)
        place = head.world((0.395, 0.80, 0.115))
        c, n, cr, nr = np.cos(turn), np.sin(turn), np.cos(roll), np.sin(roll)
        rotation = np.array([[c, 0, n], [0, 1, 0], [-n, 0, c]]) @ np.array([[cr, -nr, 0], [nr, cr, 0], [0, 0, 1]])
        to_world = lambda p: place + (np.asarray(p) * k) @ rotation.T
        part = slab("mask", "hair", "fox", to_world(np.stack([mx, my, mz], -1)), 0.006, rotation @ np.array([0, 0, 1.0]))
        flat_u, flat_v = 0.5 + mx / 0.41, 0.5 - my / 0.47
        both = lambda a: np.concatenate([a, a[:, ::-1], a[:, :1]], axis=1).reshape(-1)
        part.uvs = np.stack([both(flat_u), both(flat_v)], -1)
        self.add(part.rigid("head"))
        for sign in (1, -1):
            ear = lock("foxEar", "hair", "foxEar", to_world([(sign * 0.115, 0.15, 0.02), (sign * 0.150, 0.245, 0.03), (sign * 0.172, 0.345, 0.02)]), 0.060 * k, 0.024 * k, rotation @ np.array([0, 0, 1.0]), 6, 8, root=0.95, tip=0.06)
            self.add(ear.rigid("head"))
        start = to_world((0.0, -0.02, 0.0)) + np.array([0.03, -0.055, -0.035])
        path = spline([start, start + (0.008, -0.05, -0.004), start + (0.010, -0.12, -0.006)], 7)
        bones = self.spring("maskCord", "head", [path[0], path[3], path[6]], ("head", "trunk"), 0.5, 0.6, 0.35, 0.012)
        cord = lock("maskCord", "hair", "cord", path, 0.0045, 0.0045, (0, 0, 1.0), 7, 6, root=1.0, tip=0.9)
        cord.weights = rig.strand(s, cord.points, bones, "head")
        bead = ball("bead", "hair", "cord", path[6], (0.009, 0.009, 0.009), 8, 6).rigid(bones[-2])
        tassel = lock("maskTassel", "hair", "tassel", [path[6] + (0, -0.004, 0), path[6] + (0, -0.03, 0), path[6] + (0, -0.07, 0.0)], 0.012, 0.012, (0, 0, 1.0), 6, 8, root=0.6, tip=0.95).rigid(bones[-2])
        self.add(cord, bead, tassel)


