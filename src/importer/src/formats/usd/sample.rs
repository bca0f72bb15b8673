//! Packages for tests.

/// Where each file of a package begins.
const ALIGNMENT: usize = 64;

/// A zip archive of files as they are, each at its place.
pub(super) fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let local = zip.len();
        let before = local + 30 + name.len();
        let padding = (ALIGNMENT - before % ALIGNMENT) % ALIGNMENT;
        let sizes = [bytes.len() as u32; 2].map(u32::to_le_bytes).concat();
        let lengths = |extra: usize| {
            [name.len() as u16, extra as u16]
                .map(u16::to_le_bytes)
                .concat()
        };
        zip.extend(b"PK\x03\x04\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0");
        zip.extend(&sizes);
        zip.extend(lengths(padding));
        zip.extend(name.as_bytes());
        zip.resize(zip.len() + padding, 0);
        zip.extend(*bytes);
        directory.extend(b"PK\x01\x02\x0A\0\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(sizes);
        directory.extend(lengths(0));
        directory.extend([0; 10]);
        directory.extend((local as u32).to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = zip.len();
    zip.extend(&directory);
    let count = (files.len() as u16).to_le_bytes();
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count, count].concat());
    zip.extend((directory.len() as u32).to_le_bytes());
    zip.extend((start as u32).to_le_bytes());
    zip.extend([0; 2]);
    zip
}
