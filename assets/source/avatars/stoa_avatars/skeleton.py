"""The VRM humanoid of a person: bones, their places in the T-pose, and posing by local rotations."""

from dataclasses import dataclass, field

import numpy as np

FINGERS = ("Index", "Middle", "Ring", "Little")
# Heights of the leg's joints as shares of the hips' height. Equal for everybody, so that clips keep feet on the ground.
LEG_SHARES = {"UpperLeg": 0.955, "LowerLeg": 0.515, "Foot": 0.092, "Toes": 0.022}


@dataclass
class Skeleton:
    """Bones by name with parent and place in the rest pose; every rest rotation is the identity."""

    parents: dict = field(default_factory=dict)
    places: dict = field(default_factory=dict)
    humanoid: set = field(default_factory=set)

    def add(self, name, parent, place, is_humanoid=True):
        self.parents[name] = parent
        self.places[name] = np.asarray(place, float)
        if is_humanoid:
            self.humanoid.add(name)

    def __getitem__(self, name):
        return self.places[name]

    def names(self):
        return list(self.places)

    def local(self, name):
        parent = self.parents[name]
        return self.places[name] - (self.places[parent] if parent else 0.0)

    def pose(self, rotations, hips=None):
        """World rotation matrix and place of every bone, for local quaternions (x, y, z, w) by name."""
        world = {}
        for name in self.places:
            parent = self.parents[name]
            turn = matrix(rotations[name]) if name in rotations else np.eye(3)
            if parent is None:
                world[name] = (turn, self.places[name] if hips is None else np.asarray(hips, float))
            else:
                up_turn, up_place = world[parent]
                world[name] = (up_turn @ turn, up_place + up_turn @ self.local(name))
        return world


@dataclass
class Build:
    """Measures of a body in metres. Chin to crown is `head`; shoulder and hip are half widths between joints."""

    height: float
    head: float
    hips: float
    shoulder: float
    hip: float
    upper_arm: float
    lower_arm: float
    hand: float = 1.0
    foot: float = 0.24
    neck: float = 0.095


def humanoid(build):
    """The skeleton of a body."""
    s = Skeleton()
    chin = build.height - build.head
    shoulder_y = chin - build.neck
    trunk = shoulder_y - build.hips
    s.add("hips", None, (0, build.hips, 0))
    s.add("spine", "hips", (0, build.hips + 0.22 * trunk, -0.005))
    s.add("chest", "spine", (0, build.hips + 0.50 * trunk, -0.012))
    s.add("upperChest", "chest", (0, build.hips + 0.76 * trunk, -0.018))
    s.add("neck", "upperChest", (0, shoulder_y + 0.03, -0.022))
    s.add("head", "neck", (0, chin + 0.02, -0.012))
    for side, x in (("left", 1.0), ("right", -1.0)):
        add_arm(s, build, side, x, shoulder_y)
        add_leg(s, build, side, x)
    return s


def add_arm(s, build, side, x, shoulder_y):
    z = -0.02
    s.add(side + "Shoulder", "upperChest", (x * 0.028, shoulder_y - 0.005, z))
    s.add(side + "UpperArm", side + "Shoulder", (x * build.shoulder, shoulder_y - 0.012, z))
    elbow = build.shoulder + build.upper_arm
    s.add(side + "LowerArm", side + "UpperArm", (x * elbow, shoulder_y - 0.012, z))
    wrist = elbow + build.lower_arm
    s.add(side + "Hand", side + "LowerArm", (x * wrist, shoulder_y - 0.012, z))
    k = build.hand
    y = shoulder_y - 0.012
    s.add(side + "ThumbMetacarpal", side + "Hand", (x * (wrist + 0.018 * k), y - 0.006 * k, z + 0.022 * k))
    s.add(side + "ThumbProximal", side + "ThumbMetacarpal", (x * (wrist + 0.046 * k), y - 0.013 * k, z + 0.046 * k))
    for name, offset, reach, length in (("Index", 0.030, 0.084, 0.036), ("Middle", 0.010, 0.088, 0.040),
                                        ("Ring", -0.010, 0.085, 0.037), ("Little", -0.029, 0.077, 0.028)):
        s.add(f"{side}{name}Proximal", side + "Hand", (x * (wrist + reach * k), y, z + offset * k))
        s.add(f"{side}{name}Intermediate", f"{side}{name}Proximal", (x * (wrist + (reach + length) * k), y, z + offset * k))


def add_leg(s, build, side, x):
    y = {joint: build.hips * share for joint, share in LEG_SHARES.items()}
    s.add(side + "UpperLeg", "hips", (x * build.hip, y["UpperLeg"], 0.0))
    s.add(side + "LowerLeg", side + "UpperLeg", (x * build.hip, y["LowerLeg"], 0.004))
    s.add(side + "Foot", side + "LowerLeg", (x * build.hip, y["Foot"], -0.018))
    s.add(side + "Toes", side + "Foot", (x * build.hip, y["Toes"], -0.018 + 0.135 * build.hips / 0.9))


def matrix(q):
    """Rotation matrix of a unit quaternion (x, y, z, w)."""
    x, y, z, w = q
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])


def chain_weights(t, bones, cuts, widths):
    """Weights along a chain: bone i holds from cut i-1 to cut i, blended over `widths` either side of each cut."""
    t = np.asarray(t, float)
    widths = np.broadcast_to(widths, len(cuts))
    above = [np.ones_like(t)]
    for cut, width in zip(cuts, widths):
        above.append(above[-1] * smoother(cut - width, cut + width, t))
    above.append(np.zeros_like(t))
    return {bone: above[i] - above[i + 1] for i, bone in enumerate(bones)}


def smoother(low, high, x):
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * t * (t * (6 * t - 15) + 10)


def mix(a, b, share):
    """Weights a and b mixed: `share` (per vertex) of b."""
    out = {}
    for weights, factor in ((a, 1 - share), (b, share)):
        for bone, value in weights.items():
            out[bone] = out.get(bone, 0.0) + value * factor
    return out
