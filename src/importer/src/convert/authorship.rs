//! Who made a file and what may be done with it, where programs look that do not know VRM: a packet of KHR_xmp_json_ld with
//! Dublin Core and XMP Rights (ISO 16684-1).

use scene::{limits, writer::Draft};
use serde_json::{Map, Value, json};

const NAME: &str = "KHR_xmp_json_ld";
/// Longest text that is repeated in a packet, in characters.
const LONGEST: usize = 4_096;
/// Most authors that are repeated.
const MOST_AUTHORS: usize = 64;

/// States in a packet about the whole file what it says otherwise: in `asset.copyright` or the meta data of an avatar. A file
/// with such a packet keeps it as it is.
pub(super) fn state(draft: &mut Draft) {
    let asset = &draft.json["asset"];
    if asset["extensions"].get(NAME).is_some() {
        return;
    }
    let Some(packet) = packet(&draft.json) else {
        return;
    };
    let packets = &mut draft.json["extensions"][NAME]["packets"];
    let mut all = packets.take().as_array().cloned().unwrap_or_default();
    let number = all.len();
    all.push(packet);
    let bytes = serde_json::to_string(&all).map_or(usize::MAX, |text| text.len());
    if number >= limits::MAX_METADATA_PACKETS || bytes > limits::MAX_METADATA_BYTES {
        all.pop();
    } else {
        draft.json["asset"]["extensions"][NAME] = json!({ "packet": number });
    }
    draft.json["extensions"][NAME]["packets"] = all.into();
}

/// What a file says, in the words of XMP; `None` when it says nothing.
fn packet(file: &Value) -> Option<Value> {
    let new = &file["extensions"]["VRMC_vrm"]["meta"];
    let old = &file["extensions"]["VRM"]["meta"];
    let first = |places: &[&Value]| places.iter().find_map(|place| text(place));
    let authors = match new["authors"].as_array() {
        Some(authors) => authors.iter().filter_map(text).take(MOST_AUTHORS).collect(),
        None => Vec::from_iter(text(&old["author"])),
    };
    let rights = first(&[&new["copyrightInformation"], &file["asset"]["copyright"]]);
    let mut packet = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        packet.extend(value.map(|value| (name.to_owned(), value)));
    };
    let title = first(&[&new["name"], &old["title"]]);
    put("dc:title", title.map(in_any_language));
    let is_signed = !authors.is_empty();
    put("dc:creator", is_signed.then(|| json!({ "@list": authors })));
    put("dc:rights", rights.map(in_any_language));
    let terms = text(&old["licenseName"]);
    put("xmpRights:UsageTerms", terms.map(in_any_language));
    let license = first(&[&new["licenseUrl"], &old["otherLicenseUrl"]]);
    put("xmpRights:WebStatement", license.map(Value::from));
    if packet.is_empty() {
        return None;
    }
    let context = json!({
        "dc": "http://purl.org/dc/elements/1.1/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    });
    packet.insert("@context".to_owned(), context);
    Some(packet.into())
}

/// A text that says something, without blanks around it.
fn text(value: &Value) -> Option<String> {
    let text: String = value.as_str()?.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

/// A text whose language is not known, as one of alternatives.
fn in_any_language(text: String) -> Value {
    json!({ "@type": "rdf:Alt", "rdf:_1": { "@language": "x-default", "@value": text } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scene::{NoSideFiles, Purpose, load_bytes};

    /// Title, creator and rights that a reader finds after they have been stated.
    fn stated(mut file: Value) -> [String; 3] {
        file["asset"]["version"] = "2.0".into();
        let mut draft = Draft::new(file);
        state(&mut draft);
        let once = draft.json.clone();
        state(&mut draft);
        assert_eq!(draft.json, once, "it is stated twice");
        let glb = draft.write(None).unwrap();
        let scene = load_bytes(&glb, &NoSideFiles, Purpose::World)
            .unwrap()
            .scene;
        let metadata = scene.metadata;
        [metadata.title, metadata.creator, metadata.rights]
    }

    #[test]
    fn makers_and_rights_of_avatars_and_other_files_are_stated() {
        assert_eq!(
            stated(json!({ "asset": { "copyright": "2026 Ada" } })),
            ["", "", "2026 Ada"]
        );
        let new = json!({ "extensions": { "VRMC_vrm": { "meta": { "name": "Mira",
            "authors": ["Ada", " ", "Bo"], "copyrightInformation": "(c) Ada",
            "licenseUrl": "https://vrm.dev/licenses/1.0/" } } } });
        let packet = packet(&new).unwrap();
        let url = &packet["xmpRights:WebStatement"];
        assert_eq!(*url, "https://vrm.dev/licenses/1.0/");
        assert_eq!(packet["dc:creator"], json!({ "@list": ["Ada", "Bo"] }));
        assert_eq!(stated(new), ["Mira", "Ada, Bo", "(c) Ada"]);
        let old = json!({ "asset": { "copyright": "2019" }, "extensions": { "VRM": { "meta": {
            "title": "Old", "author": "Bo", "licenseName": "CC_BY", "otherLicenseUrl": "" } } } });
        let terms = &super::packet(&old).unwrap()["xmpRights:UsageTerms"]["rdf:_1"]["@value"];
        assert_eq!(*terms, "CC_BY");
        assert_eq!(stated(old), ["Old", "Bo", "2019"]);
    }

    #[test]
    fn what_is_stated_already_stays_and_what_says_nothing_gets_nothing() {
        let own = json!({
            "asset": { "copyright": "Bo", "extensions": { NAME: { "packet": 1 } } },
            "extensions": { NAME: { "packets": [{}, { "dc:rights": "Ada" }] } },
        });
        assert_eq!(stated(own)[2], "Ada");
        let of_parts = json!({
            "asset": { "copyright": "Bo" },
            "extensions": { NAME: { "packets": [{ "dc:rights": "of a mesh" }] } },
        });
        assert_eq!(stated(of_parts)[2], "Bo");
        let mut silent = Draft::new(json!({ "asset": { "copyright": " " } }));
        state(&mut silent);
        assert_eq!(silent.json, json!({ "asset": { "copyright": " " } }));
    }

    #[test]
    fn what_would_be_more_than_a_file_may_hold_is_left_out() {
        let full = vec![json!({}); limits::MAX_METADATA_PACKETS];
        let long = "x".repeat(limits::MAX_METADATA_BYTES);
        for packets in [full, vec![json!({ "dc:title": long })]] {
            let file = json!({ "asset": { "copyright": "Bo" }, "extensions": { NAME: { "packets": packets } } });
            let mut draft = Draft::new(file.clone());
            state(&mut draft);
            assert_eq!(draft.json, file);
        }
        let packet = packet(&json!({ "asset": { "copyright": "y".repeat(LONGEST + 9) } })).unwrap();
        let rights = packet["dc:rights"]["rdf:_1"]["@value"].as_str().unwrap();
        assert_eq!(rights.len(), LONGEST);
    }
}
