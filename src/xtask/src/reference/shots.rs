//! Where each picture is taken from, and its light: found by looking at the pictures of the other renderers and by
//! reckoning from edges whose length is known.

/// How one model is drawn.
pub(super) struct Shot {
    /// Its name in the folder of the other renderers' pictures.
    pub(super) model: &'static str,
    /// The file below the sample folder.
    pub(super) file: &'static str,
    /// Flags of `stoa-import preview`.
    pub(super) flags: &'static str,
}

pub(super) const SHOTS: &[Shot] = &[
    shot(
        "AlphaBlendModeTest",
        "core/AlphaBlendModeTest.glb",
        "--from 0,0 --distance 6.15 --sun none",
    ),
    shot(
        "AnimatedCube",
        "animated/AnimatedCube.gltf",
        "--from 30,30 --distance 4.78 --sun none",
    ),
    shot(
        "AnisotropyBarnLamp",
        "pbr/AnisotropyBarnLamp/AnisotropyBarnLamp.gltf",
        "--from 0,0 --look-at 0,-0.1,0 --distance 0.49 --sun 30,40 --sky even",
    ),
    shot(
        "BoxInterleaved",
        "core/BoxInterleaved.glb",
        "--from 30,30 --distance 2.39 --sun none",
    ),
    shot(
        "FlightHelmet",
        "pbr/FlightHelmet/FlightHelmet.gltf",
        "--from 0,0 --look-at 0,0.316,0 --distance 1 --sun 30,50 --sky even",
    ),
    shot(
        "Fox",
        "animated/Fox.glb",
        "--from -61,-3.4 --look-at 14,38.8,-3.9 --distance 182 --sun 20,60 --sky even",
    ),
    shot(
        "MorphStressTest",
        "animated/MorphStressTest.gltf",
        "--from 0,0 --look-at 0,0,0 --distance 2.51 --sun 40,40 --sky even",
    ),
    shot(
        "NegativeScaleTest",
        "core/NegativeScaleTest.glb",
        "--from 0,0 --distance 13.1 --sun 30,45 --sky even",
    ),
    shot(
        "OrientationTest",
        "core/OrientationTest.glb",
        "--from 30,30 --distance 22.7 --sun none",
    ),
    shot(
        "RecursiveSkeletons",
        "animated/RecursiveSkeletons.glb",
        "--from 0,86 --distance 155 --sun none",
    ),
    shot(
        "SheenCloth",
        "pbr/SheenCloth.glb",
        "--from -1.5,-0.7 --look-at 0,0.0152,-0.0128 --distance 0.0712 --sun 40,50 --sky even",
    ),
    shot(
        "SimpleSkin",
        "animated/SimpleSkin.gltf",
        "--from 0,0 --distance 2.51 --sun none",
    ),
    shot(
        "SimpleSparseAccessor",
        "core/SimpleSparseAccessor.gltf",
        "--from 0,0 --distance 8.99 --sun none",
    ),
    shot(
        "TextureCoordinateTest",
        "core/TextureCoordinateTest.glb",
        "--from 0,0 --distance 4 --sun none",
    ),
    shot(
        "TextureTransformTest",
        "core/TextureTransformTest/TextureTransformTest.gltf",
        "--from 0,0 --look-at 0,0,0 --distance 4 --sun none",
    ),
    shot(
        "UnlitTest",
        "core/UnlitTest/UnlitTest.gltf",
        "--from 0,0 --distance 7 --sun none",
    ),
];

const fn shot(model: &'static str, file: &'static str, flags: &'static str) -> Shot {
    Shot { model, file, flags }
}

/// The shot of a model.
pub(super) fn find(model: &str) -> Option<&'static Shot> {
    SHOTS.iter().find(|shot| shot.model == model)
}
