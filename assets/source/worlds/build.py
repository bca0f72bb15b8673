"""Rebuilds the default worlds: python3 assets/source/worlds/build.py [NAME ...]. Needs numpy, Pillow and lame."""
import importlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
OUT = HERE.parents[1] / "worlds"
LIMIT_BYTES, LIMIT_TRIANGLES = 12_000_000, 200_000


def drawn(document):
    """Triangles with instances, and draw calls."""
    counts = []
    for mesh in document["meshes"]:
        counts.append((sum(document["accessors"][p["indices"]]["count"] // 3 for p in mesh["primitives"]), len(mesh["primitives"])))
    triangles = calls = 0
    for node in document["nodes"]:
        if "mesh" in node:
            instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
            copies = document["accessors"][instancing["attributes"]["TRANSLATION"]]["count"] if instancing else 1
            triangles += counts[node["mesh"]][0] * copies
            calls += counts[node["mesh"]][1]
    return triangles, calls


def main(names):
    for name in names:
        module = importlib.import_module(name)
        data = module.build().bytes()
        length = struct.unpack_from("<I", data, 12)[0]
        document = json.loads(data[20 : 20 + length])
        triangles, calls = drawn(document)
        found = [node["name"] for node in document["nodes"]]
        assert len(found) == len(set(found)), f"{name}: two nodes have one name"
        assert len(data) <= LIMIT_BYTES and triangles <= LIMIT_TRIANGLES, f"{name}: {len(data)} bytes, {triangles} triangles"
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.glb").write_bytes(data)
        (folder / "world.toml").write_text(module.MANIFEST)
        print(f"{name}: {len(data) / 1e6:.1f} MB, {triangles} triangles, {calls} draw calls, {len(found)} nodes")


if __name__ == "__main__":
    main(sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem in ("plaza", "workshop")))
