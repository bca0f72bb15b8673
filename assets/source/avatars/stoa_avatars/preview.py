"""Pictures of an avatar from several sides, and its thumbnail."""

import numpy as np
from PIL import Image

from . import clips
from .raster import render

VIEWS = {"front": (0.0, 0.08), "side": (1.5708, 0.05), "back": (3.1416, 0.08), "quarter": (0.65, 0.12)}


def camera(yaw, pitch, distance, target):
    """Eye at `distance` from the target; yaw 0 is in front (+Z)."""
    direction = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    return np.asarray(target, float) + direction * distance, target


def body_views(person, views=("front", "quarter", "side", "back"), size=(360, 560), samples=2, **pose):
    """Pictures side by side."""
    scene = person.scene(**pose)
    height = person.build.height
    pictures = []
    for view in views:
        eye, target = camera(*VIEWS[view], 4.3, (0, height * 0.53, 0))
        pictures.append(render(scene, eye, target, size, 0.46, samples=samples))
    return np.concatenate(pictures, axis=1)


def face_view(person, yaw=0.0, pitch=0.03, size=(420, 420), distance=1.25, samples=2, **pose):
    """The face close up."""
    scene = person.scene(**pose)
    b = person.build
    eye, target = camera(yaw, pitch, distance, (0, b.height - 0.46 * b.head, 0.03))
    return render(scene, eye, target, size, 0.36, samples=samples)


def save(path, picture):
    Image.fromarray(picture).save(path)


def face_views(person):
    """The face from three sides."""
    return np.concatenate([face_view(person, yaw) for yaw in (0.0, 0.6, 1.57)], axis=1)


def thumbnail(person, side=256):
    """Head and shoulders, arms down, on a plain ground of the person's own colour."""
    pose = clips.idle(0.7)
    scene = person.scene(pose.rotations, pose.hips * person.build.hips / 0.9)
    b = person.build
    eye, target = camera(0.42, 0.06, 2.1, (0.0, b.height - 0.66 * b.head + person.hat_room * 0.5, 0.0))
    return render(scene, eye, target, (side, side), 0.275 + person.hat_room, person.ground, samples=3)
