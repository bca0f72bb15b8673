"""Makes a scene in Blender and exports it into the folder that is told last: as glTF, and as USD of every kind."""

import sys
from pathlib import Path

import bpy

folder = Path(sys.argv[-1])
bpy.ops.wm.read_factory_settings(use_empty=True)


def picture(name, color):
    own = bpy.data.images.new(name, 16, 16)
    own.pixels = [part for x in range(16) for y in range(16) for part in color(x / 15, y / 15)]
    own.filepath_raw = str(folder / f"{name}.png")
    own.file_format = "PNG"
    own.save()
    return own


def material(name, color, textures=()):
    own = bpy.data.materials.new(name)
    own.use_nodes = True
    nodes, links = own.node_tree.nodes, own.node_tree.links
    surface = nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = color
    surface.inputs["Alpha"].default_value = color[3]
    for entry, image in textures:
        node = nodes.new("ShaderNodeTexImage")
        node.image = image
        output = node.outputs["Color"]
        if entry != "Base Color":
            image.colorspace_settings.name = "Non-Color"
        if entry == "Normal":
            normal = nodes.new("ShaderNodeNormalMap")
            links.new(output, normal.inputs["Color"])
            output = normal.outputs["Normal"]
        links.new(output, surface.inputs[entry])
    return own


red = material("Red", (0.8, 0.2, 0.1, 1))
glass = material("Glass", (0.2, 0.4, 1, 0.4))
wood = material("Wood", (1, 1, 1, 1), [
    ("Base Color", picture("colors", lambda x, y: (x, y, 0.5, 1))),
    ("Roughness", picture("rough", lambda x, y: (x, x, x, 1))),
    ("Metallic", picture("metal", lambda x, y: (y, y, y, 1))),
    ("Normal", picture("normal", lambda x, y: (0.5, 0.5, 1, 1))),
])

bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.5))
crate = bpy.context.object
crate.data.materials.append(wood)
bpy.ops.mesh.primitive_uv_sphere_add(segments=12, ring_count=6, radius=0.5, location=(2, 0, 0.5))
ball = bpy.context.object
ball.data.materials.append(red)
ball.data.materials.append(glass)
for face in ball.data.polygons:
    face.use_smooth = True
    face.material_index = int(face.center.z > 0)
bpy.ops.mesh.primitive_monkey_add(size=1, location=(0, 2, 0.5), rotation=(0.3, 0.2, 0.7))
head = bpy.context.object
head.scale = (1, 1.5, 0.7)
head.data.materials.append(red)
bpy.ops.mesh.primitive_circle_add(vertices=9, fill_type="NGON", radius=0.4)
plate = bpy.context.object
plate.parent = crate
plate.location = (0, 0, 1)
plate.rotation_euler = (0.5, 0, 0)
plate.data.materials.append(wood)

bpy.ops.export_scene.gltf(filepath=str(folder / "scene.glb"))
for ending in ("usdz", "usdc", "usda"):
    bpy.ops.wm.usd_export(filepath=str(folder / f"scene.{ending}"), generate_preview_surface=True)
