// Converts files with `stoa-import convert` and with `gltf-transform optimize` (npm package `@gltf-transform/cli`), looks at both
// results with the Khronos validator (npm package `gltf-validator`), and compares their bytes.
// usage: node sizes.mjs STOA_IMPORT FOLDER...      run it in a folder where both packages are installed

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const { validateBytes, version } = createRequire(path.join(process.cwd(), "here.js"))("gltf-validator");
const [importer, ...folders] = process.argv.slice(2);
const transform = path.resolve("node_modules/.bin/gltf-transform");
const run = promisify(execFile);

const ENDINGS = [".gltf", ".glb", ".vrm"];
const MOST_RATIO = 1.05;
// Extensions that say how data are stored or who made them: a result that stores them otherwise has lost nothing.
const ABOUT_STORAGE = new Set([
  "EXT_meshopt_compression", "EXT_texture_webp", "KHR_draco_mesh_compression", "KHR_mesh_quantization",
  "KHR_meshopt_compression", "KHR_texture_basisu", "KHR_xmp_json_ld", "MSFT_texture_dds",
]);
// What the validator's package does not know, and tells of the source as well.
const UNKNOWN_TO_VALIDATOR = /KHR_gaussian_splatting/;

function files(folder) {
  return fs.readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && ENDINGS.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function document(glb) {
  return JSON.parse(glb.subarray(20, 20 + glb.readUInt32LE(12)));
}

// What is in a result that the other lacks.
function lacks(other, own) {
  const count = (document, list) => document[list]?.length ?? 0;
  const used = new Set(other.extensionsUsed);
  return [
    ...["nodes", "animations"].filter((list) => count(other, list) < count(own, list)),
    ...(own.extensionsUsed ?? []).filter((name) => !ABOUT_STORAGE.has(name) && !used.has(name)),
  ];
}

async function errors(glb) {
  const report = await validateBytes(new Uint8Array(glb), { maxIssues: 0 });
  const errors = report.issues.messages.filter((issue) => issue.severity === 0);
  const isKnown = !UNKNOWN_TO_VALIDATOR.test(JSON.stringify(document(glb).extensionsUsed ?? []));
  return isKnown ? errors.length : 0;
}

async function made(program, parameters, result) {
  try {
    await run(program, parameters, { maxBuffer: 1 << 26 });
    return fs.readFileSync(result);
  } catch {
    return null;
  }
}

const median = (values) => values.sort((one, other) => one - other)[values.length >> 1];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sizes-"));
const [ours, theirs] = ["ours.glb", "theirs.glb"].map((name) => path.join(scratch, name));
const groups = { alike: [], less: [] };
const counts = { files: 0, refused: 0, withErrors: 0, notOpenedByOther: 0 };
for (const file of folders.flatMap(files)) {
  counts.files++;
  for (const result of [ours, theirs]) fs.rmSync(result, { force: true });
  const own = await made(importer, ["convert", file, ours], ours);
  if (own === null) {
    counts.refused++;
    console.log(`refused        ${file}`);
    continue;
  }
  if ((await errors(own)) > 0) {
    counts.withErrors++;
    console.log(`with errors    ${file}`);
  }
  // Their reader goes by the ending, and knows an avatar as a GLB.
  let source = file;
  if (path.extname(file) === ".vrm") {
    source = path.join(scratch, "avatar.glb");
    fs.copyFileSync(file, source);
  }
  const other = await made(transform, ["optimize", source, theirs, "--simplify", "false"], theirs);
  if (other === null) {
    counts.notOpenedByOther++;
    continue;
  }
  const ratio = own.length / other.length;
  const missing = lacks(document(other), document(own));
  groups[missing.length === 0 ? "alike" : "less"].push(ratio);
  const note = missing.length === 0 ? "" : `   theirs lacks ${missing.join(", ")}`;
  if (ratio > MOST_RATIO) console.log(`${ratio.toFixed(2)}  ${own.length} : ${other.length}  ${file}${note}`);
}
fs.rmSync(scratch, { recursive: true });
for (const [name, ratios] of Object.entries(groups)) {
  const within = ratios.filter((ratio) => ratio <= MOST_RATIO).length;
  const kept = name === "alike" ? "keeps all nodes, animations and extensions" : "leaves something out";
  console.log(`of ${ratios.length} files of which theirs ${kept}, ${within} are at most ${MOST_RATIO} times as large; median ${median(ratios)?.toFixed(2)}`);
}
console.log(JSON.stringify({ validator: version(), ...counts }));
process.exit(counts.withErrors + counts.refused > 0 ? 1 : 0);
