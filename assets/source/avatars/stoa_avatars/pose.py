"""Poses of the humanoid: arms and trunk by angles, legs by inverse kinematics of planted feet."""

import numpy as np

from .geometry import unit
from .skeleton import FINGERS, Build, humanoid, matrix

SIDES = ("left", "right")
SIGN = {"left": 1.0, "right": -1.0}
# The body that clips are made for; a reader scales the hips' motion by the ratio of hip heights.
REFERENCE = Build(height=1.68, head=0.26, hips=0.90, shoulder=0.152, hip=0.084, upper_arm=0.245, lower_arm=0.228)


def axis(x, y, z, degrees):
    """Quaternion about an axis."""
    half = np.radians(degrees) / 2
    n = np.linalg.norm((x, y, z))
    s = np.sin(half) / n
    return np.array([x * s, y * s, z * s, np.cos(half)])


def times(a, b):
    """a after b."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return np.array([aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
                     aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz])


def turn(x=0.0, y=0.0, z=0.0):
    """Rotation about Z, then X, then Y; degrees."""
    return times(axis(0, 1, 0, y), times(axis(1, 0, 0, x), axis(0, 0, 1, z)))


def slerp(a, b, t):
    """Spherical interpolation, the short way."""
    dot = float(a @ b)
    if dot < 0:
        b, dot = -b, -dot
    angle = np.arccos(min(1.0, dot))
    if angle < 1.0e-4:
        return a
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def from_matrix(m):
    """Unit quaternion of a rotation matrix."""
    w = np.sqrt(max(0.0, 1 + m[0, 0] + m[1, 1] + m[2, 2])) / 2
    x = np.sqrt(max(0.0, 1 + m[0, 0] - m[1, 1] - m[2, 2])) / 2
    y = np.sqrt(max(0.0, 1 - m[0, 0] + m[1, 1] - m[2, 2])) / 2
    z = np.sqrt(max(0.0, 1 - m[0, 0] - m[1, 1] + m[2, 2])) / 2
    q = np.array([np.copysign(x, m[2, 1] - m[1, 2]), np.copysign(y, m[0, 2] - m[2, 0]), np.copysign(z, m[1, 0] - m[0, 1]), w])
    return q / np.linalg.norm(q)


def basis(along, sideways):
    a = unit(along)
    b = unit(sideways - a * (a @ sideways))
    return np.stack([a, b, np.cross(a, b)], axis=1)


class Pose:
    """Local rotations by bone and the place of the hips, in metres of the reference body."""

    def __init__(self, hips=(0.0, 0.0, 0.0)):
        self.skeleton = SKELETON
        self.hips = SKELETON["hips"] + np.asarray(hips, float)
        self.rotations = {}
        self.reach = {}

    def set(self, bone, x=0.0, y=0.0, z=0.0):
        self.rotations[bone] = turn(x, y, z)
        return self

    def spine(self, x=0.0, y=0.0, z=0.0):
        """Bends the trunk, shared by three bones."""
        for bone, share in (("spine", 0.30), ("chest", 0.35), ("upperChest", 0.35)):
            self.set(bone, x * share, y * share, z * share)
        return self

    def look(self, x=0.0, y=0.0, z=0.0):
        """Turns the head, shared with the neck."""
        return self.set("neck", x * 0.4, y * 0.4, z * 0.4).set("head", x * 0.6, y * 0.6, z * 0.6)

    def arm(self, side, down=74.0, swing=0.0, bend=18.0, twist=0.0, shrug=0.0, forward=0.0, wrist=0.0):
        """`down` from the T-pose, `swing` forward, elbow `bend`, `twist` about the arm's axis; degrees."""
        k = SIGN[side]
        self.set(side + "Shoulder", 0, -k * forward, k * shrug)
        upper = times(axis(1, 0, 0, -swing), times(axis(0, 0, 1, -k * down), axis(1, 0, 0, twist)))
        self.rotations[side + "UpperArm"] = upper
        self.rotations[side + "LowerArm"] = axis(0, 1, 0, -k * bend)
        self.rotations[side + "Hand"] = axis(0, 0, 1, -k * wrist)
        return self

    def fingers(self, side, curl=22.0, spread=0.0, thumb=14.0):
        """Bends the fingers towards the palm."""
        k = SIGN[side]
        for i, name in enumerate(FINGERS):
            more = curl * (0.85 + 0.12 * i)
            self.rotations[f"{side}{name}Proximal"] = times(axis(0, 1, 0, -k * spread * (1.5 - i)), axis(0, 0, 1, -k * more))
            self.rotations[f"{side}{name}Intermediate"] = axis(0, 0, 1, -k * more * 1.25)
        self.rotations[side + "ThumbMetacarpal"] = times(axis(0, 1, 0, k * thumb * 0.6), axis(0, 0, 1, -k * thumb * 0.5))
        self.rotations[side + "ThumbProximal"] = axis(0, 1, 0, k * thumb)
        return self

    def ankle_of(self, side, toe, pitch=0.0, yaw=0.0):
        """Ankle's place when the ball of the foot is over `toe` on the ground and the heel is up by `pitch`."""
        s = self.skeleton
        offset = s[side + "Foot"] - s[side + "Toes"]
        place = np.array([toe[0], toe[1] + s[side + "Toes"][1], toe[2]])
        return place + matrix(turn(pitch, yaw)) @ offset

    def plant(self, side, ankle, pitch=0.0, yaw=0.0, toes=0.0, knee_out=0.0):
        """Puts the ankle at a place in model space. `pitch` lifts the heel, `toes` bends them up, `knee_out` opens the knee."""
        s, k = self.skeleton, SIGN[side]
        world = s.pose(self.rotations, self.hips)
        hip_turn, _ = world["hips"]
        start = world[side + "UpperLeg"][1]
        thigh, shin = s.local(side + "LowerLeg"), s.local(side + "Foot")
        a, b = np.linalg.norm(thigh), np.linalg.norm(shin)
        target = np.asarray(ankle, float)
        span = target - start
        distance = np.linalg.norm(span)
        self.reach[side] = distance / (a + b)
        distance = np.clip(distance, abs(a - b) + 1e-4, 0.9995 * (a + b))
        direction = unit(span)
        forward = matrix(turn(0, yaw + k * knee_out)) @ np.array([0, 0.6, 1.0])
        bend = unit(forward - direction * (forward @ direction))
        cosine = np.clip((a * a + distance * distance - b * b) / (2 * a * distance), -1, 1)
        knee = start + direction * a * cosine + bend * a * np.sqrt(1 - cosine * cosine)
        end = start + direction * distance
        hinge = np.cross(bend, direction)
        rest_x = np.array([1.0, 0, 0])
        sideways = hinge if hinge @ rest_x > 0 else -hinge
        upper = basis(knee - start, sideways) @ basis(thigh, rest_x).T
        lower = basis(end - knee, sideways) @ basis(shin, rest_x).T
        foot = matrix(turn(pitch, yaw))
        self.rotations[side + "UpperLeg"] = from_matrix(hip_turn.T @ upper)
        self.rotations[side + "LowerLeg"] = from_matrix(upper.T @ lower)
        self.rotations[side + "Foot"] = from_matrix(lower.T @ foot)
        self.rotations[side + "Toes"] = axis(1, 0, 0, -toes)
        return self

    def touch(self, side, wrist, elbow, palm, along):
        """Puts the wrist at a place in model space, the elbow towards `elbow`, the palm facing `palm`, the hand along `along`."""
        s, k = self.skeleton, SIGN[side]
        world = s.pose(self.rotations, self.hips)
        parent, start = world[side + "Shoulder"][0], world[side + "UpperArm"][1]
        a, b = np.linalg.norm(s.local(side + "LowerArm")), np.linalg.norm(s.local(side + "Hand"))
        span = np.asarray(wrist, float) - start
        distance = np.clip(np.linalg.norm(span), abs(a - b) + 1e-3, 0.999 * (a + b))
        direction = unit(span)
        bend = unit(np.asarray(elbow, float) - direction * (np.asarray(elbow, float) @ direction))
        cosine = np.clip((a * a + distance * distance - b * b) / (2 * a * distance), -1, 1)
        joint = direction * a * cosine + bend * a * np.sqrt(1 - cosine * cosine)
        fore = direction * distance - joint
        rest, rest_hinge = np.array([k, 0.0, 0.0]), np.array([0.0, -k, 0.0])
        hinge = np.cross(joint, fore)
        upper = basis(joint, hinge) @ basis(rest, rest_hinge).T
        lower = basis(fore, hinge) @ basis(rest, rest_hinge).T
        hand = basis(np.asarray(along, float), np.asarray(palm, float)) @ basis(rest, np.array([0.0, -1.0, 0.0])).T
        self.rotations[side + "UpperArm"] = from_matrix(parent.T @ upper)
        self.rotations[side + "LowerArm"] = from_matrix(upper.T @ lower)
        self.rotations[side + "Hand"] = from_matrix(lower.T @ hand)
        return self

    def stand(self, side, x, z, yaw=0.0, lift=0.0, knee_out=0.0, pitch=0.0):
        """Plants a foot flat with its ankle over (x, z)."""
        s = self.skeleton
        y = s[side + "Foot"][1] + lift
        return self.plant(side, (x, y, z), pitch, yaw, 0.0, knee_out)


SKELETON = humanoid(REFERENCE)
