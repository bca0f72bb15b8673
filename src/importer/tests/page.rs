//! The page of `stoa-import check`, with a stand-in for the program that draws.

use crate::output::glb;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Gives the picture that lies beside it as the one that it was asked for.
const DRAWS: &str = "#!/bin/sh
while [ $# -gt 0 ]; do
    [ \"$1\" = --screenshot ] && cp \"$(dirname \"$0\")/drawn.png\" \"$2\"
    shift
done
";
/// Ends as the desktop program does that finds no graphics adapter.
const FINDS_NO_ADAPTER: &str = "#!/bin/sh\nexit 3\n";
const RED: image::Rgb<u8> = image::Rgb([200, 10, 20]);

/// A place for programs, with `stoa-import` alone, and one beside it for files.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for folder in ["programs", "files"] {
            fs::create_dir(bench.0.path().join(folder)).unwrap();
        }
        fs::copy(
            env!("CARGO_BIN_EXE_stoa-import"),
            bench.program("stoa-import"),
        )
        .unwrap();
        let picture = image::RgbImage::from_pixel(8, 4, RED);
        picture.save(bench.program("drawn.png")).unwrap();
        bench
    }

    fn program(&self, name: &str) -> PathBuf {
        self.0.path().join("programs").join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("files").join(name)
    }

    fn stand_in(&self, script: &str) {
        let stoa = self.program("stoa");
        fs::write(&stoa, script).unwrap();
        fs::set_permissions(&stoa, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A file in which there is something to see.
    fn triangle(&self) -> PathBuf {
        let (obj, glb) = (self.file("a.obj"), self.file("a.glb"));
        fs::write(&obj, "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n").unwrap();
        let done = Command::new(self.program("stoa-import"))
            .arg("convert")
            .args([&obj, &glb])
            .output();
        assert!(done.unwrap().status.success());
        glb
    }

    /// The exit code of a check, what it printed, and its page.
    fn check(&self, flags: &[&str], file: &Path) -> (Option<i32>, String, String) {
        let page = self.file("page.html");
        let done = Command::new(self.program("stoa-import"))
            .arg("check")
            .args(flags)
            .args([Path::new("--html"), &page, file])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(errors.is_empty(), "{errors}");
        let printed = String::from_utf8(done.stdout).unwrap();
        (
            done.status.code(),
            printed,
            fs::read_to_string(page).unwrap(),
        )
    }
}

#[test]
fn a_page_holds_the_picture_that_a_preview_draws() {
    let bench = Bench::new();
    let file = bench.triangle();
    bench.stand_in(DRAWS);
    let (code, printed, page) = bench.check(&[], &file);
    assert_eq!(code, Some(0), "{page}");
    let (_, rest) = page.split_once("src=\"data:image/png;base64,").unwrap();
    let (data, _) = rest.split_once('"').unwrap();
    let picture = image::load_from_memory(&STANDARD.decode(data).unwrap()).unwrap();
    let picture = picture.to_rgb8();
    assert_eq!(picture.dimensions(), (8, 4));
    assert!(picture.pixels().all(|pixel| *pixel == RED));
    assert!(printed.contains("load time"), "{printed}");
    let (_, printed, page) = bench.check(&["--json"], &file);
    assert!(page.contains("<img"));
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[test]
fn a_page_without_a_picture_says_why() {
    let bench = Bench::new();
    let file = bench.triangle();
    let reason_for = |file: &Path| {
        let (code, _, page) = bench.check(&[], file);
        assert!(!page.contains("<img"), "{page}");
        let (_, rest) = page.split_once("There is no picture: ").unwrap();
        let (reason, _) = rest.split_once(".</p>").unwrap();
        (code, reason.to_owned())
    };
    let (code, reason) = reason_for(&file);
    assert_eq!(code, Some(0));
    assert_eq!(
        reason,
        "`stoa`, which draws it, is not beside `stoa-import`"
    );
    bench.stand_in(FINDS_NO_ADAPTER);
    assert_eq!(
        reason_for(&file),
        (Some(0), "there is no graphics adapter".to_owned())
    );
    bench.stand_in(DRAWS);
    let empty = bench.file("empty.glb");
    fs::write(&empty, glb(r#"{"asset":{"version":"2.0"}}"#)).unwrap();
    assert_eq!(
        reason_for(&empty),
        (
            Some(0),
            "there is nothing in it that can be seen".to_owned()
        )
    );
    fs::write(&empty, glb(r#"{"asset":{"version":"2.0"},"scene":3}"#)).unwrap();
    assert_eq!(
        reason_for(&empty),
        (Some(1), "the file is refused".to_owned())
    );
}
