"""Writes GLB files: meshes, instances, materials, lights, physics, seats, sounds. Same input, same bytes.

Space: right-handed, +Y up, metres, radians. Arrays are numpy, float32 unless said otherwise.
"""
import json
import struct

import numpy as np

FLOAT, UINT16, UINT32 = 5126, 5123, 5125


class Writer:
    """One GLB under construction."""

    def __init__(self, copyright_line):
        self.binary = bytearray()
        self.doc = {
            "asset": {"version": "2.0", "generator": "Stoa assets/source", "copyright": copyright_line},
            "scene": 0, "scenes": [{"nodes": []}], "nodes": [], "meshes": [], "materials": [], "textures": [], "images": [],
            "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497}],
            "accessors": [], "bufferViews": [], "animations": [],
        }
        self.used = set()
        self.extensions = {}
        self.shapes = {}
        self.dialect = "OMI"

    # -- bytes ---------------------------------------------------------------------------------
    def view(self, data, target=None):
        while len(self.binary) % 4:
            self.binary.append(0)
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        if target:
            view["target"] = target
        self.binary += data
        self.doc["bufferViews"].append(view)
        return len(self.doc["bufferViews"]) - 1

    def accessor(self, array, kind, component=FLOAT, target=None, bounds=False, normalized=False):
        array = np.ascontiguousarray(array)
        accessor = {"bufferView": self.view(array.tobytes(), target), "componentType": component, "count": len(array), "type": kind}
        if normalized:
            accessor["normalized"] = True
        if bounds:
            flat = array.reshape(len(array), -1)
            accessor["min"] = [float(x) for x in flat.min(axis=0)]
            accessor["max"] = [float(x) for x in flat.max(axis=0)]
        self.doc["accessors"].append(accessor)
        return len(self.doc["accessors"]) - 1

    # -- surfaces ------------------------------------------------------------------------------
    def texture(self, encoded, mime):
        self.doc["images"].append({"bufferView": self.view(encoded), "mimeType": mime})
        self.doc["textures"].append({"source": len(self.doc["images"]) - 1, "sampler": 0})
        return len(self.doc["textures"]) - 1

    def material(self, name, color=(1, 1, 1, 1), rough=0.8, metal=0.0, base=None, normal=None, roughness=None, emissive=None, strength=None, alpha=None, double=False):
        material = {"name": name, "pbrMetallicRoughness": {"baseColorFactor": list(color), "roughnessFactor": rough, "metallicFactor": metal}}
        if base is not None:
            material["pbrMetallicRoughness"]["baseColorTexture"] = {"index": base}
        if normal is not None:
            material["normalTexture"] = {"index": normal}
        if roughness is not None:
            material["pbrMetallicRoughness"]["metallicRoughnessTexture"] = {"index": roughness}
        if emissive is not None:
            material["emissiveFactor"] = list(emissive)
            if strength:
                material["extensions"] = {"KHR_materials_emissive_strength": {"emissiveStrength": strength}}
                self.used.add("KHR_materials_emissive_strength")
        if alpha == "MASK":
            material["alphaMode"], material["alphaCutoff"] = "MASK", 0.45
        elif alpha:
            material["alphaMode"] = alpha
        if double:
            material["doubleSided"] = True
        self.doc["materials"].append(material)
        return len(self.doc["materials"]) - 1

    def mesh(self, name, parts):
        """`parts`: list of (Shape, material). Returns the mesh's index."""
        primitives = []
        for shape, material in parts:
            attributes = {
                "POSITION": self.accessor(shape.positions.astype("<f4"), "VEC3", target=34962, bounds=True),
                "NORMAL": self.accessor(shape.normals.astype("<f4"), "VEC3", target=34962),
                "TEXCOORD_0": self.accessor(shape.uvs.astype("<f4"), "VEC2", target=34962),
            }
            if shape.light is not None:
                grey = np.clip(np.round(shape.light * 255), 0, 255).astype(np.uint8)
                rgba = np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=1)
                attributes["COLOR_0"] = self.accessor(rgba, "VEC4", component=5121, target=34962, normalized=True)
            small = len(shape.positions) < 65536
            indices = self.accessor(shape.faces.reshape(-1).astype("<u2" if small else "<u4"), "SCALAR", UINT16 if small else UINT32, 34963)
            primitives.append({"attributes": attributes, "indices": indices, "material": material})
        self.doc["meshes"].append({"name": name, "primitives": primitives})
        return len(self.doc["meshes"]) - 1

    # -- nodes ---------------------------------------------------------------------------------
    def node(self, name, parent=None, at=None, turn=None, scale=None, mesh=None, extensions=None, **more):
        node = {"name": name}
        if at is not None:
            node["translation"] = [float(x) for x in at]
        if turn is not None:
            node["rotation"] = [float(x) for x in (yaw(turn) if np.isscalar(turn) else turn)]
        if scale is not None:
            node["scale"] = [float(x) for x in scale]
        if mesh is not None:
            node["mesh"] = mesh
        if extensions:
            node["extensions"] = extensions
            self.used.update(extensions)
        node.update(more)
        self.doc["nodes"].append(node)
        index = len(self.doc["nodes"]) - 1
        if parent is None:
            self.doc["scenes"][0]["nodes"].append(index)
        else:
            self.doc["nodes"][parent].setdefault("children", []).append(index)
        return index

    def instances(self, name, mesh, places):
        """`places`: list of (position, turn about Y or quaternion, uniform scale)."""
        at = np.array([p[0] for p in places], "<f4")
        turns = np.array([yaw(p[1]) if np.isscalar(p[1]) else p[1] for p in places], "<f4")
        scales = np.array([[p[2]] * 3 for p in places], "<f4")
        attributes = {"TRANSLATION": self.accessor(at, "VEC3"), "ROTATION": self.accessor(turns, "VEC4"), "SCALE": self.accessor(scales, "VEC3")}
        return self.node(name, mesh=mesh, extensions={"EXT_mesh_gpu_instancing": {"attributes": attributes}})

    def light(self, kind, color, intensity, reach):
        self.used.add("KHR_lights_punctual")
        lights = self.extensions.setdefault("KHR_lights_punctual", {"lights": []})["lights"]
        lights.append({"type": kind, "color": list(color), "intensity": intensity, "range": reach})
        return {"KHR_lights_punctual": {"light": len(lights) - 1}}

    # -- physics -------------------------------------------------------------------------------
    def shape(self, kind, **values):
        key = json.dumps([kind, values], sort_keys=True)
        name = "OMI_physics_shape" if self.dialect == "OMI" else "KHR_implicit_shapes"
        self.used.add(name)
        shapes = self.extensions.setdefault(name, {"shapes": []})["shapes"]
        if key not in self.shapes:
            self.shapes[key] = len(shapes)
            shapes.append({"type": kind, kind: values})
        return self.shapes[key]

    def physics_material(self, friction, restitution):
        name = "OMI_physics_body" if self.dialect == "OMI" else "KHR_physics_rigid_bodies"
        materials = self.extensions.setdefault(name, {}).setdefault("physicsMaterials", [])
        materials.append({"staticFriction": friction, "dynamicFriction": friction, "restitution": restitution})
        return len(materials) - 1

    def collider(self, shape, material=None):
        part = {"shape": shape} if self.dialect == "OMI" else {"geometry": {"shape": shape}}
        if material is not None:
            part["physicsMaterial"] = material
        return part

    def body(self, shape, mass=None, kinematic=False, material=None):
        """Extension of a node that is a body (or a fixed collider without mass)."""
        out = {"collider": self.collider(shape, material)}
        if self.dialect == "OMI":
            if mass is not None or kinematic:
                out["motion"] = {"type": "kinematic" if kinematic else "dynamic", "mass": mass or 1.0}
            return {"OMI_physics_body": out}
        if mass is not None or kinematic:
            out["motion"] = {"isKinematic": True} if kinematic else {"mass": mass}
        return {"KHR_physics_rigid_bodies": out}

    def joint(self, limits, drives=()):
        """A kind of joint of KHR_physics_rigid_bodies; returns its index."""
        joints = self.extensions.setdefault("KHR_physics_rigid_bodies", {}).setdefault("physicsJoints", [])
        joints.append({"limits": list(limits), **({"drives": list(drives)} if drives else {})})
        return len(joints) - 1

    def join(self, joint, node, connected):
        """Holds the body of `node` to what `connected` belongs to; both nodes' poses are the frames of the joint."""
        extensions = self.doc["nodes"][node].setdefault("extensions", {})
        self.used.add("KHR_physics_rigid_bodies")
        extensions.setdefault("KHR_physics_rigid_bodies", {})["joint"] = {"joint": joint, "connectedNode": connected}

    def fixed_box(self, name, at, size, turn=None):
        self.node(name, at=at, turn=turn, extensions=self.body(self.shape("box", size=[float(x) for x in size])))

    def portal(self, name, uri, title, at, turn, door):
        """A way to another world: the box `door`, standing on `at`, is its entrance."""
        link = {"uri": uri, "title": title}
        node = self.node(name, at=at, turn=turn, extensions={"STOA_portal": link, "OMI_link": dict(link)})
        shape = self.shape("box", size=[float(x) for x in door])
        if self.dialect == "OMI":
            extensions = {"OMI_physics_body": {"trigger": {"shape": shape}}}
        else:
            extensions = {"KHR_physics_rigid_bodies": {"trigger": {"geometry": {"shape": shape}}}}
        self.node(f"{name}_door", parent=node, at=(0, door[1] / 2, 0), extensions=extensions)

    # -- animation and sound -------------------------------------------------------------------
    def animate(self, name, channels):
        """`channels`: list of (node, path, times, values)."""
        animation = {"name": name, "channels": [], "samplers": []}
        for node, path, times, values in channels:
            sampler = {
                "input": self.accessor(np.array(times, "<f4"), "SCALAR", bounds=True),
                "output": self.accessor(np.array(values, "<f4"), "VEC4" if path == "rotation" else "VEC3"),
            }
            animation["samplers"].append(sampler)
            animation["channels"].append({"sampler": len(animation["samplers"]) - 1, "target": {"node": node, "path": path}})
        self.doc["animations"].append(animation)

    def sound(self, encoded, gain, positional=None):
        """An endless sound; returns the index of its emitter."""
        self.used.add("KHR_audio_emitter")
        audio = self.extensions.setdefault("KHR_audio_emitter", {"audio": [], "sources": [], "emitters": []})
        audio["audio"].append({"bufferView": self.view(encoded), "mimeType": "audio/mpeg"})
        audio["sources"].append({"audio": len(audio["audio"]) - 1, "gain": 1.0, "loop": True, "autoplay": True})
        emitter = {"type": "positional" if positional else "global", "gain": gain, "sources": [len(audio["sources"]) - 1]}
        if positional:
            emitter["positional"] = positional
        audio["emitters"].append(emitter)
        return len(audio["emitters"]) - 1

    # -- result --------------------------------------------------------------------------------
    def bytes(self):
        self.used.update(self.extensions)
        self.doc["extensionsUsed"] = sorted(self.used)
        if "KHR_audio_emitter" in self.extensions and self.scene_emitters:
            self.doc["scenes"][0]["extensions"] = {"KHR_audio_emitter": {"emitters": self.scene_emitters}}
        self.doc["extensions"] = self.extensions
        while len(self.binary) % 4:
            self.binary.append(0)
        self.doc["buffers"] = [{"byteLength": len(self.binary)}]
        for key in ("animations", "textures", "images"):
            if not self.doc[key]:
                del self.doc[key]
        text = json.dumps(self.doc, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(self.binary), 0x004E4942) + bytes(self.binary)
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    scene_emitters = ()


def yaw(angle):
    """Quaternion (x, y, z, w) of a turn about +Y."""
    return [0.0, float(np.sin(angle / 2)), 0.0, float(np.cos(angle / 2))]


def about_axis(axis, angle):
    """Quaternion (x, y, z, w) of a turn about a unit vector."""
    return [*(float(x * np.sin(angle / 2)) for x in axis), float(np.cos(angle / 2))]
