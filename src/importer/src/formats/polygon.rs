//! Polygons as triangles: ear clipping (Meisters, Polygons have ears, 1975).

/// Most corners that are looked at for all polygons of a file; what is left then is fanned.
pub(super) const MAX_LOOKS: usize = 400_000_000;

/// Places of corners, three a triangle. Polygons that are not flat are seen from where they are largest. `looks` are the
/// corners that may still be looked at.
pub(super) fn triangles(corners: &[[f32; 3]], looks: &mut usize) -> Vec<[usize; 3]> {
    let flat = flatten(corners);
    let mut left: Vec<usize> = (0..corners.len()).collect();
    let mut triangles = Vec::with_capacity(corners.len().saturating_sub(2));
    let mut at = 0;
    // Of a convex one every corner is an ear, and a fan does as well.
    let mut passed = if is_convex(&flat) { left.len() } else { 0 };
    while left.len() > 3 && passed < left.len() && *looks >= left.len() {
        let count = left.len();
        let ear = [
            left[(at + count - 1) % count],
            left[at % count],
            left[(at + 1) % count],
        ];
        *looks -= count;
        if is_ear(&flat, &left, ear) {
            triangles.push(ear);
            left.remove(at % count);
            passed = 0;
        } else {
            at += 1;
            passed += 1;
        }
        at %= left.len();
    }
    for pair in left.get(1..).unwrap_or_default().windows(2) {
        triangles.push([left[0], pair[0], pair[1]]);
    }
    triangles
}

/// The corners without the axis along which the polygon is thinnest, so that it runs counter-clockwise.
fn flatten(corners: &[[f32; 3]]) -> Vec<[f64; 2]> {
    let mut normal = [0.0f64; 3];
    for (number, one) in corners.iter().enumerate() {
        let other = corners[(number + 1) % corners.len()];
        let [one, other] = [*one, other].map(|own| own.map(f64::from));
        for (axis, sum) in normal.iter_mut().enumerate() {
            let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
            *sum += (one[next] - other[next]) * (one[last] + other[last]);
        }
    }
    let axis = (0..3)
        .max_by(|one, other| normal[*one].abs().total_cmp(&normal[*other].abs()))
        .unwrap_or(0);
    let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
    let side = 1.0f64.copysign(normal[axis]);
    let corners = corners.iter().map(|own| own.map(f64::from));
    corners.map(|own| [own[next] * side, own[last]]).collect()
}

/// Twice the area of a triangle, positive when it runs counter-clockwise.
fn area([one, two, three]: [[f64; 2]; 3]) -> f64 {
    (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])
}

fn is_convex(flat: &[[f64; 2]]) -> bool {
    let count = flat.len();
    (0..count).all(|at| area([flat[at], flat[(at + 1) % count], flat[(at + 2) % count]]) >= 0.0)
}

/// It points outwards and no other corner lies in it.
fn is_ear(flat: &[[f64; 2]], left: &[usize], ear: [usize; 3]) -> bool {
    let corners = ear.map(|corner| flat[corner]);
    if area(corners) <= 0.0 {
        return false;
    }
    let [one, two, three] = corners;
    let is_inside = |point: [f64; 2]| {
        let sides = [[one, two, point], [two, three, point], [three, one, point]];
        sides.into_iter().all(|side| area(side) >= 0.0)
    };
    let mut others = left.iter().filter(|corner| !ear.contains(corner));
    !others.any(|corner| {
        let point = flat[*corner];
        !corners.contains(&point) && is_inside(point)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(corners: &[[f32; 3]]) -> Vec<[usize; 3]> {
        let mut looks = MAX_LOOKS;
        triangles(corners, &mut looks)
    }

    /// The area of the triangles one by one; more than the polygon's where they overlap.
    fn covered(corners: &[[f32; 3]]) -> f64 {
        let flat = flatten(corners);
        let triangles = whole(corners);
        assert_eq!(triangles.len(), corners.len() - 2);
        let areas = triangles
            .iter()
            .map(|triangle| area(triangle.map(|corner| flat[corner])));
        areas.map(f64::abs).sum::<f64>() / 2.0
    }

    #[test]
    fn a_polygon_is_covered_once_whatever_its_shape() {
        let arrow = [[0.0, 2.0], [-2.0, -2.0], [0.0, -1.0], [2.0, -2.0]];
        let letter = [
            [0.0, 0.0],
            [3.0, 0.0],
            [3.0, 1.0],
            [1.0, 1.0],
            [1.0, 2.0],
            [3.0, 2.0],
            [3.0, 3.0],
            [0.0, 3.0],
        ];
        for (corners, area) in [(&arrow[..], 6.0), (&letter, 7.0)] {
            for start in 0..corners.len() {
                let turned = || corners.iter().cycle().skip(start).take(corners.len());
                let there: Vec<[f32; 3]> = turned().map(|[x, y]| [*x, *y, 1.0]).collect();
                let mut side: Vec<[f32; 3]> = turned().map(|[x, y]| [2.0, *x, *y]).collect();
                side.reverse();
                assert!((covered(&there) - area).abs() < 1.0e-6);
                assert!((covered(&side) - area).abs() < 1.0e-6);
            }
        }
    }

    #[test]
    fn what_is_no_polygon_ends_too() {
        for corners in [
            vec![[0.0; 3]; 9],
            vec![
                [0.0, 0.0, 0.0],
                [1.0, 1.0, 0.0],
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
            ],
            vec![[f32::MAX; 3], [f32::MIN; 3], [0.0; 3], [1.0; 3]],
        ] {
            assert_eq!(whole(&corners).len(), corners.len() - 2);
        }
        assert_eq!(whole(&[]).len() + whole(&[[0.0; 3]; 2]).len(), 0);
    }
}
