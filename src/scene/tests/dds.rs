//! A small DDS, for tests here and of the importer.

/// 4 x 4 red pixels: one block of DXT1.
pub(crate) fn red_dds() -> Vec<u8> {
    let mut dds = b"DDS ".to_vec();
    // Length of the header, which fields it states, height and width.
    dds.extend([124, 0x1007, 4, 4].map(u32::to_le_bytes).as_flattened());
    dds.resize(76, 0);
    // Length of the form of pixels, and that it is told by four letters.
    dds.extend([32, 4].map(u32::to_le_bytes).as_flattened());
    dds.extend(b"DXT1");
    dds.resize(108, 0);
    dds.extend(0x1000u32.to_le_bytes());
    dds.resize(128, 0);
    // Twice the colour, and for every pixel the first.
    dds.extend([0x00, 0xF8, 0x00, 0xF8, 0, 0, 0, 0]);
    dds
}
