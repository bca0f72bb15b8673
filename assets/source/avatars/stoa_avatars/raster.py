"""A small z-buffer rasteriser: previews, thumbnails and ambient occlusion of the avatars."""

import numpy as np

from .geometry import unit


def rasterize(points, faces, width, height):
    """Nearest triangle and barycentrics at each pixel. Points are (x, y in pixels, depth; smaller is nearer)."""
    corner = points[faces]
    low = np.floor(corner[:, :, :2].min(axis=1)).astype(int)
    high = np.ceil(corner[:, :, :2].max(axis=1)).astype(int)
    low = np.clip(low, 0, [width, height])
    high = np.clip(high, 0, [width, height])
    size = np.maximum(high - low, 0)
    count = size[:, 0] * size[:, 1]
    owner = np.repeat(np.arange(len(faces)), count)
    if len(owner) == 0:
        return np.full((height, width), -1), np.zeros((height, width, 3)), np.full((height, width), np.inf)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    w = size[owner, 0]
    px, py = low[owner, 0] + within % w, low[owner, 1] + within // w
    a, b, c = (corner[owner, k] for k in range(3))
    x, y = px + 0.5, py + 0.5
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        u = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (y - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
        v = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])) / area
    inside = (u >= 0) & (v >= 0) & (u + v <= 1)
    owner, px, py, u, v = owner[inside], px[inside], py[inside], u[inside], v[inside]
    a, b, c = corner[owner, 0, 2], corner[owner, 1, 2], corner[owner, 2, 2]
    depth = a + (b - a) * u + (c - a) * v
    pixel = py * width + px
    order = np.lexsort((owner, depth, pixel))
    first = order[np.concatenate([[True], np.diff(pixel[order]) > 0])] if len(order) else order
    triangle = np.full(width * height, -1)
    bary = np.zeros((width * height, 3))
    zbuffer = np.full(width * height, np.inf)
    triangle[pixel[first]] = owner[first]
    bary[pixel[first]] = np.stack([1 - u[first] - v[first], u[first], v[first]], -1)
    zbuffer[pixel[first]] = depth[first]
    return triangle.reshape(height, width), bary.reshape(height, width, 3), zbuffer.reshape(height, width)


def view_axes(direction):
    """Right and up of a view from `direction`."""
    d = unit(np.asarray(direction, float))
    up = np.array([0.0, 1.0, 0.0]) if abs(d[1]) < 0.95 else np.array([0.0, 0.0, 1.0])
    right = unit(np.cross(up, d))
    return right, np.cross(d, right), d


def depth_map(points, faces, direction, size):
    """Orthographic depths seen from `direction`: the map, and each point's pixel and depth."""
    right, up, d = view_axes(direction)
    q = np.stack([points @ right, points @ up, -(points @ d)], -1)
    low, high = q.min(axis=0), q.max(axis=0)
    scale = (size - 4) / max(high[0] - low[0], high[1] - low[1])
    q[:, :2] = (q[:, :2] - low[:2]) * scale + 2
    return rasterize(q, faces, size, size)[2], q


def visibility(points, normals, faces, directions, size=192, bias=0.012):
    """Share of the (cosine-weighted) directions from which each point is seen: ambient occlusion."""
    seen, total = np.zeros(len(points)), np.zeros(len(points))
    for direction in directions:
        zbuffer, q = depth_map(points, faces, direction, size)
        weight = np.clip(normals @ unit(np.asarray(direction, float)), 0.0, None)
        x, y = np.clip(q[:, 0].astype(int), 0, size - 1), np.clip(q[:, 1].astype(int), 0, size - 1)
        seen += weight * (q[:, 2] <= zbuffer[y, x] + bias)
        total += weight
    return seen / np.maximum(total, 1.0e-6)


def sphere_directions(count):
    """Even directions (Fibonacci)."""
    i = np.arange(count) + 0.5
    y = 1 - 2 * i / count
    angle = np.pi * (1 + 5**0.5) * i
    r = np.sqrt(1 - y * y)
    return np.stack([r * np.cos(angle), y, r * np.sin(angle)], -1)


SUN = unit(np.array([0.55, 0.75, 0.65]))


def render(scene, eye, target, size=(480, 640), field_of_view=0.5, background=((0.80, 0.86, 0.90), (0.55, 0.62, 0.66)), samples=2):
    """A picture (height, width, 3) of bytes. `scene` holds points, normals, faces, uvs, shade, gloss, texture (linear)."""
    width, height = size[0] * samples, size[1] * samples
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    right, up, d = view_axes(eye - target)
    p = scene["points"] - eye
    z = -(p @ d)
    focal = 0.5 * height / np.tan(0.5 * field_of_view)
    screen = np.stack([width / 2 + focal * (p @ right) / z, height / 2 - focal * (p @ up) / z, z], -1)
    faces = scene["faces"]
    tri, bary, _ = rasterize(screen, faces, width, height)
    t = np.linspace(0, 1, height)[:, None, None]
    color = np.broadcast_to(np.array(background[0]) * (1 - t) + np.array(background[1]) * t, (height, width, 3)).copy() ** 2.2
    hit = tri >= 0
    color[hit] = shade_pixels(scene, faces[tri[hit]], bary[hit], eye)
    picture = color.reshape(size[1], samples, size[0], samples, 3).mean(axis=(1, 3))
    picture = tone(picture)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def shade_pixels(scene, corners, bary, eye):
    def at(values):
        return np.sum(values[corners] * (bary[..., None] if values.ndim > 1 else bary), axis=1)

    place, normal, uv = at(scene["points"]), unit(at(scene["normals"])), at(scene["uvs"])
    view = unit(eye - place)
    facing = np.sum(normal * view, axis=1)
    normal = np.where((facing < -0.15)[:, None], -normal, normal)
    texture = scene["texture"]
    h, w = texture.shape[:2]
    albedo = bilinear(texture, np.clip(uv[:, 0] * w - 0.5, 0, w - 1.001), np.clip(uv[:, 1] * h - 0.5, 0, h - 1.001))
    albedo = albedo * at(scene["shade"])[:, None]
    lit = shadow(scene, place, normal)
    sun = np.clip(normal @ SUN, 0, 1) * lit
    sky = 0.5 + 0.5 * normal[:, 1:2]
    ambient = np.array([0.62, 0.60, 0.58]) * (1 - sky) * 0.6 + np.array([0.62, 0.68, 0.76]) * sky * 0.9
    rim = np.clip(1 - np.sum(normal * view, axis=1), 0, 1) ** 4 * 0.10
    half = unit(view + SUN)
    gloss = at(scene["gloss"])
    shine = np.clip(np.sum(normal * half, axis=1), 0, 1) ** (8 + 120 * gloss) * (0.03 + 0.5 * gloss) * lit
    return albedo * (ambient + 1.75 * sun[:, None] * np.array([1.0, 0.94, 0.84])) + (rim + shine)[:, None]


def bilinear(texture, x, y):
    xi, yi = x.astype(int), y.astype(int)
    fx, fy = (x - xi)[:, None], (y - yi)[:, None]
    return ((texture[yi, xi] * (1 - fx) + texture[yi, xi + 1] * fx) * (1 - fy)
            + (texture[yi + 1, xi] * (1 - fx) + texture[yi + 1, xi + 1] * fx) * fy)


def shadow(scene, place, normal, size=900):
    """1 in the sun, 0 in shadow, softened over 3 x 3 texels."""
    if "sun_map" not in scene:
        scene["sun_map"] = depth_map(scene["points"], scene["faces"], SUN, size)
    zbuffer, q = scene["sun_map"]
    right, up, d = view_axes(SUN)
    points = scene["points"]
    low = np.array([(points @ right).min(), (points @ up).min()])
    span = max(np.ptp(points @ right), np.ptp(points @ up))
    scale = (size - 4) / span
    place = place + normal * 0.008
    x, y, z = (place @ right - low[0]) * scale + 2, (place @ up - low[1]) * scale + 2, -(place @ d)
    lit = np.zeros(len(place))
    for dx in (-1.2, 0, 1.2):
        for dy in (-1.2, 0, 1.2):
            xi, yi = np.clip((x + dx).astype(int), 0, size - 1), np.clip((y + dy).astype(int), 0, size - 1)
            lit += z <= zbuffer[yi, xi] + 0.006
    return lit / 9


def tone(linear):
    """Soft shoulder, then sRGB."""
    x = linear * 0.95
    x = np.where(x < 0.6, x, 0.6 + 0.4 * np.tanh((x - 0.6) / 0.4))
    return np.where(x < 0.0031308, 12.92 * x, 1.055 * np.clip(x, 0.0031308, None) ** (1 / 2.4) - 0.055)
