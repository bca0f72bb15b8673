"""Juma: a short, round, old scholar. White beard, gold spectacles, embroidered cap, a wide plum robe with a saffron sash."""

import numpy as np

from .. import body, hair, rig
from ..geometry import Part, column, grid, lerp, ring_angles, slab, smoothstep, tube
from ..head import Face
from ..paint import bands, cloth, motif_band, stripes
from ..person import Person
from ..skeleton import Build


class Juma(Person):
    name = "Juma"
    build = Build(height=1.55, head=0.272, hips=0.765, shoulder=0.158, hip=0.088, upper_arm=0.222, lower_arm=0.205, hand=1.0, foot=0.235, neck=0.075)
    face = Face(skin="#6f4429", blush="#8a3f2c", lips="#5a2c24", hair="#c4bdb2", iris="#4a2a16", iris_rim="#120a06", white="#efe6d8",
                jaw=0.300, chin=0.10, cheek=0.172, width=0.390, nose=1.35, nose_width=1.55, ear=1.1, eye_y=0.470, eye_width=0.072, eye_up=0.058,
                eye_down=0.052, iris_radius=0.054, lid=0.24, lash=0.012, lash_wing=0.0, eye_tilt=-0.10, brow_y=0.612, brow_thick=0.060, brow_width=0.110,
                brow_arch=0.026, brow_tilt=-0.018, mouth_y=0.182, mouth_width=0.078, mouth_smile=0.34, wrinkles=0.8)
    hair_light = "#ddd8cf"
    hair_shine = 0.25
    ground = ((0.93, 0.86, 0.76), (0.80, 0.68, 0.58))

    def dress(self):
        s, b = self.skeleton, self.build
        self.paint()
        self.add(body.neck(s, b, 0.058, 0.060), body.hands(s, b, fullness=1.18))
        self.robe()
        self.sleeves()
        self.feet()
        self.cap()
        self.beard()
        self.spectacles()

    def paint(self):
        robe = bands(cloth("#5b2a55", 0.16, 71, (14, 12), 0.03), (0.915, 0.985, "#c8922f"), (0.895, 0.903, "#e6c375"))
        robe = motif_band(robe, 0.925, 0.975, "#5b2a55", 24)
        self.region("robe", 256, 224, robe)
        self.region("panel", 48, 224, stripes(motif_band(cloth("#c8922f", 0.10, 72, weave=0.03), 0.0, 1.0, "#c8922f", 1), "#8a5a1c", 18, 0.25, along="v", amount=0.6))
        wide = bands(cloth("#5b2a55", 0.06, 73, (10, 8), 0.03), (0.86, 0.965, "#c8922f"), (0.84, 0.848, "#e6c375"))
        self.region("sleeve", 144, 96, motif_band(wide, 0.875, 0.95, "#5b2a55", 14))
        self.region("under", 48, 48, cloth("#efe3c8", 0.05, 74))
        self.region("sash", 160, 40, stripes(cloth("#d9a038", 0.12, 75, weave=0.04), "#a8352c", 5, 0.22, along="v", amount=0.9))
        kufi = cloth("#3a2450", 0.12, 76, weave=0.03)
        for low, high, color, count, kind in ((0.62, 0.86, "#e0b24f", 18, "diamond"), (0.90, 0.98, "#e0b24f", 36, "dot"), (0.40, 0.56, "#c75b4a", 14, "wave"), (0.22, 0.34, "#e0b24f", 10, "diamond")):
            kufi = motif_band(kufi, low, high, color, count, kind)
        self.region("kufi", 192, 96, kufi)
        self.region("gold", 16, 16, cloth("#d8ab4b", 0.3, weave=0))
        self.region("shoe", 64, 48, cloth("#8a3b2c", 0.2, 78))
        self.region("sole", 16, 16, cloth("#3a2a20", 0.1))

    def keys(self):
        top, h = self.skeleton["leftUpperArm"][1], self.build.hips
        return [(top + 0.056, 0.066, 0.058, 0.070, -0.016), (top + 0.042, 0.090, 0.074, 0.082, -0.016), (top + 0.020, 0.128, 0.095, 0.096, -0.012),
                (top - 0.020, 0.160, 0.122, 0.112, -0.006), (top - 0.09, 0.180, 0.152, 0.124, 0.002), (top - 0.19, 0.204, 0.208, 0.136, 0.012), (h + 0.09, 0.216, 0.232, 0.142, 0.014),
                (h - 0.02, 0.218, 0.218, 0.156, 0.008), (h - 0.16, 0.222, 0.204, 0.172, 0.004), (h - 0.38, 0.242, 0.212, 0.198, 0.0), (0.105, 0.272, 0.236, 0.226, 0.0)]

    def robe(self):
        s, keys = self.skeleton, self.keys()
        h = self.build.hips
        wave = lambda a, t, y: 1 + (0.045 * np.cos(9 * a + 0.9) + 0.018 * np.cos(14 * a)) * smoothstep(0.50, 1.0, t)
        part = column("robe", "body", "robe", keys, 26, 32, 2.2, fold=(0.010, 0.04), wave=wave)
        part.weights = rig.skirt(s, part.points, 0.92, 0.70, 0.80)
        panel_path = np.column_stack([np.linspace(keys[0][0] - 0.012, 0.11, 26), np.full(26, np.pi)])
        panel = body.ribbon("panel", "panel", keys, panel_path, np.linspace(0.058, 0.075, 26), 0.005, 0.008, 4)
        bulge = 1 + (0.045 * np.cos(9 * np.pi + 0.9) + 0.018 * np.cos(14 * np.pi)) * smoothstep(0.5, 1.0, panel.uvs[:, 1])
        panel.points[:, 2] *= np.maximum(bulge, 1.0) * 1.012
        panel.weights = rig.skirt(s, panel.points, 0.92, 0.70, 0.80)
        y = s["neck"][1] + 0.012
        collar = body.closed_tube("collar", "under", body.ring_path(y, 0.074, 0.074, -0.014, 22, tilt=0.012), 0.012, 0.020, 8)
        collar.weights = {"upperChest": 0.7 * np.ones(len(collar.points)), "neck": 0.3 * np.ones(len(collar.points))}
        sash = body.belt(s, "sash", h + 0.045, 0.085, 0.218, 0.232, 0.150, 0.012, 0.010, 36, weights=lambda s, p: rig.skirt(s, p))
        self.add(part, panel, collar, sash)
        for i, (dx, length) in enumerate(((0.045, 0.30), (0.085, 0.25))):
            x, top = 0.115 + dx * 0.5, h + 0.04
            rows, columns = 9, 5
            v, u = np.linspace(0, 1, rows)[:, None], np.linspace(-1, 1, columns)[None, :]
            base = body.on_column(keys, top - length * v + 0 * u, np.pi - 0.62 - i * 0.18 + 0.09 * u, 0.022 + 0.006 * i + 0.012 * v + 0.004 * np.cos(3 * u), 2.2)
            end = slab(f"sashEnd{i}", "body", "sash", base, 0.009, (0.4, 0, 1))
            end.weights = rig.skirt(s, end.points, 0.92, 0.70, 0.80)
            self.add(end)

    def sleeves(self):
        s = self.skeleton
        joint, elbow, wrist = (s["left" + n][0] for n in ("UpperArm", "LowerArm", "Hand"))
        self.add(body.sleeve(s, "sleeve", [
            (joint - 0.080, 0.060, 0.078, 0.002), (joint - 0.035, 0.075, 0.086, -0.004), (joint + 0.02, 0.074, 0.080, -0.008), (joint + 0.12, 0.069, 0.073, -0.012),
            (elbow, 0.072, 0.073, -0.018), (elbow + 0.09, 0.086, 0.078, -0.030), (wrist - 0.025, 0.104, 0.084, -0.044)], 20, 18, fold=(0.010, 0.05),
            wave=lambda a, t: 1 + 0.03 * np.cos(26 * t + 2 * np.sin(a)) * smoothstep(0.15, 0.5, t) * (1 - smoothstep(0.7, 0.95, t))))
        self.add(body.sleeve(s, "under", [(elbow + 0.02, 0.040, 0.042, 0), (wrist - 0.04, 0.036, 0.040, 0), (wrist - 0.004, 0.033, 0.037, 0)], 7, 14, name="leftUnderSleeve"))

    def feet(self):
        s, b, h = self.skeleton, self.build, self.build.hips
        self.add(body.leg(s, "under", [(h * 0.45, 0.060, 0.060, 0.062, 0.0), (h * 0.25, 0.054, 0.054, 0.058, -0.012), (0.05, 0.046, 0.048, 0.048, -0.018)], 8, 12, name="leftTrouser"))
        self.add(body.shoes(s, b, "shoe", "sole", 0.048, 0.080, 0.012, 1.05))

    def cap(self):
        head = self.head
        profile = np.array([(0.0, 1.052), (0.16, 1.048), (0.29, 1.028), (0.350, 0.985), (0.378, 0.92), (0.394, 0.82), (0.402, 0.745), (0.392, 0.735), (0.37, 0.76)])
        angle = ring_angles(36)
        r, y = profile[:, :1], profile[:, 1:] + 0 * angle
        y = y - 0.035 * np.cos(angle) * -1.0 * (1.05 - profile[:, 1:]) * 2.2
        points = np.stack([r * np.sin(angle), y, -r * np.cos(angle) * 1.12 - 0.045], -1)
        points[:, -1] = points[:, 0]
        part = grid("kufi", "hair", "kufi", head.world(points), core=head.world(np.column_stack([0 * profile[:, 0], profile[:, 1] - 0.1, 0 * profile[:, 0] - 0.04])),
                    v=[0, 0.18, 0.36, 0.5, 0.62, 0.82, 1, 1, 1])
        self.add(part.rigid("head"))
        line = [(0, 2.00), (0.8, 1.98), (1.25, 1.84), (1.45, 1.72), (1.60, 1.50), (1.70, 1.10), (2.0, 0.80), (np.pi, 0.70)]
        self.add(hair.cap(head, line, lambda a, t: 0.010 + 0.022 * t, ridges=(34, 0.010), columns=36, rows=10))

    def beard(self):
        head, k = self.head, self.head.scale
        columns, rows = 34, 13
        u, t = np.meshgrid(np.linspace(-1, 1, columns + 1), np.linspace(0, 1, rows))
        angle = np.pi + u * 1.72
        side = np.abs(u)
        top = lerp(2.335, 1.93, smoothstep(0.16, 0.52, side)) - 0.30 * smoothstep(0.62, 1.0, side)
        low = lerp(2.95, 2.25, smoothstep(0.35, 1.0, side))
        polar = lerp(top, low, t)
        direction = np.stack([np.sin(polar) * np.sin(angle), np.cos(polar), -np.sin(polar) * np.cos(angle)], -1)
        base = head.surface(direction)
        bulk = np.sin(np.pi * np.clip(t, 0, 1)) ** 0.7
        strand = 0.016 * np.cos(30 * u + 3 * np.sin(5 * u)) * smoothstep(0.1, 0.5, t)
        thickness = (lerp(0.130, 0.055, smoothstep(0.15, 0.8, side)) + strand) * bulk - 0.012 * (t == 0) - 0.02 * (t == 1)
        points = base + direction * (thickness * k)[..., None]
        chin = np.exp(-((u / 0.36) ** 2)) * bulk * smoothstep(0.05, 0.6, t)
        points[..., 1] -= 0.115 * k * chin
        points[..., 2] += 0.070 * k * chin
        part = grid("beard", "head", "hair", points, core=np.broadcast_to(head.center - (0, 0.05, 0), (rows, 3)))
        moustache = hair.locks(head, hair.mirrored([([(0.0, 0.268, 0.400), (0.070, 0.252, 0.395), (0.150, 0.200, 0.335), (0.20, 0.125, 0.285)], 0.046, 0.034, 0.8)]), mesh="head", rings=9, segments=9)
        for piece in (part.rigid("head"), *moustache):
            self.follow_jaw(piece, 1.0 if piece is part else 0.15)
            self.add(piece)

    def follow_jaw(self, part: Part, share):
        """Hair on the face moves as the skin under it does."""
        from ..head import EXPRESSIONS
        for name, controls in EXPRESSIONS.items():
            delta = self.head.flesh(part.points, controls) * share
            if np.abs(delta).max() > 1.0e-4:
                part.morphs[name] = delta

    def spectacles(self):
        head, f, k = self.head, self.face, self.head.scale
        angle = np.linspace(0, 2 * np.pi, 25)
        for sign in (1, -1):
            center = head.front(np.array([sign * f.eye_x]), np.array([f.eye_y]), 0.05 * k)[0] + (0, -0.002, 0.004)
            path = center + 0.112 * k * np.stack([np.sin(angle), np.cos(angle) * 0.96, -0.20 * sign * np.sin(angle)], -1)
            outward = path - center
            ring = tube("rim", "head", "gold", path, outward / np.linalg.norm(outward, axis=1, keepdims=True), (0, 0, 1.0), 0.0026, 0.0030, 6, cap=(False, False))
            ring.points[-7:] = ring.points[:7]
            ear = head.world((sign * (f.width + 0.012), 0.475, -0.02))
            start = center + (sign * 0.112 * k, 0.008, -0.2 * 0.112 * k)
            arm = np.stack([start, lerp(start, ear, 0.5) + (sign * 0.006, 0, 0.004), ear, ear + (0, -0.012, -0.02)])
            temple = tube("temple", "head", "gold", arm, (0, 1.0, 0), (1.0, 0, 0), 0.0022, 0.0022, 6)
            self.add(ring.rigid("head"), temple.rigid("head"))
        y = f.eye_y + 0.01
        x = np.array([-0.062, -0.03, 0.0, 0.03, 0.062])
        bridge = head.front(x, np.full(5, y) + np.array([0, 0.012, 0.016, 0.012, 0]), 0.02 * k)
        bridge[:, 2] = np.maximum(bridge[:, 2], head.front(np.array([f.eye_x]), np.array([f.eye_y]), 0.05 * k)[0, 2])
        self.add(tube("bridge", "head", "gold", bridge, (0, 1.0, 0), (0, 0, 1.0), 0.0026, 0.0026, 6).rigid("head"))
