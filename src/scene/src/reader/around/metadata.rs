//! KHR_xmp_json_ld: what a file says about its maker, licence and origin.

use crate::{
    description::scene::Metadata, error::SceneError, limits::MAX_METADATA_BYTES,
    limits::MAX_METADATA_PACKETS, source::json::Item,
};

const NAME: &str = "KHR_xmp_json_ld";

/// Packets of a file in its own spelling, and what the one about the file itself says in plain words.
pub(crate) fn read_metadata(root: &Item<'_>) -> Result<Metadata, SceneError> {
    let mut metadata = Metadata::default();
    let Some(list) = root
        .extension(NAME)
        .and_then(|extension| extension.get("packets"))
    else {
        return Ok(metadata);
    };
    let packets: Vec<Item<'_>> = list.elements(MAX_METADATA_PACKETS)?.collect();
    if list.json_bytes() > MAX_METADATA_BYTES {
        return Err(list.over_limit(format!(
            "the metadata is over {MAX_METADATA_BYTES} bytes of JSON"
        )));
    }
    metadata.packets = packets.iter().map(|packet| packet.json()).collect();
    let asset = root.get("asset").and_then(|asset| asset.extension(NAME));
    let chosen = match asset {
        Some(asset) => asset.index_of("packet", packets.len(), "packet")?,
        None => None,
    };
    if let Some(packet) = packets.get(chosen.unwrap_or(0) as usize) {
        metadata.title = plain(packet.get("dc:title"));
        metadata.creator = plain(packet.get("dc:creator"));
        metadata.rights = plain(packet.get("dc:rights"));
        metadata.usage_terms = plain(packet.get("xmpRights:UsageTerms"));
        metadata.web_statement = plain(packet.get("xmpRights:WebStatement"));
    }
    Ok(metadata)
}

/// Text of a value of JSON-LD: itself, the members of a list or set, or the first of its languages.
fn plain(item: Option<Item<'_>>) -> String {
    let Some(item) = item else {
        return String::new();
    };
    if let Some(text) = item.as_text() {
        return text.to_owned();
    }
    if let Some(text) = item.get("@value") {
        return plain(Some(text));
    }
    for group in ["@list", "@set"] {
        if let Some(list) = item.get(group) {
            let members = (0..list.count()).filter_map(|index| list.element(index));
            let texts: Vec<String> = members.map(|member| plain(Some(member))).collect();
            return texts.join(", ");
        }
    }
    // Alternatives by language are members rdf:_1, rdf:_2 and so on.
    plain(item.get("rdf:_1"))
}
