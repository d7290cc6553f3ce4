//! What the fuzz targets once stopped at stays mended: `fuzz/regressions/TARGET/*`, and the corpora where they were made
//! (`fuzz/seed.ts`).

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    for folder in ["regressions", "corpus"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder).join(target);
        let Ok(files) = std::fs::read_dir(&folder) else { continue };
        for file in files {
            let path = file.unwrap().path();
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn bytes_that_were_found_stop_nothing() {
    replay("ipc", targets::ipc);
    replay("parquet", targets::parquet);
    replay("csv", targets::csv);
    replay("json", targets::json);
    replay("decompress", targets::decompress);
    replay("align", targets::align);
}
