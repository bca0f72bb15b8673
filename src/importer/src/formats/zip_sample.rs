//! Zip archives for tests.

use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write as _;

/// Where each file of a package begins.
const ALIGNMENT: usize = 64;

/// A package as USD has it: files as they are, each at its place.
pub(super) fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(files, 0, ALIGNMENT)
}

/// An archive of compressed files.
pub(super) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip(files, 8, 1)
}

fn zip(files: &[(&str, &[u8])], method: u16, alignment: usize) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let content = match method {
            0 => bytes.to_vec(),
            _ => deflated(bytes),
        };
        let mut checksum = Crc::new();
        checksum.update(bytes);
        let local = zip.len();
        let before = local + 30 + name.len();
        let padding = (alignment - before % alignment) % alignment;
        let lengths = |extra: usize| {
            [name.len() as u16, extra as u16]
                .map(u16::to_le_bytes)
                .concat()
        };
        // Version, flags, method, time and date, checksum, sizes.
        let mut what = b"\x0A\0\0\0".to_vec();
        what.extend(method.to_le_bytes());
        what.extend([0; 4]);
        what.extend(checksum.sum().to_le_bytes());
        what.extend((content.len() as u32).to_le_bytes());
        what.extend((bytes.len() as u32).to_le_bytes());
        zip.extend(b"PK\x03\x04");
        zip.extend(&what);
        zip.extend(lengths(padding));
        zip.extend(name.as_bytes());
        zip.resize(zip.len() + padding, 0);
        zip.extend(content);
        directory.extend(b"PK\x01\x02\x0A\0");
        directory.extend(what);
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

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
