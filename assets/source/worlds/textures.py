"""Tileable pictures of stone, tile, wood, plaster, grass and leaves, from noise. Returns encoded bytes."""
import io

import numpy as np
from PIL import Image, ImageDraw


def noise(size, cells, seed, octaves=4):
    """Tileable value noise between 0 and 1."""
    out, gain, total = np.zeros((size, size)), 1.0, 0.0
    for octave in range(octaves):
        n = cells * 2**octave
        if n > size:
            break
        grid = np.random.default_rng(seed + octave).random((n, n))
        t = np.arange(size) / size * n
        i, f = t.astype(int), t % 1
        f = f * f * (3 - 2 * f)
        a = grid[np.ix_(i % n, i % n)] * (1 - f)[None] + grid[np.ix_(i % n, (i + 1) % n)] * f[None]
        b = grid[np.ix_((i + 1) % n, i % n)] * (1 - f)[None] + grid[np.ix_((i + 1) % n, (i + 1) % n)] * f[None]
        out += gain * (a * (1 - f)[:, None] + b * f[:, None])
        total, gain = total + gain, gain * 0.5
    return out / total


def stretched(size, across, along, seed, octaves=4):
    """Tileable value noise between 0 and 1 with `across` cells along x and `along` cells along y: grain."""
    out, gain, total = np.zeros((size, size)), 1.0, 0.0
    for octave in range(octaves):
        nx, ny = min(across * 2**octave, size), min(along * 2**octave, size)
        grid = np.random.default_rng(seed + octave).random((ny, nx))
        lines = []
        for n in (nx, ny):
            t = np.arange(size) / size * n
            i, f = t.astype(int), t % 1
            lines.append((i % n, (i + 1) % n, f * f * (3 - 2 * f)))
        (x0, x1, fx), (y0, y1, fy) = lines
        top = grid[np.ix_(y0, x0)] * (1 - fx)[None] + grid[np.ix_(y0, x1)] * fx[None]
        low = grid[np.ix_(y1, x0)] * (1 - fx)[None] + grid[np.ix_(y1, x1)] * fx[None]
        out += gain * (top * (1 - fy)[:, None] + low * fy[:, None])
        total, gain = total + gain, gain * 0.5
    return out / total


def roughness(values):
    """A picture for metallicRoughnessTexture: roughness in green, no metal."""
    return jpeg(np.stack([np.ones_like(values), values, np.zeros_like(values)], axis=2))


def mix(dark, light, share):
    return np.asarray(dark)[None, None] * (1 - share[..., None]) + np.asarray(light)[None, None] * share[..., None]


def jpeg(rgb, quality=88):
    out = io.BytesIO()
    Image.fromarray(np.clip(rgb * 255, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def normal_map(height, strength):
    """Tangent-space normals of a tileable height field; +Y is up in the picture."""
    dx = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * strength
    dy = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * strength
    n = np.stack([-dx, dy, np.ones_like(height)], axis=2)
    return jpeg(n / np.linalg.norm(n, axis=2, keepdims=True) * 0.5 + 0.5, 92)


def slabs(size=512, across=3, seed=3):
    """Paving: slabs of slightly different stone in a running bond, with joints. Colour and normals."""
    y, x = np.mgrid[0:size, 0:size] / size
    row = (y * across).astype(int)
    shift = np.where(row % 2 == 0, 0.0, 0.5) / across
    column = ((x + shift) % 1 * across).astype(int)
    u, v = ((x + shift) % 1 * across) % 1, (y * across) % 1
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    wobble = (noise(size, 24, seed) - 0.5) * 0.02
    joint = np.clip((edge + wobble - 0.012) / 0.022, 0, 1)
    tone = np.random.default_rng(seed).random((across, across))[row, column]
    grain = noise(size, 16, seed + 9, 5)
    veins = np.abs(noise(size, 5, seed + 20, 5) - 0.5) * 2
    stone = mix((0.60, 0.52, 0.42), (0.83, 0.76, 0.65), 0.25 + 0.45 * tone + 0.35 * (grain - 0.5) + 0.10 * veins)
    color = stone * (0.45 + 0.55 * joint)[..., None]
    return jpeg(color), normal_map(joint * 0.8 + grain * 0.25, 3.0)


def marble(size=512, seed=40):
    grain, veins = noise(size, 8, seed, 6), np.abs(noise(size, 4, seed + 7, 5) - 0.5) * 2
    vein = np.exp(-((veins / 0.08) ** 2))
    return jpeg(mix((0.78, 0.72, 0.63), (0.93, 0.89, 0.81), 0.35 + 0.75 * grain - 0.3 * vein))


def plaster(size=512, seed=60):
    grain = noise(size, 12, seed, 6)
    stain = noise(size, 3, seed + 5, 3)
    return jpeg(mix((0.70, 0.49, 0.33), (0.90, 0.72, 0.53), 0.25 + 0.5 * stain + 0.4 * (grain - 0.3)))


def tiles(size=512, across=6, down=4, seed=80):
    """Roof: rows of half-round tiles. Colour and normals."""
    y, x = np.mgrid[0:size, 0:size] / size
    u, v = (x * across) % 1, (y * down) % 1
    round_top = np.sqrt(np.clip(1 - (2 * u - 1) ** 2, 0, 1))
    height = round_top * 0.8 + v * 0.35
    tone = np.random.default_rng(seed).random((down, across))[(y * down).astype(int), (x * across).astype(int)]
    grain = noise(size, 20, seed, 5)
    color = mix((0.42, 0.16, 0.09), (0.80, 0.42, 0.25), 0.15 + 0.35 * tone + 0.3 * grain + 0.2 * round_top)
    color *= (0.5 + 0.5 * np.clip(round_top * 1.6, 0, 1))[..., None] * (0.72 + 0.28 * np.clip(v * 6, 0, 1))[..., None]
    return jpeg(color), normal_map(height, 6.0)


def wood(size=512, planks=4, seed=100):
    y, x = np.mgrid[0:size, 0:size] / size
    plank = (x * planks).astype(int)
    u = (x * planks) % 1
    shift = np.random.default_rng(seed).random(planks)[plank]
    stretched = noise(size, 4, seed, 6)
    lines = 0.5 + 0.5 * np.sin((u * 26 + stretched * 9 + shift * 40))
    gap = np.clip(np.minimum(u, 1 - u) / 0.03, 0, 1)
    color = mix((0.30, 0.18, 0.09), (0.62, 0.42, 0.24), 0.25 + 0.3 * shift + 0.22 * lines + 0.2 * stretched)
    return jpeg(color * (0.35 + 0.65 * gap)[..., None]), normal_map(gap + lines * 0.12, 3.0)


def grass(size=512, seed=120):
    grain, patch = noise(size, 64, seed, 3), noise(size, 4, seed + 3, 4)
    return jpeg(mix((0.20, 0.24, 0.08), (0.52, 0.50, 0.22), 0.2 + 0.45 * patch + 0.5 * (grain - 0.3)))


def bark(size=256, seed=140):
    y, x = np.mgrid[0:size, 0:size] / size
    lines = noise(size, 8, seed, 5)
    ridges = 0.5 + 0.5 * np.sin(x * 2 * np.pi * 9 + lines * 8)
    return jpeg(mix((0.16, 0.11, 0.07), (0.42, 0.32, 0.23), 0.2 + 0.5 * ridges * lines + 0.2 * lines))


def leaves(size=512, count=150, seed=160):
    """A spray of leaves on nothing: PNG with alpha. Edges keep the leaf's colour, so that no dark rim shows."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGBA", (size * 2, size * 2), (84, 96, 40, 0))
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        angle, radius = rng.random() * 2 * np.pi, np.sqrt(rng.random()) * size * 0.86
        x, y = size + np.cos(angle) * radius, size + np.sin(angle) * radius
        long, wide, lean = size * (0.10 + 0.06 * rng.random()), size * 0.042, rng.random() * 2 * np.pi
        t = np.linspace(0, 1, 12)
        w = wide * np.sin(t * np.pi) ** 0.8
        across = np.array([-np.sin(lean), np.cos(lean)])
        along = np.array([np.cos(lean), np.sin(lean)])
        left = [tuple(np.array([x, y]) + along * long * (s - 0.5) + across * d) for s, d in zip(t, w)]
        right = [tuple(np.array([x, y]) + along * long * (s - 0.5) - across * d) for s, d in zip(t[::-1], w[::-1])]
        tone = rng.random()
        color = tuple(int(c) for c in (70 + 62 * tone, 88 + 52 * tone, 30 + 26 * tone))
        draw.polygon(left + right, fill=color + (255,))
    out = io.BytesIO()
    picture.resize((size, size), Image.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def stripes(size=256, seed=180):
    y, x = np.mgrid[0:size, 0:size] / size
    band = ((x * 4) % 1 < 0.5).astype(float)
    weave = noise(size, 64, seed, 2)
    return jpeg(mix((0.60, 0.13, 0.10), (0.90, 0.82, 0.68), band) * (0.86 + 0.14 * weave)[..., None])


def grain(size, seed, rings=7):
    """Shares of light wood along v: fine fibres, slow bands, and the rings of a flat cut."""
    fibres = stretched(size, 96, 3, seed, 4)
    bands = stretched(size, 6, 2, seed + 10, 4)
    cut = 0.5 + 0.5 * np.sin((stretched(size, 3, 1, seed + 20, 3) * rings) * 2 * np.pi)
    return np.clip(0.5 * fibres + 0.3 * bands + 0.25 * cut, 0, 1)


def boards(size=1024, across=6, rows=2, dark=(0.27, 0.155, 0.075), light=(0.66, 0.45, 0.25), seed=200):
    """A floor of worn boards of several lengths, nailed at their ends. Colour, normals and roughness; v runs along."""
    y, x = np.mgrid[0:size, 0:size] / size
    rng = np.random.default_rng(seed)
    column = (x * across).astype(int)
    shifted = (y + rng.random(across)[column]) % 1
    row = (shifted * rows).astype(int)
    tone = rng.random((across, rows))[column, row]
    u, v = (x * across) % 1, (shifted * rows) % 1
    fibre = grain(size, seed)
    moved = np.take_along_axis(fibre, ((np.arange(size)[:, None] + (tone * size).astype(int)) % size), 0)
    gap = np.clip(np.minimum(u, 1 - u) / 0.022, 0, 1) * np.clip(np.minimum(v, 1 - v) / 0.004, 0, 1)
    nail = np.zeros_like(u)
    for at_u in (0.2, 0.8):
        for at_v in (0.018, 0.982):
            nail = np.maximum(nail, np.exp(-(((u - at_u) / 0.022) ** 2 + ((v - at_v) / 0.008) ** 2)))
    color = mix(dark, light, np.clip(0.12 + 0.38 * tone + 0.62 * (moved - 0.18), 0, 1))
    color *= (0.30 + 0.70 * gap)[..., None] * (1 - 0.6 * nail)[..., None]
    worn = noise(size, 5, seed + 50, 4)
    return jpeg(color), normal_map(gap * 1.1 + moved * 0.22 - nail * 0.3, 3.0), roughness(np.clip(0.42 + 0.30 * worn + 0.2 * (1 - moved) + 0.3 * (1 - gap), 0.2, 1))


def timber(size=512, dark=(0.13, 0.075, 0.04), light=(0.43, 0.27, 0.15), seed=230):
    """Hewn beams: grain, long cracks, marks of the adze. Colour and normals."""
    fibre = grain(size, seed, 9)
    cracks = np.clip((stretched(size, 14, 1, seed + 40, 2) - 0.70) / 0.10, 0, 1)
    hewn = stretched(size, 3, 9, seed + 50, 2)
    color = mix(dark, light, np.clip(0.15 + 0.75 * (fibre - 0.15) + 0.2 * (hewn - 0.5), 0, 1)) * (1 - 0.65 * cracks)[..., None]
    return jpeg(color), normal_map(fibre * 0.3 - cracks * 0.6 + hewn * 0.8, 2.4)


def bricks(size=512, across=4, rows=12, seed=260):
    """Old brick in running bond with lime joints. Colour and normals."""
    y, x = np.mgrid[0:size, 0:size] / size
    row = (y * rows).astype(int)
    shift = np.where(row % 2 == 0, 0.0, 0.5)
    column = ((x * across + shift) % across).astype(int)
    u, v = (x * across + shift) % 1, (y * rows) % 1
    rng = np.random.default_rng(seed)
    tone = rng.random((rows, across))[row, column]
    burnt = (rng.random((rows, across)) > 0.85)[row, column]
    wobble = (noise(size, 32, seed, 3) - 0.5) * 0.10
    edge = np.minimum(np.minimum(u, 1 - u) * 3.0, np.minimum(v, 1 - v)) + wobble
    joint = np.clip((edge - 0.06) / 0.07, 0, 1)
    pits = noise(size, 40, seed + 7, 4)
    clay = mix((0.36, 0.14, 0.085), (0.68, 0.35, 0.23), np.clip(0.15 + 0.6 * tone + 0.5 * (pits - 0.4), 0, 1)) * np.where(burnt, 0.62, 1.0)[..., None]
    lime = mix((0.52, 0.47, 0.40), (0.70, 0.65, 0.56), noise(size, 24, seed + 12, 4))
    color = lime * (1 - joint)[..., None] + clay * joint[..., None]
    return jpeg(color), normal_map(joint * 0.9 + pits * 0.35, 3.0)


def limewash(size=512, seed=290):
    """White lime on uneven plaster, yellowed by smoke. Colour and normals."""
    stain, trowel = noise(size, 3, seed, 4), noise(size, 7, seed + 9, 4)
    fine = noise(size, 64, seed + 19, 3)
    return jpeg(mix((0.72, 0.62, 0.47), (0.93, 0.88, 0.78), np.clip(0.25 + 0.55 * stain + 0.3 * (fine - 0.3), 0, 1))), normal_map(trowel * 1.5 + fine * 0.2, 3.0)


def paint(size=256, seed=310):
    """Light grey brushed paint with worn spots, to be coloured by a factor. Colour."""
    brush = stretched(size, 48, 3, seed, 3)
    spots = np.clip((noise(size, 12, seed + 5, 4) - 0.66) / 0.08, 0, 1)
    value = np.clip(0.82 + 0.26 * (brush - 0.5), 0, 1) * (1 - 0.28 * spots)
    return jpeg(np.repeat(value[..., None], 3, axis=2))


def weave(size=256, seed=330):
    """Coarse cloth, light, to be coloured by a factor. Colour and normals."""
    y, x = np.mgrid[0:size, 0:size] / size
    threads = 0.5 + 0.25 * np.sin(x * 2 * np.pi * 32) * np.sign(np.sin(y * np.pi * 64)) + 0.25 * np.sin(y * 2 * np.pi * 32)
    value = np.clip(0.68 + 0.2 * threads + 0.25 * (noise(size, 16, seed, 3) - 0.5), 0, 1)
    return jpeg(np.repeat(value[..., None], 3, axis=2)), normal_map(threads * 0.4, 2.0)


def forged(size=256, seed=350):
    """Metal with the marks of a hammer, light, to be coloured by a factor. Colour and normals."""
    dents, scale = noise(size, 14, seed, 2), noise(size, 32, seed + 4, 4)
    return jpeg(np.repeat(np.clip(0.62 + 0.5 * (scale - 0.3), 0, 1)[..., None], 3, axis=2)), normal_map(dents, 3.0)
