"""Writes avatars as VRM 1.0 (glTF binary with VRMC_vrm and VRMC_springBone)."""

import json
import struct

import numpy as np

from . import rig
from .geometry import smooth_normals
from .head import EXPRESSIONS

LICENSE = "https://creativecommons.org/publicdomain/zero/1.0/"
FIRST_PERSON = {"body": "both", "head": "thirdPersonOnly", "hair": "thirdPersonOnly", "eyes": "thirdPersonOnly"}


class Binary:
    """Buffer views and accessors of a GLB."""

    def __init__(self):
        self.data = bytearray()
        self.views, self.accessors = [], []

    def view(self, payload, target=None):
        self.data += b"\0" * (-len(self.data) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(payload), **({"target": target} if target else {})})
        self.data += payload
        return len(self.views) - 1

    def accessor(self, values, component, kind, target=None, bounds=False, normalized=False):
        dtype = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[component]
        values = np.ascontiguousarray(values, dtype)
        entry = {"bufferView": self.view(values.tobytes(), target), "componentType": component, "count": len(values), "type": kind}
        if normalized:
            entry["normalized"] = True
        if bounds:
            flat = values.reshape(len(values), -1)
            entry["min"], entry["max"] = [float(x) for x in flat.min(axis=0)], [float(x) for x in flat.max(axis=0)]
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def sparse(self, values):
        """Morph deltas: only the vertices that move."""
        moved = np.nonzero(np.abs(values).max(axis=1) > 1.0e-6)[0]
        if len(moved) == 0:
            moved = np.array([0])
        picked = np.ascontiguousarray(values[moved], np.float32)
        full = np.zeros_like(values, np.float32)
        full[moved] = picked
        entry = {"componentType": 5126, "count": len(values), "type": "VEC3",
                 "min": [float(x) for x in full.min(axis=0)], "max": [float(x) for x in full.max(axis=0)],
                 "sparse": {"count": len(moved),
                            "indices": {"bufferView": self.view(moved.astype(np.uint16).tobytes()), "componentType": 5123},
                            "values": {"bufferView": self.view(picked.tobytes())}}}
        self.accessors.append(entry)
        return len(self.accessors) - 1


def glb(document, binary):
    """Bytes of a GLB."""
    document["buffers"] = [{"byteLength": len(binary.data)}]
    document["bufferViews"], document["accessors"] = binary.views, binary.accessors
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    data = bytes(binary.data) + b"\0" * (-len(binary.data) % 4)
    total = 12 + 8 + len(text) + 8 + len(data)
    return struct.pack("<III", 0x46546C67, 2, total) + struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(data), 0x004E4942) + data


class Merged:
    """All parts of one mesh as arrays, in the order in which they were made."""

    def __init__(self, parts, atlas, names):
        offsets = np.cumsum([0] + [len(p.points) for p in parts])
        self.points = np.concatenate([p.points for p in parts])
        self.faces = np.concatenate([p.faces + o for p, o in zip(parts, offsets)])
        self.normals = np.concatenate([smooth_normals(p.points, p.faces) if p.normals is None else p.normals for p in parts])
        self.uvs = np.concatenate([atlas.map(p.region, p.uvs) for p in parts])
        influences = [rig.strongest(p.weights, names) for p in parts]
        self.joints = np.concatenate([j for j, _ in influences])
        self.weights = np.concatenate([w for _, w in influences])
        self.morphs = {}
        for name in EXPRESSIONS:
            if any(name in p.morphs for p in parts):
                self.morphs[name] = np.concatenate([p.morphs.get(name, np.zeros_like(p.points)) for p in parts])
        self.shade = np.ones(len(self.points))


def node_tree(skeleton):
    """glTF nodes of the bones, in the skeleton's order, under node 0."""
    names = skeleton.names()
    nodes = []
    for name in names:
        children = [names.index(child) for child in names if skeleton.parents[child] == name]
        nodes.append({"name": name, "translation": [round(float(x), 6) for x in skeleton.local(name)], **({"children": children} if children else {})})
    return nodes


def write(person, meshes, atlas_png, thumbnail_png):
    """Bytes of the VRM of a person; `meshes` maps names to Merged."""
    skeleton, binary = person.skeleton, Binary()
    names = skeleton.names()
    nodes = node_tree(skeleton)
    gltf_meshes, mesh_nodes = [], {}
    for mesh_name, mesh in meshes.items():
        gltf_meshes.append(mesh_json(mesh_name, mesh, binary, 1 if mesh_name == "eyes" else 0))
        mesh_nodes[mesh_name] = len(nodes)
        nodes.append({"name": mesh_name.capitalize(), "mesh": len(gltf_meshes) - 1, "skin": 0})
    inverse = np.tile(np.eye(4), (len(names), 1, 1))
    for i, name in enumerate(names):
        inverse[i, 3, :3] = -np.round(skeleton[name], 6)
    skin = {"joints": list(range(len(names))), "skeleton": 0, "inverseBindMatrices": binary.accessor(inverse.reshape(-1, 16), 5126, "MAT4")}
    images = [{"name": "atlas", "mimeType": "image/png", "bufferView": binary.view(atlas_png)},
              {"name": "thumbnail", "mimeType": "image/png", "bufferView": binary.view(thumbnail_png)}]
    document = {
        "asset": {"version": "2.0", "generator": "Stoa avatars"},
        "extensionsUsed": ["VRMC_vrm", "VRMC_springBone"],
        "scene": 0, "scenes": [{"nodes": [0, *mesh_nodes.values()]}], "nodes": nodes, "meshes": gltf_meshes, "skins": [skin],
        "materials": [material("cloth", 0.86), material("eyes", 0.22)],
        "textures": [{"source": 0, "sampler": 0}], "images": images,
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "extensions": {"VRMC_vrm": humanoid_json(person, names, mesh_nodes, meshes), "VRMC_springBone": springs_json(person, names)},
    }
    return glb(document, binary)


def material(name, roughness):
    return {"name": name, "doubleSided": True,
            "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": roughness}}


def mesh_json(name, mesh, binary, material_index):
    shade = np.clip(mesh.shade, 0, 1)
    colors = np.column_stack([shade, shade, shade, np.ones_like(shade)])
    attributes = {
        "POSITION": binary.accessor(mesh.points, 5126, "VEC3", 34962, bounds=True),
        "NORMAL": binary.accessor(mesh.normals, 5126, "VEC3", 34962),
        "TEXCOORD_0": binary.accessor(mesh.uvs, 5126, "VEC2", 34962),
        "COLOR_0": binary.accessor(np.round(colors * 255), 5121, "VEC4", 34962, normalized=True),
        "JOINTS_0": binary.accessor(mesh.joints, 5121, "VEC4", 34962),
        "WEIGHTS_0": binary.accessor(mesh.weights, 5126, "VEC4", 34962),
    }
    primitive = {"attributes": attributes, "material": material_index,
                 "indices": binary.accessor(mesh.faces.reshape(-1), 5123, "SCALAR", 34963)}
    out = {"name": name, "primitives": [primitive]}
    if mesh.morphs:
        primitive["targets"] = [{"POSITION": binary.sparse(delta)} for delta in mesh.morphs.values()]
        out["weights"] = [0] * len(mesh.morphs)
        out["extras"] = {"targetNames": list(mesh.morphs)}
    return out


def humanoid_json(person, names, mesh_nodes, meshes):
    skeleton = person.skeleton
    presets = {}
    for name in EXPRESSIONS:
        binds = [{"node": mesh_nodes[m], "index": list(mesh.morphs).index(name), "weight": 1}
                 for m, mesh in meshes.items() if name in mesh.morphs]
        is_mood = name in ("happy", "sad", "surprised", "relaxed", "angry")
        presets[name] = {"isBinary": False, "overrideBlink": "block" if is_mood else "none", "overrideLookAt": "none",
                         "overrideMouth": "blend" if is_mood else "none", "morphTargetBinds": binds}
    eyes = 0.5 * (skeleton["leftEye"] + skeleton["rightEye"]) + np.array([0, 0, 0.16 * person.build.head])
    ranges = {"HorizontalInner": 7, "HorizontalOuter": 9, "VerticalDown": 5, "VerticalUp": 5}
    return {
        "specVersion": "1.0",
        "meta": {
            "name": person.name, "version": "1.0", "authors": ["Stoa contributors"], "licenseUrl": "https://vrm.dev/licenses/1.0/",
            "otherLicenseUrl": LICENSE, "copyrightInformation": "Public domain (CC0 1.0)", "avatarPermission": "everyone",
            "allowExcessivelyViolentUsage": True, "allowExcessivelySexualUsage": False, "commercialUsage": "corporation",
            "allowPoliticalOrReligiousUsage": True, "allowAntisocialOrHateUsage": False, "creditNotation": "unnecessary",
            "allowRedistribution": True, "modification": "allowModificationRedistribution", "thumbnailImage": 1},
        "humanoid": {"humanBones": {bone: {"node": names.index(bone)} for bone in names if bone in skeleton.humanoid}},
        "firstPerson": {"meshAnnotations": [{"node": node, "type": FIRST_PERSON[m]} for m, node in mesh_nodes.items()]},
        "lookAt": {"type": "bone", "offsetFromHeadBone": [round(float(x), 5) for x in eyes - skeleton["head"]],
                   **{"rangeMap" + k: {"inputMaxValue": 60, "outputScale": v} for k, v in ranges.items()}},
        "expressions": {"preset": presets}}


def springs_json(person, names):
    """Chains of joints and the bodies that push them away."""
    colliders = [{"node": names.index(c["bone"]), "shape": shape_json(c)} for c in person.colliders]
    groups = {}
    for i, c in enumerate(person.colliders):
        groups.setdefault(c["group"], []).append(i)
    order = list(groups)
    springs = []
    for chain in person.springs:
        joints = [{"node": names.index(bone), "hitRadius": chain["radius"], "stiffness": chain["stiffness"], "gravityPower": chain["gravity"],
                   "gravityDir": [0, -1, 0], "dragForce": chain["drag"]} for bone in chain["bones"]]
        springs.append({"name": chain["name"], "joints": joints, "colliderGroups": [order.index(g) for g in chain["groups"]]})
    return {"specVersion": "1.0", "colliders": colliders,
            "colliderGroups": [{"name": g, "colliders": members} for g, members in groups.items()], "springs": springs}


def shape_json(c):
    if "tail" in c:
        return {"capsule": {"offset": c["offset"], "radius": c["radius"], "tail": c["tail"]}}
    return {"sphere": {"offset": c["offset"], "radius": c["radius"]}}
