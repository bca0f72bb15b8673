//! `stoa-import extensions`: what is done with each extension, as a table.

use scene::EXTENSIONS;
use std::io::{self, Write};

/// Writes the table as Markdown, as it stands in `docs/CONFORMANCE.md`.
pub(crate) fn write(output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "| extension | support | note | test |")?;
    writeln!(output, "|---|---|---|---|")?;
    for extension in EXTENSIONS {
        writeln!(
            output,
            "| `{}` | {} | {} | `{}` |",
            extension.name,
            extension.support.name(),
            extension.note,
            extension.test
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_document_holds_the_table() {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFORMANCE.md");
        let document = std::fs::read_to_string(document).unwrap();
        let mut table = Vec::new();
        write(&mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        assert!(
            document.contains(&table),
            "replace the table in docs/CONFORMANCE.md by what `stoa-import extensions` prints"
        );
    }

    /// True when a function of that name is a test.
    fn is_test(texts: &str, name: &str) -> bool {
        let definition = format!("fn {name}()");
        texts.match_indices(&definition).any(|(at, _)| {
            let before = &texts[..at];
            before.rfind("#[test]") > before.rfind('}')
        })
    }

    #[test]
    fn every_test_of_the_document_exists() {
        let mut texts = String::new();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders = vec![sources.join("../tests"), sources];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    texts.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        for extension in EXTENSIONS {
            assert!(is_test(&texts, extension.test), "{}", extension.test);
        }
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFORMANCE.md");
        let document = std::fs::read_to_string(document).unwrap();
        let (_, rows) = document.split_once("| requirement | tests |").unwrap();
        let (rows, _) = rows.split_once("\n\n").unwrap();
        let named: Vec<&str> = rows.split('`').skip(1).step_by(2).collect();
        assert!(named.len() > 10, "{named:?}");
        for name in named {
            assert!(is_test(&texts, name), "{name}");
        }
    }
}
