//! Small FBX files as text, for tests.

/// A file of objects and their connections: what is connected, to what, and to which property of it.
pub(super) fn fbx(objects: &[String], connections: &[(u32, u32, &str)]) -> Vec<u8> {
    let connections: Vec<String> = connections
        .iter()
        .map(|(child, parent, property)| match property.is_empty() {
            true => format!("C: \"OO\",{child},{parent}"),
            false => format!("C: \"OP\",{child},{parent}, \"{property}\""),
        })
        .collect();
    format!(
        "; FBX 7.4.0 project file\nFBXHeaderExtension:  {{\n FBXHeaderVersion: 1003\n FBXVersion: 7400\n}}\n\
         GlobalSettings:  {{\n Version: 1000\n Properties70:  {{\n  P: \"UnitScaleFactor\", \"double\", \"Number\", \"\",100\n }}\n}}\n\
         Objects:  {{\n{}\n}}\nConnections:  {{\n{}\n}}\n",
        objects.join("\n"),
        connections.join("\n")
    )
    .into_bytes()
}

/// A triangle; `layers` are further elements of it.
pub(super) fn triangle(id: u32, layers: &str) -> String {
    format!(
        "Geometry: {id}, \"Geometry::\", \"Mesh\" {{\nVertices: *9 {{\na: 0,0,0,1,0,0,0,1,0\n}}\n\
         PolygonVertexIndex: *3 {{\na: 0,1,-3\n}}\nGeometryVersion: 124\n{layers}\n\
         LayerElementMaterial: 0 {{\nVersion: 101\nName: \"\"\nMappingInformationType: \"AllSame\"\n\
         ReferenceInformationType: \"IndexToDirect\"\nMaterials: *1 {{\na: 0\n}}\n}}\n}}"
    )
}

/// A set of texture coordinates with a name.
pub(super) fn uvs(number: u32, name: &str) -> String {
    format!(
        "LayerElementUV: {number} {{\nVersion: 101\nName: \"{name}\"\nMappingInformationType: \"ByPolygonVertex\"\n\
         ReferenceInformationType: \"Direct\"\nUV: *6 {{\na: 0,0,1,0,0,1\n}}\n}}"
    )
}

/// One colour for all corners.
pub(super) fn colors(color: [f32; 4]) -> String {
    let values: Vec<String> = color.iter().map(f32::to_string).collect();
    format!(
        "LayerElementColor: 0 {{\nVersion: 101\nName: \"\"\nMappingInformationType: \"AllSame\"\n\
         ReferenceInformationType: \"IndexToDirect\"\nColors: *4 {{\na: {}\n}}\nColorIndex: *1 {{\na: 0\n}}\n}}",
        values.join(",")
    )
}

/// Any object with properties.
pub(super) fn object(class: &str, id: u32, name: &str, kind: &str, properties: &[&str]) -> String {
    let properties: Vec<String> = properties.iter().map(|own| format!("P: {own}")).collect();
    let prefix = match class {
        "NodeAttribute" => "NodeAttribute",
        "AnimationStack" => "AnimStack",
        "AnimationLayer" => "AnimLayer",
        "AnimationCurveNode" => "AnimCurveNode",
        own => own,
    };
    format!(
        "{class}: {id}, \"{prefix}::{name}\", \"{kind}\" {{\nVersion: 232\nProperties70:  {{\n{}\n}}\n}}",
        properties.join("\n")
    )
}

/// A straight curve from one value to another in two seconds.
pub(super) fn curve(id: u32, from: f32, to: f32) -> String {
    keys(id, &[(0, from), (2, to)])
}

/// A curve with keys at these seconds, straight between them.
pub(super) fn keys(id: u32, keys: &[(i64, f32)]) -> String {
    let times: Vec<String> = keys
        .iter()
        .map(|(second, _)| (second * 46_186_158_000).to_string())
        .collect();
    let values: Vec<String> = keys.iter().map(|(_, value)| value.to_string()).collect();
    let count = keys.len();
    format!(
        "AnimationCurve: {id}, \"AnimCurve::\", \"\" {{\nDefault: 0\nKeyVer: 4009\n\
         KeyTime: *{count} {{\na: {}\n}}\nKeyValueFloat: *{count} {{\na: {}\n}}\n\
         KeyAttrFlags: *1 {{\na: 4\n}}\nKeyAttrDataFloat: *4 {{\na: 0,0,0,0\n}}\nKeyAttrRefCount: *1 {{\na: {count}\n}}\n}}",
        times.join(","),
        values.join(",")
    )
}

/// A shape that lifts the third vertex of a triangle by a metre, and its channel, which gives it so many percent.
pub(super) fn shape(id: u32, channel: u32, percent: u32) -> [String; 2] {
    let shape = format!(
        "Geometry: {id}, \"Geometry::up\", \"Shape\" {{\nVersion: 100\nIndexes: *1 {{\na: 2\n}}\n\
         Vertices: *3 {{\na: 0,1,0\n}}\nNormals: *3 {{\na: 0,0,0\n}}\n}}"
    );
    let channel = format!(
        "Deformer: {channel}, \"SubDeformer::up\", \"BlendShapeChannel\" {{\nVersion: 100\nDeformPercent: {percent}\n\
         FullWeights: *1 {{\na: 100\n}}\nProperties70:  {{\nP: \"DeformPercent\", \"Number\", \"\", \"A\",{percent}\n}}\n}}"
    );
    [shape, channel]
}

/// The part of a skin that moves one vertex with one bone.
pub(super) fn cluster(id: u32, vertex: u32) -> String {
    let identity = "*16 {\na: 1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1\n}";
    format!(
        "Deformer: {id}, \"SubDeformer::\", \"Cluster\" {{\nVersion: 100\nIndexes: *1 {{\na: {vertex}\n}}\n\
         Weights: *1 {{\na: 1\n}}\nTransform: {identity}\nTransformLink: {identity}\n}}"
    )
}
