"""Rebuilds assets/avatars/*.vrm and assets/animations/*.vrma. Needs numpy and Pillow; the same input gives the same bytes."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from stoa_avatars import check, clips, preview, vrm, vrma  # noqa: E402
from stoa_avatars.paint import encode_png  # noqa: E402
from stoa_avatars.people import PEOPLE  # noqa: E402

ASSETS = Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these avatars (default: all, and all animations)")
    parser.add_argument("--preview", type=Path, help="also write contact sheets into this folder")
    arguments = parser.parse_args()
    if not arguments.names:
        build_animations(ASSETS / "animations")
    for person_class in PEOPLE:
        if not arguments.names or person_class.__name__.lower() in arguments.names:
            build_avatar(person_class, ASSETS / "avatars", arguments.preview)


def build_animations(folder):
    folder.mkdir(parents=True, exist_ok=True)
    faults = check.check_all()
    if faults:
        sys.exit("\n".join(faults))
    for clip in clips.CLIPS:
        data = vrma.write(clip)
        (folder / f"{clip.name}.vrma").write_bytes(data)
        print(f"{clip.name}.vrma {len(data)} bytes")


def build_avatar(person_class, folder, preview_folder):
    folder.mkdir(parents=True, exist_ok=True)
    person = person_class()
    name = person.name.lower()
    thumbnail = encode_png(preview.thumbnail(person))
    data = vrm.write(person, person.meshes, person.atlas.png(), thumbnail)
    (folder / f"{name}.vrm").write_bytes(data)
    (folder / f"{name}.png").write_bytes(thumbnail)
    print(f"{name}.vrm {len(data)} bytes, {person.triangles()} triangles, {len(person.skeleton.names())} bones")
    if preview_folder:
        preview_folder.mkdir(parents=True, exist_ok=True)
        preview.save(preview_folder / f"{name}_body.png", preview.body_views(person))
        preview.save(preview_folder / f"{name}_face.png", preview.face_views(person))


if __name__ == "__main__":
    main()
