"""Writes clips as VRMA (glTF binary with VRMC_vrm_animation), sampled 30 times a second."""

import numpy as np

from .pose import SKELETON
from .vrm import Binary, glb, node_tree

RATE = 30


def sample(clip):
    """Times, rotations (frames, 4) by bone and hips (frames, 3); a loop ends on its first frame."""
    frames = max(2, int(round(clip.secs * RATE)))
    times = np.linspace(0.0, clip.secs, frames + 1)
    poses = [clip.pose(0.0 if clip.is_loop and i == frames else t) for i, t in enumerate(times)]
    bones = [b for b in SKELETON.names() if b in poses[0].rotations and (clip.bones is None or clip.bones(b))]
    rotations = {bone: continuous(np.array([p.rotations[bone] for p in poses])) for bone in bones}
    hips = None if clip.bones is not None else np.array([p.hips for p in poses])
    return times, rotations, hips


def continuous(q):
    """Quaternions of one hemisphere, so that neighbours interpolate the short way."""
    for i in range(1, len(q)):
        if q[i] @ q[i - 1] < 0:
            q[i] = -q[i]
    return q


def write(clip):
    """Bytes of the VRMA of a clip."""
    binary = Binary()
    names = SKELETON.names()
    times, rotations, hips = sample(clip)
    track = binary.accessor(times, 5126, "SCALAR", bounds=True)
    still = binary.accessor(times[[0, -1]], 5126, "SCALAR", bounds=True)
    channels, samplers = [], []

    def add(bone, path, values, kind):
        is_still = np.abs(values - values[0]).max() < 1.0e-5
        output = binary.accessor(values[[0, -1]] if is_still else values, 5126, kind)
        samplers.append({"input": still if is_still else track, "interpolation": "LINEAR", "output": output})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": names.index(bone), "path": path}})

    if hips is not None:
        add("hips", "translation", hips, "VEC3")
    for bone, values in rotations.items():
        add(bone, "rotation", values, "VEC4")
    document = {
        "asset": {"version": "2.0", "generator": "Stoa avatars", "copyright": "CC0 1.0"},
        "extensionsUsed": ["VRMC_vrm_animation"], "scene": 0, "scenes": [{"nodes": [0]}], "nodes": node_tree(SKELETON),
        "animations": [{"name": clip.name, "channels": channels, "samplers": samplers}],
        "extensions": {"VRMC_vrm_animation": {"specVersion": "1.0", "humanoid": {"humanBones": {b: {"node": i} for i, b in enumerate(names)}}}},
        "extras": {"stoa": {"loop": clip.is_loop, "hipsHeight": float(SKELETON["hips"][1]), **clip.extras}},
    }
    return glb(document, binary)
