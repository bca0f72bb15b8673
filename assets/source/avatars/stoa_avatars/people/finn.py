"""Finn: a tall gardener in his middle years. Straw hat, sandy moustache, linen shirt with rolled sleeves, green apron, rubber boots."""

import numpy as np

from .. import body, hair, rig
from ..geometry import ball, column, grid, lerp, ring_angles, slab, smoothstep
from ..head import Face
from ..paint import bands, blend, cloth, flat, rgb, stripes, value_noise
from ..person import Person
from ..skeleton import Build


def straw(u, v):
    """Plaited straw with a red band around the crown."""
    rings = 0.5 + 0.5 * np.sin(v * 190.0)
    plait = 0.5 + 0.5 * np.sin(u * 2 * np.pi * 60 + np.sin(v * 190.0) * 2.0)
    base = flat(u, "#d9b25f") * (0.80 + 0.16 * rings + 0.08 * plait)[..., None] * (1 + 0.08 * value_noise(u, v, (12, 8), 5))[..., None]
    on_band = smoothstep(0.335, 0.345, v) * (1 - smoothstep(0.425, 0.435, v))
    return blend(base, rgb("#a8402f"), on_band)


class Finn(Person):
    name = "Finn"
    build = Build(height=1.80, head=0.262, hips=0.965, shoulder=0.168, hip=0.086, upper_arm=0.272, lower_arm=0.250, hand=1.12, foot=0.275, neck=0.092)
    face = Face(skin="#e3a983", blush="#cf6a4c", lips="#b9685a", hair="#9a6a35", iris="#4d7ea8", iris_rim="#16222e", freckles=0.5,
                jaw=0.292, chin=0.105, cheek=0.132, width=0.372, nose=1.55, nose_width=1.25, ear=1.12, eye_y=0.475, eye_width=0.070, eye_up=0.056,
                eye_down=0.048, iris_radius=0.052, lid=0.20, lash=0.013, lash_wing=0.0, eye_tilt=-0.06, brow_y=0.595, brow_thick=0.046, brow_width=0.105,
                brow_arch=0.014, brow_tilt=-0.012, mouth_y=0.170, mouth_width=0.092, mouth_smile=0.26, wrinkles=0.45, stubble=0.14)
    hair_light = "#d2a262"
    hat_room = 0.035
    ground = ((0.90, 0.88, 0.78), (0.74, 0.76, 0.60))

    def dress(self):
        s, b = self.skeleton, self.build
        self.paint()
        self.trunk_colliders(0.12)
        self.add(body.neck(s, b, 0.056, 0.058), body.hands(s, b, fullness=1.08))
        self.shirt()
        self.apron()
        self.legs()
        self.hat()
        self.hairdo()

    def paint(self):
        check = stripes(cloth("#c9d3d6", 0.08, 51, (14, 10), 0.03), "#7f9fae", 22, 0.16, along="u", amount=0.75)
        self.region("shirt", 224, 128, stripes(check, "#7f9fae", 16, 0.10, along="v", amount=0.5))
        self.region("sleeve", 112, 72, stripes(cloth("#c9d3d6", 0.05, 53), "#7f9fae", 12, 0.16, along="u", amount=0.75))
        self.region("cuff", 64, 16, cloth("#aebcc2", 0.05, 54))
        self.region("forearm", 48, 48, cloth(self.face.skin, 0.03, weave=0))
        apron = bands(cloth("#4f6b3c", 0.16, 55, (10, 12), 0.03, dirt=0.3), (0.0, 0.022, "#39502a"), (0.975, 1.0, "#39502a"))
        self.region("apron", 160, 192, apron)
        self.region("pocket", 64, 40, bands(cloth("#5f7d49", 0.16, 56, weave=0.03), (0.0, 0.09, "#39502a"), (0.12, 0.15, "#83a06a")))
        self.region("strap", 16, 64, cloth("#39502a", 0.1, 57))
        self.region("trousers", 96, 128, cloth("#6a5641", 0.08, 58, dirt=0.25))
        self.region("boot", 96, 96, bands(cloth("#2f4a44", 0.25, 59, weave=0.0), (0.0, 0.07, "#c7a24a")))
        self.region("sole", 16, 16, cloth("#c7a24a", 0.1))
        self.region("straw", 256, 160, straw)
        self.region("kerchief", 64, 32, stripes(cloth("#b9452f", 0.15, 60), "#e9d3b0", 8, 0.15, along="u", amount=0.8))
        self.region("wood", 16, 32, cloth("#a5713f", 0.3, 61))
        self.region("steel", 16, 32, cloth("#9aa3a8", 0.3, 62))

    def shirt_keys(self):
        top, h = self.skeleton["leftUpperArm"][1], self.build.hips
        return [(top + 0.060, 0.062, 0.052, 0.066, -0.02), (top + 0.045, 0.086, 0.066, 0.078, -0.02), (top + 0.022, 0.130, 0.084, 0.092, -0.018),
                (top - 0.015, 0.160, 0.102, 0.104, -0.014), (top - 0.09, 0.163, 0.121, 0.106, -0.008), (top - 0.20, 0.150, 0.116, 0.100, -0.004),
                (h + 0.12, 0.142, 0.108, 0.100, 0.0), (h + 0.02, 0.150, 0.116, 0.116, 0.0), (h - 0.08, 0.166, 0.126, 0.132, 0.0), (h - 0.15, 0.174, 0.134, 0.138, 0.0)]

    def shirt(self):
        s = self.skeleton
        wave = lambda a, t, y: 1 + 0.022 * np.cos(8 * a + 1.0) * smoothstep(0.7, 1.0, t)
        part = column("shirt", "body", "shirt", self.shirt_keys(), 21, 26, 2.3, fold=(0.007, 0.03), wave=wave)
        part.weights = rig.skirt(s, part.points)
        x0 = s["leftLowerArm"][0]
        joint = s["leftUpperArm"][0]
        self.add(part, body.sleeve(s, "sleeve", [
            (joint - 0.085, 0.056, 0.066, 0.004), (joint - 0.045, 0.069, 0.074, 0.0), (joint, 0.066, 0.068, -0.002), (joint + 0.10, 0.055, 0.057, 0),
            (x0 - 0.05, 0.052, 0.054, 0), (x0 + 0.015, 0.050, 0.052, 0), (x0 + 0.05, 0.052, 0.054, 0)], 17, 14,
            wave=lambda a, t: 1 + 0.03 * np.cos(22 * t + 2 * np.sin(a)) * smoothstep(0.3, 0.7, t)))
        self.add(body.sleeve(s, "cuff", [(x0 + 0.020, 0.056, 0.058, 0), (x0 + 0.030, 0.060, 0.062, 0), (x0 + 0.062, 0.060, 0.062, 0), (x0 + 0.072, 0.056, 0.058, 0)],
                             6, 14, name="leftCuff", fold=(0.012, 0.03)))
        wrist = s["leftHand"][0]
        self.add(body.sleeve(s, "forearm", [(x0 - 0.02, 0.040, 0.042, 0), (x0 + 0.06, 0.041, 0.044, 0), (x0 + 0.12, 0.038, 0.041, 0), (wrist - 0.05, 0.029, 0.033, 0),
                                            (wrist - 0.01, 0.026, 0.031, 0), (wrist + 0.015, 0.024, 0.030, -0.001)], 12, 14, name="leftForearm", fold=None))
        y = s["neck"][1] + 0.004
        path = body.ring_path(y, 0.080, 0.080, -0.016, 28, tilt=0.022)
        part = body.closed_tube("kerchief", "kerchief", path, 0.016, 0.022, 8, lambda a, t: 1 + 0.10 * np.cos(10 * np.pi * t))
        part.weights = {"upperChest": 0.7 * np.ones(len(part.points)), "neck": 0.3 * np.ones(len(part.points))}
        part.uvs = part.uvs[:, ::-1].copy()
        knot = ball("knot", "body", "kerchief", path[14] + (0, -0.010, 0.012), (0.018, 0.017, 0.014), 10, 6).rigid("upperChest")
        self.add(part, knot)
        for sign, length in ((1, 0.075), (-1, 0.065)):
            top = path[14] + (sign * 0.008, -0.014, 0.012)
            end = hair.lock("kerchiefEnd", "body", "kerchief", [top, top + (sign * 0.014, -0.03, 0.008), top + (sign * 0.024, -length, 0.002)], 0.020, 0.005, (0, 0, 1.0), 6, 8, root=0.5)
            self.add(end.rigid("upperChest"))

    def apron(self):
        s, h, keys = self.skeleton, self.build.hips, self.shirt_keys()
        low = h * 0.50
        keys = keys[:-1] + [(low, 0.200, 0.172, 0.16, 0.012)]
        top = s["leftUpperArm"][1] - 0.055
        v = np.linspace(0, 1, 15)[:, None]
        u = np.linspace(-1, 1, 13)[None, :]
        y = lerp(top, low, v)
        bib = 1 - smoothstep(h + 0.10, h + 0.17, y)
        span = lerp(0.66, 1.50, bib) - 0.18 * smoothstep(h, low, y)
        fold = 0.010 * np.cos(u * 11.0) * smoothstep(h, low, y)
        points = body.on_column(keys, y + 0 * u, np.pi + u * span, 0.013 + fold, 2.25)
        part = slab("apron", "body", "apron", points, 0.008, (0, 0, 1))
        part.weights = rig.skirt(s, part.points)
        self.add(part)
        pocket_u, pocket_v = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(0, 1, 6))
        pocket_points = body.on_column(keys, h - 0.03 - 0.13 * pocket_v, np.pi - pocket_u * 0.62, 0.021 + 0.006 * np.cos(pocket_u * 1.4), 2.25)
        pocket = slab("pocket", "body", "pocket", pocket_points, 0.008, (0, 0, 1))
        pocket.weights = rig.skirt(s, pocket.points)
        self.add(pocket)
        self.add(body.belt(s, "strap", h + 0.115, 0.026, 0.150, 0.114, 0.108, 0.0, 0.005))
        ring = [(top - 0.005, np.pi - 0.50), (top + 0.035, np.pi - 0.62), (s["leftUpperArm"][1] + 0.012, np.pi - 0.85), (s["leftUpperArm"][1] + 0.034, np.pi - 1.25),
                (s["leftUpperArm"][1] + 0.042, np.pi - 1.7), (s["leftUpperArm"][1] + 0.035, 0.95), (s["leftUpperArm"][1] + 0.005, 0.55), (h + 0.28, 0.10), (h + 0.12, -0.25)]
        t = np.linspace(0, 1, len(ring))
        path = np.array([[np.interp(x, t, np.array(ring)[:, c]) for c in (0, 1)] for x in np.linspace(0, 1, 22)])
        strap = body.ribbon("leftStrap", "strap", self.shirt_keys(), path, 0.026, 0.008, 0.006, 3, 2.3)
        strap.weights = rig.trunk(s, strap.points)
        self.add(strap, strap.mirrored())
        self.trowel(h)

    def trowel(self, h):
        """A trowel that looks out of the pocket."""
        base = np.array([-0.062, h - 0.035, 0.160])
        blade = hair.lock("handle", "body", "wood", [base + (0, -0.03, 0), base + (0.004, 0.03, 0.004), base + (0.008, 0.085, 0.006)], 0.012, 0.012, (0, 0, 1.0), 6, 8, root=0.9, tip=0.8)
        collar = ball("ferrule", "body", "steel", base + (0.001, 0.005, 0.001), (0.012, 0.012, 0.012), 8, 5)
        for part in (blade, collar):
            part.weights = {"hips": np.ones(len(part.points))}
        self.add(blade, collar)

    def legs(self):
        s, b, h = self.skeleton, self.build, self.build.hips
        self.add(body.leg(s, "trousers", [
            (h - 0.09, 0.072, 0.080, 0.088, 0.0), (h - 0.24, 0.072, 0.078, 0.080, 0.0), (h * 0.60, 0.066, 0.070, 0.068, 0.0),
            (h * 0.515, 0.063, 0.068, 0.062, 0.004), (h * 0.42, 0.062, 0.062, 0.068, -0.004), (h * 0.32, 0.058, 0.054, 0.062, -0.01)], 16, 14))
        self.add(body.leg(s, "boot", [
            (h * 0.395, 0.068, 0.066, 0.074, -0.006), (h * 0.37, 0.069, 0.067, 0.075, -0.006), (h * 0.28, 0.064, 0.060, 0.068, -0.012), (h * 0.17, 0.053, 0.054, 0.056, -0.016),
            (h * 0.10, 0.051, 0.056, 0.054, -0.018), (0.05, 0.051, 0.060, 0.058, -0.018)], 12, 16, fold_top=(0.010, 0.03), name="leftBoot"))
        self.add(body.shoes(s, b, "boot", "sole", 0.055, 0.098, 0.020, 1.06))

    def hat(self):
        head, k = self.head, self.head.scale
        profile = np.array([(0.0, 0.335), (0.12, 0.335), (0.25, 0.315), (0.345, 0.265), (0.395, 0.17), (0.415, 0.07), (0.425, 0.0), (0.455, -0.02),
                            (0.56, -0.035), (0.70, -0.050), (0.80, -0.055), (0.825, -0.066), (0.80, -0.078), (0.60, -0.062), (0.43, -0.045), (0.40, 0.03)])
        angle = ring_angles(30)
        r, y = profile[:, :1], profile[:, 1:]
        out = smoothstep(0.45, 0.82, r)
        wave = out * (0.030 * np.cos(2 * angle + 0.4) + 0.018 * np.cos(5 * angle + 1.0))
        dent = -0.05 * np.exp(-((r / 0.18) ** 2)) * (1 + 0 * angle)
        points = np.stack([r * np.sin(angle), y + wave + dent, -r * np.cos(angle) * 1.10 - 0.04], -1)
        tilt = np.radians(-9)
        c, n = np.cos(tilt), np.sin(tilt)
        points = points @ np.array([[1, 0, 0], [0, c, -n], [0, n, c]]).T
        points[:, -1] = points[:, 0]
        points = head.world(points + (0, 0.735, -0.035))
        core = np.array([head.world((0, 0.735 + yy + (-0.2 if i < 11 else 0.15), -0.03)) for i, yy in enumerate(profile[:, 1])])
        part = grid("hat", "hair", "straw", points, core=core).rigid("head")
        self.add(part)

    def hairdo(self):
        head = self.head
        line = [(0, 2.02), (0.7, 1.98), (1.2, 1.80), (1.45, 1.62), (1.62, 1.50), (1.80, 1.28), (2.3, 1.02), (np.pi, 0.95)]
        self.add(hair.cap(head, line, lambda a, t: 0.022 + 0.022 * t, ridges=(30, 0.010), columns=36, rows=11))
        tufts = [([(0.30, 0.62, -0.15), (0.385, 0.56, -0.10), (0.42, 0.46, -0.07)], 0.06, 0.03), ([(0.33, 0.68, 0.08), (0.385, 0.58, 0.10), (0.375, 0.40, 0.085)], 0.048, 0.026),
                 ([(0.22, 0.5, -0.38), (0.27, 0.36, -0.36), (0.26, 0.22, -0.32)], 0.115, 0.04), ([(0.06, 0.5, -0.46), (0.08, 0.34, -0.44), (0.09, 0.19, -0.40)], 0.12, 0.04)]
        self.add(hair.locks(head, hair.mirrored(tufts), rings=6, segments=7))
        fringe = [([(0.02, 0.80, 0.30), (0.10, 0.74, 0.405), (0.20, 0.655, 0.385)], 0.055, 0.026), ([(-0.02, 0.80, 0.30), (-0.09, 0.75, 0.405), (-0.15, 0.68, 0.405)], 0.05, 0.025)]
        self.add(hair.locks(head, fringe, rings=6, segments=7))
        moustache = hair.mirrored([([(0.004, 0.255, 0.395), (0.055, 0.247, 0.400), (0.122, 0.210, 0.348), (0.160, 0.160, 0.300)], 0.036, 0.026, 0.8)])
        for part in hair.locks(head, moustache, mesh="head", rings=8, segments=8):
            self.add(part)
