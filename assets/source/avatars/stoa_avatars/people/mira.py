"""Mira: a young traveller, lean and quick. Teal cape, ochre scarf, a long auburn braid."""

import numpy as np

from .. import body, hair, rig
from ..geometry import column, lerp, slab, smoothstep, spline
from ..head import Face
from ..paint import bands, cloth, motif_band, rgb, strands, stripes
from ..person import Person
from ..skeleton import Build


class Mira(Person):
    name = "Mira"
    build = Build(height=1.64, head=0.262, hips=0.875, shoulder=0.150, hip=0.082, upper_arm=0.240, lower_arm=0.222, hand=0.98, foot=0.235, neck=0.092)
    face = Face(skin="#c98d62", blush="#c4553f", lips="#a5483f", hair="#4a2116", iris="#3f8f6a", iris_rim="#12241c",
                freckles=0.35, jaw=0.275, nose=0.85, nose_width=0.9)
    hair_light = "#8c4426"

    def dress(self):
        s, b = self.skeleton, self.build
        self.paint()
        self.trunk_colliders(0.11)
        self.collider("head", "head", 0.105, (0, 0.12, 0.0))
        self.add(body.neck(s, b, 0.046, 0.048), body.hands(s, b))
        self.tunic()
        self.legs()
        self.scarf()
        self.cape()
        self.hairdo()

    def paint(self):
        tunic = cloth("#d9ccb0", 0.08, 31, (14, 10))
        tunic = bands(tunic, (0.90, 0.985, "#2f6f73"), (0.87, 0.878, "#c78a2c"))
        self.region("tunic", 256, 192, motif_band(tunic, 0.915, 0.97, "#e8c36a", 26))
        self.region("sleeve", 128, 96, bands(cloth("#d9ccb0", 0.05, 33), (0.90, 1.0, "#2f6f73"), (0.87, 0.885, "#c78a2c")))
        self.region("trousers", 96, 128, cloth("#5b4a3c", 0.10, 35))
        self.region("boot", 128, 128, bands(cloth("#7d4a2a", 0.14, 36), (0.0, 0.09, "#5c341c")))
        self.region("sole", 16, 16, cloth("#2c2019", 0.1))
        self.region("belt", 128, 24, bands(cloth("#6b3d22", 0.1, 38), (0.42, 0.46, "#8d5a33"), (0.55, 0.59, "#8d5a33")))
        self.region("buckle", 16, 16, cloth("#d9a941", 0.3))
        self.region("scarf", 192, 64, stripes(stripes(cloth("#d98f2b", 0.10, 39, (20, 6), 0.04), "#b3641c", 9, 0.28, along="u", amount=0.7), "#f2c878", 3, 0.12, along="v", amount=0.5))
        cape = bands(cloth("#2a7377", 0.16, 40, (12, 10), 0.03), (0.925, 0.955, "#e0b24f"), (0.965, 1.0, "#1d565b"))
        self.region("cape", 192, 160, cape)
        self.region("band", 32, 16, cloth("#d98f2b", 0.1))
        self.region("pouch", 32, 32, bands(cloth("#8a5730", 0.2, 41), (0.0, 0.4, "#6e4123")))

    def tunic(self):
        s, hips, top = self.skeleton, self.build.hips, self.skeleton["leftUpperArm"][1]
        wave = lambda a, t, y: 1 + 0.035 * np.cos(9 * a + 0.6) * smoothstep(0.62, 1.0, t)
        part = column("tunic", "body", "tunic", [
            (top + 0.058, 0.052, 0.046, 0.062, -0.020), (top + 0.048, 0.072, 0.060, 0.072, -0.020), (top + 0.026, 0.112, 0.077, 0.083, -0.018),
            (top - 0.010, 0.142, 0.093, 0.094, -0.014), (top - 0.075, 0.147, 0.112, 0.098, -0.010), (top - 0.13, 0.140, 0.112, 0.092, -0.008),
            (hips + 0.17, 0.112, 0.088, 0.086, -0.004), (hips + 0.10, 0.122, 0.094, 0.096, 0.0), (hips, 0.160, 0.118, 0.126, 0.0),
            (hips - 0.10, 0.182, 0.142, 0.146, 0.0), (hips - 0.24, 0.208, 0.172, 0.168, 0.0)], 25, 28, 2.25, fold=(0.008, 0.03), wave=wave)
        part.weights = rig.skirt(s, part.points)
        self.add(part)
        self.add(body.belt(s, "belt", hips + 0.135, 0.040, 0.117, 0.092, 0.092, -0.002, 0.007))
        self.add(body.sleeve(s, "sleeve", [
            (0.070, 0.050, 0.060, 0.004), (0.105, 0.062, 0.068, 0.000), (0.150, 0.060, 0.062, -0.002), (0.25, 0.048, 0.050, 0), (0.36, 0.043, 0.045, 0),
            (0.40, 0.041, 0.043, 0), (0.50, 0.038, 0.040, 0), (0.565, 0.036, 0.038, 0), (0.60, 0.037, 0.039, 0)], 20, 14,
            wave=lambda a, t: 1 + 0.025 * np.cos(34 * t + 2 * np.sin(a)) * smoothstep(0.2, 0.6, t)))
        buckle = slab("buckle", "body", "buckle", np.array([[[x, hips + 0.135 + y, 0.099] for x in (-0.018, 0.0, 0.018)] for y in (0.019, 0, -0.019)]), 0.012, (0, 0, 1))
        buckle.weights = rig.trunk(s, buckle.points)
        self.add(buckle)
        from ..geometry import ball
        pouch = ball("pouch", "body", "pouch", (-0.115, hips + 0.085, 0.055), (0.030, 0.042, 0.040), 12, 8)
        pouch.rigid("hips")
        self.add(pouch)

    def legs(self):
        s, b, h = self.skeleton, self.build, self.build.hips
        self.add(body.leg(s, "trousers", [
            (h - 0.13, 0.064, 0.070, 0.076, 0.0), (h - 0.22, 0.064, 0.068, 0.070, 0.0), (h * 0.60, 0.058, 0.062, 0.060, 0.0),
            (h * 0.515, 0.053, 0.058, 0.052, 0.004), (h * 0.42, 0.052, 0.048, 0.058, -0.004), (h * 0.30, 0.048, 0.044, 0.052, -0.01)], 18, 14))
        self.add(body.leg(s, "boot", [
            (h * 0.435, 0.060, 0.056, 0.066, -0.004), (h * 0.40, 0.060, 0.056, 0.067, -0.004), (h * 0.30, 0.055, 0.051, 0.060, -0.010), (h * 0.18, 0.044, 0.044, 0.046, -0.016),
            (h * 0.10, 0.043, 0.046, 0.046, -0.018), (0.045, 0.043, 0.050, 0.050, -0.018)], 11, 14, fold_top=(0.008, 0.025), name="leftBoot"))
        self.add(body.shoes(s, b, "boot", "sole", 0.045, 0.082))

    def scarf(self):
        s = self.skeleton
        y = s["neck"][1] + 0.012
        path = body.ring_path(y, 0.074, 0.080, -0.012, 30, tilt=0.016)
        part = body.closed_tube("scarf", "scarf", path, 0.031, 0.040, 10, lambda a, t: 1 + 0.11 * np.cos(4 * a + 9 * np.pi * t * 2) * np.sin(a) + 0.06 * np.cos(6 * np.pi * t))
        part.weights = {"upperChest": 0.55 * np.ones(len(part.points)), "neck": 0.45 * np.ones(len(part.points))}
        part.uvs = part.uvs[:, ::-1].copy()
        self.add(part)
        for name, x, lengths, spread in (("scarfTailA", 0.045, 0.25, 0.02), ("scarfTailB", 0.012, 0.19, -0.01)):
            top = np.array([x, y - 0.035, 0.092])
            path = spline([top, top + (0.004, -0.05, 0.026), top + (spread * 0.6, -0.6 * lengths, 0.022), top + (spread, -lengths, 0.018)], 9)
            width = 0.030
            sheet = np.stack([path + np.array([1, 0, 0.12]) * w for w in np.linspace(-width, width, 5)], 1)
            sheet[:, :, 2] += 0.006 * np.cos(np.linspace(0, 2 * np.pi, 5))[None]
            tail = slab(name, "body", "scarf", sheet, 0.009, (0, 0, 1))
            bones = self.spring(name, "upperChest", [path[1], path[4], path[8]], ("trunk",), 0.9, 0.35, 0.4, 0.02)
            tail.weights = rig.strand(s, tail.points, bones, "upperChest")
            self.add(tail)

    def cape(self):
        s = self.skeleton
        top = s["leftUpperArm"][1]
        rows, columns = 14, 19
        u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
        angle = u * lerp(1.70, 0.98, smoothstep(0.05, 0.45, v))
        neckline = lerp(0.082, 0.205, smoothstep(0.0, 0.34, v)) * lerp(1.0, 1.16, v)
        depth = lerp(0.072, 0.118, smoothstep(0.0, 0.25, v)) + 0.085 * v
        fold = 1 + (0.012 + 0.075 * v) * np.cos(u * 13.0) * smoothstep(0.1, 0.5, v)
        drop = lerp(0.0, 0.055, smoothstep(0, 0.3, v)) + 0.44 * np.clip(v - 0.12, 0, 1)
        side = np.abs(u) ** 2.5
        points = np.stack([np.sin(angle) * neckline * fold, top + 0.062 - drop * (1 - 0.22 * side), -0.012 - np.cos(angle) * depth * fold], -1)
        part = slab("cape", "body", "cape", points, 0.010, (0, 0, -1))
        chains = []
        for i, c in enumerate((2, 7, 11, 16)):
            places = [points[3, c], points[7, c], points[10, c], points[13, c]]
            chains.append(self.spring(f"cape{'ABCD'[i]}", "upperChest", places, ("trunk",), 1.1, 0.35, 0.5, 0.03))
        weights = rig.sheet(rows, columns, [c[:-1] for c in chains], "upperChest", 5)
        shoulder = {"leftShoulder": (u > 0).reshape(-1) * 1.0, "rightShoulder": (u <= 0).reshape(-1) * 1.0}
        share = 0.35 * (smoothstep(0.45, 1.0, np.abs(u)) * smoothstep(0.05, 0.3, v) * (1 - smoothstep(0.4, 0.7, v))).reshape(-1)
        from ..skeleton import mix
        weights = mix(weights, shoulder, share)
        part.weights = {bone: slab_values(w, rows, columns) for bone, w in weights.items()}
        self.add(part)

    def hairdo(self):
        head, s = self.head, self.skeleton
        line = [(0, 2.02), (0.8, 1.98), (1.25, 1.80), (1.50, 1.62), (1.72, 1.42), (2.0, 1.18), (2.5, 0.93), (np.pi, 0.86)]
        thick = lambda a, t: 0.045 + 0.030 * np.sin(np.pi * np.clip(t * 0.9, 0, 1)) + 0.020 * smoothstep(2.4, 1.0, a) * t
        self.add(hair.cap(head, line, thick, ridges=(26, 0.009)))
        fringe = [
            ([(0.05, 0.985, 0.22), (0.15, 0.93, 0.36), (0.265, 0.76, 0.36), (0.33, 0.58, 0.27)], 0.095, 0.040),
            ([(0.02, 0.99, 0.22), (0.06, 0.91, 0.395), (0.17, 0.77, 0.425), (0.245, 0.665, 0.375)], 0.080, 0.038),
            ([(0.10, 0.97, 0.18), (0.26, 0.88, 0.26), (0.37, 0.66, 0.20), (0.375, 0.40, 0.13), (0.34, 0.25, 0.135)], 0.085, 0.042),
            ([(0.16, 0.96, 0.02), (0.34, 0.84, 0.10), (0.425, 0.60, 0.06), (0.405, 0.36, 0.03)], 0.095, 0.04)]
        right = [
            ([(0.03, 0.99, 0.22), (-0.07, 0.93, 0.385), (-0.20, 0.78, 0.41), (-0.285, 0.64, 0.33)], 0.095, 0.040),
            ([(0.0, 0.985, 0.22), (-0.17, 0.92, 0.33), (-0.31, 0.74, 0.315), (-0.355, 0.54, 0.22)], 0.095, 0.040),
            ([(-0.10, 0.97, 0.18), (-0.27, 0.88, 0.24), (-0.375, 0.66, 0.18), (-0.38, 0.40, 0.12), (-0.345, 0.22, 0.13)], 0.085, 0.042),
            ([(-0.16, 0.96, 0.02), (-0.34, 0.84, 0.10), (-0.425, 0.60, 0.06), (-0.405, 0.36, 0.03)], 0.095, 0.04)]
        self.add(hair.locks(head, fringe + right))
        start = head.world((0.0, 0.40, -0.46))
        points = [start + (0, 0.03, 0.02), start + (0.0, -0.02, -0.035), start + (0.02, -0.10, -0.055), start + (0.055, -0.21, -0.060), start + (0.075, -0.33, -0.060), start + (0.085, -0.45, -0.062)]
        path = spline(points, 30)
        part = hair.braid("braid", "hair", path, 0.030, 9, 4.5)
        bones = self.spring("braid", "head", [path[4], path[10], path[16], path[22], path[29]], ("trunk", "head"), 0.8, 0.5, 0.4, 0.035)
        part.weights = rig.strand(s, part.points, bones, "head")
        self.add(part)
        end = path[-1]
        tuft = hair.lock("tuft", "hair", "hair", [end + (0, 0.01, 0), end + (0.004, -0.035, 0.002), end + (0.008, -0.085, 0.004)], 0.020, 0.017, (0, 0, -1.0), 7, 8)
        tuft.rigid(bones[-2])
        tie = hair.ball("tie", "hair", "band", end + (0, 0.004, 0), (0.017, 0.011, 0.016), 10, 6).rigid(bones[-2])
        self.add(tuft, tie)


def slab_values(values, rows, columns):
    """Values of a grid for the vertices of its slab (front, back reversed, seam)."""
    v = values.reshape(rows, columns)
    return np.concatenate([v, v[:, ::-1], v[:, :1]], axis=1).reshape(-1)
