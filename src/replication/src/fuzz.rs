//! Fuzz targets: each takes any bytes and must neither panic nor swell.

use crate::datagram::ClientDatagram;
use crate::decoder::SnapshotDecoder;

/// Reads the bytes as snapshots, the first two bytes of each being its length.
pub fn fuzz_snapshot(bytes: &[u8]) {
    let mut decoder = SnapshotDecoder::new(0);
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)) % 1500;
        let (datagram, after) = after.split_at(length.min(after.len()));
        if let Ok(snapshot) = decoder.decode(datagram) {
            assert!(snapshot.updates.len() <= crate::view::MAX_SLOTS);
        }
        rest = after;
    }
}

/// Reads the bytes as a client datagram and, when they are one, writes it again.
pub fn fuzz_client_datagram(bytes: &[u8]) {
    let Ok(datagram) = ClientDatagram::decode(bytes, 0, 1 << 20) else {
        return;
    };
    let mut again = Vec::new();
    assert!(datagram.encode(&mut again).is_ok());
}
