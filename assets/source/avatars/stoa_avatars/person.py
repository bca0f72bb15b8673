"""A person: measures, face, clothes. Subclasses in `people/` add what makes each of them."""

import numpy as np

from . import body
from .head import Head, paint_mouth, paint_white
from .paint import Atlas, cloth, flat, iris, strands
from .raster import sphere_directions, visibility
from .skeleton import humanoid
from .vrm import Merged

MESHES = ("body", "head", "hair", "eyes")


class Person:
    """Base of the four: builds the parts, packs the atlas, bakes occlusion."""

    name = ""
    build = None
    face = None
    hair_light = "#ffffff"
    hair_shine = 0.5
    hat_room = 0.0
    ground = ((0.82, 0.88, 0.86), (0.62, 0.72, 0.70))

    def __init__(self):
        self.skeleton = humanoid(self.build)
        self.colliders, self.springs = [], []
        self.atlas = Atlas()
        self.head = Head(self.skeleton, self.build, self.face)
        self.parts = []
        self.paint_common()
        self.add(self.head.parts())
        self.dress()
        self.atlas.pack()
        self.meshes = {m: Merged([p for p in self.parts if p.mesh == m], self.atlas, self.skeleton.names()) for m in MESHES}
        self.bake()

    def dress(self):
        """Adds clothes, hair and springs."""
        raise NotImplementedError

    def add(self, *parts):
        for part in parts:
            self.parts += part if isinstance(part, list) else [part]

    def region(self, name, width, height, paint):
        self.atlas.add(name, width, height, paint)

    def paint_common(self):
        f = self.face
        self.region("face", 320, 256, self.head.paint_face())
        self.region("ear", 32, 32, cloth(f.skin, 0.10, weave=0))
        self.region("skin", 64, 64, cloth(f.skin, 0.04, weave=0.0))
        self.region("lid", 16, 16, lambda u, v: flat(u, f.skin) * (1.0 - 0.10 * v)[..., None])
        self.region("white", 32, 32, paint_white(f))
        self.region("iris", 96, 48, iris(f.iris, f.iris_rim))
        self.region("lash", 8, 8, lambda u, v: flat(u, "#1e1512"))
        self.region("mouth", 48, 48, paint_mouth)
        self.region("brow", 32, 16, cloth(f.hair, 0.1))
        self.region("hair", 224, 160, strands(f.hair, self.hair_light, 21, 30, self.hair_shine))

    def spring(self, name, anchor, places, groups=(), stiffness=1.0, gravity=0.3, drag=0.45, radius=0.02):
        """Adds a chain of spring bones under `anchor`; returns their names, the last one only marking the end."""
        bones, parent = [], anchor
        for i, place in enumerate(places):
            bone = f"{name}{i + 1}"
            self.skeleton.add(bone, parent, place, is_humanoid=False)
            bones.append(bone)
            parent = bone
        self.springs.append({"name": name, "bones": bones, "groups": list(groups), "stiffness": stiffness,
                             "gravity": gravity, "drag": drag, "radius": radius})
        return bones

    def collider(self, group, bone, radius, offset=(0, 0, 0), tail=None):
        entry = {"group": group, "bone": bone, "radius": radius, "offset": [float(x) for x in offset]}
        if tail is not None:
            entry["tail"] = [float(x) for x in tail]
        self.colliders.append(entry)

    def trunk_colliders(self, width=0.11):
        """Chest, hips and thighs, for cloth and long hair."""
        s = self.skeleton
        self.collider("trunk", "upperChest", width * 0.92, (0, -0.02, 0.01))
        self.collider("trunk", "spine", width * 0.85, (0, 0, 0.01), s["chest"] - s["spine"])
        self.collider("trunk", "hips", width, (0, 0, 0.0))
        for side in body.SIDES:
            thigh = s[side + "LowerLeg"] - s[side + "UpperLeg"]
            self.collider("legs", side + "UpperLeg", 0.075, (0, -0.02, 0), thigh * 0.9)

    def bake(self):
        """Ambient occlusion in the T-pose, gently, per vertex."""
        meshes = [self.meshes[m] for m in MESHES]
        points = np.concatenate([m.points for m in meshes])
        normals = np.concatenate([m.normals for m in meshes])
        offsets = np.cumsum([0] + [len(m.points) for m in meshes])
        faces = np.concatenate([m.faces + o for m, o in zip(meshes, offsets)])
        seen = visibility(points + normals * 0.004, normals, faces, sphere_directions(72))
        shade = 0.42 + 0.58 * np.clip(seen * 1.12, 0, 1) ** 0.9
        for mesh_name, mesh, start in zip(MESHES, meshes, offsets):
            mesh.shade = shade[start:start + len(mesh.points)]
            if mesh_name == "eyes":
                mesh.shade = np.maximum(mesh.shade, 0.92)

    def triangles(self):
        return sum(len(m.faces) for m in self.meshes.values())

    def scene(self, rotations=None, hips=None, expression=None):
        """Arrays to render, posed by local rotations and with an expression at full weight."""
        world = self.skeleton.pose(rotations or {}, hips)
        names = self.skeleton.names()
        turns = np.array([world[n][0] for n in names])
        moves = np.array([world[n][1] - world[n][0] @ self.skeleton[n] for n in names])
        out = {key: [] for key in ("points", "normals", "faces", "uvs", "shade", "gloss")}
        start = 0
        for mesh_name in MESHES:
            m = self.meshes[mesh_name]
            p = m.points + (m.morphs[expression] if expression in m.morphs else 0.0)
            blend = np.einsum("vk,vkij->vij", m.weights, turns[m.joints])
            shift = np.einsum("vk,vki->vi", m.weights, moves[m.joints])
            out["points"].append(np.einsum("vij,vj->vi", blend, p) + shift)
            normal = np.einsum("vij,vj->vi", blend, m.normals)
            out["normals"].append(normal / np.linalg.norm(normal, axis=1, keepdims=True))
            out["faces"].append(m.faces + start)
            out["uvs"].append(m.uvs)
            out["shade"].append(m.shade)
            out["gloss"].append(np.full(len(p), 0.8 if mesh_name == "eyes" else 0.1))
            start += len(p)
        scene = {key: np.concatenate(value) for key, value in out.items()}
        scene["texture"] = self.atlas.linear()
        return scene
