// Reflection of a thin film: L. Belcour and P. Barla, "A Practical Extension to Microfacet Theory for the Modeling of
// Varying Iridescence", 2017, with the constants that KHR_materials_iridescence prints.
#define_import_path stoa::film

const PI: f32 = 3.14159265;

fn squared(value: f32) -> f32 {
    return value * value;
}

fn schlick(head_on: f32, cosine: f32) -> f32 {
    return head_on + (1.0 - head_on) * pow(saturate(1.0 - cosine), 5.0);
}

fn schlick3(head_on: vec3<f32>, cosine: f32) -> vec3<f32> {
    return head_on + (vec3<f32>(1.0) - head_on) * pow(saturate(1.0 - cosine), 5.0);
}

// How the eye sees a difference of optical paths, by Gaussians in frequency.
fn seen(path: f32, shift: vec3<f32>) -> vec3<f32> {
    let phase = 2.0 * PI * path * 1.0e-9;
    let size = vec3<f32>(5.4856e-13, 4.4201e-13, 5.2481e-13);
    let middle = vec3<f32>(1.6810e+06, 1.7953e+06, 2.2084e+06);
    let width = vec3<f32>(4.3278e+09, 9.3046e+09, 6.6121e+09);
    var xyz = size * sqrt(2.0 * PI * width) * cos(middle * phase + shift) * exp(-squared(phase) * width);
    xyz.x += 9.7470e-14 * sqrt(2.0 * PI * 4.5282e+09) * cos(2.2399e+06 * phase + shift.x) * exp(-4.5282e+09 * squared(phase));
    let from_xyz = mat3x3<f32>(
        vec3<f32>(3.2404542, -0.9692660, 0.0556434),
        vec3<f32>(-1.5371385, 1.8760108, -0.2040259),
        vec3<f32>(-0.4985314, 0.0415560, 1.0572252),
    );
    return from_xyz * (xyz / 1.0685e-7);
}

// Reflection head-on that, put through Schlick's formula, gives what the film reflects at this angle. `bare` is the
// reflection head-on without the film, `nanometres` its thickness.
fn reflection_of_film(film_ior: f32, nanometres: f32, bare: vec3<f32>, cosine: f32) -> vec3<f32> {
    // A film without thickness is none.
    let ior = mix(1.0, film_ior, smoothstep(0.0, 0.03, nanometres));
    let inside = 1.0 - squared(1.0 / ior) * (1.0 - squared(cosine));
    if inside < 0.0 {
        return vec3<f32>(1.0);
    }
    let cosine_inside = sqrt(inside);
    let r12 = schlick(squared((ior - 1.0) / (ior + 1.0)), cosine);
    let t121 = 1.0 - r12;
    let turn21 = PI;
    let root = sqrt(clamp(bare, vec3<f32>(0.0), vec3<f32>(0.9999)));
    let base_ior = (vec3<f32>(1.0) + root) / (vec3<f32>(1.0) - root);
    let between = (base_ior - vec3<f32>(ior)) / (base_ior + vec3<f32>(ior));
    let r23 = schlick3(between * between, cosine_inside);
    let turn23 = select(vec3<f32>(0.0), vec3<f32>(PI), base_ior < vec3<f32>(ior));
    let path = 2.0 * ior * nanometres * cosine_inside;
    let turn = vec3<f32>(turn21) + turn23;
    let r123 = clamp(r12 * r23, vec3<f32>(1e-5), vec3<f32>(0.9999));
    let amplitude = sqrt(r123);
    let many = squared(t121) * r23 / (vec3<f32>(1.0) - r123);
    var reflected = vec3<f32>(r12) + many;
    var order = many - vec3<f32>(t121);
    for (var m = 1; m <= 2; m += 1) {
        order *= amplitude;
        reflected += order * 2.0 * seen(f32(m) * path, f32(m) * turn);
    }
    let edge = pow(saturate(1.0 - cosine), 5.0);
    let head_on = (max(reflected, vec3<f32>(0.0)) - vec3<f32>(edge)) / max(1.0 - edge, 0.0001);
    return clamp(head_on, vec3<f32>(0.0), vec3<f32>(1.0));
}
