// Compares what `agree.rs` wrote with the findings of the Khronos validator (npm package `gltf-validator`).
// usage: node agree.mjs OUT [--show N]      run it in a folder where the package is installed

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const { validateBytes, version } = createRequire(path.join(process.cwd(), "here.js"))("gltf-validator");
const out = process.argv[2];
const shown = Number(process.argv[4] ?? 20);

async function theirs(bytes, folder) {
  const externalResourceFunction = (uri) =>
    fs.promises.readFile(path.resolve(folder, decodeURIComponent(uri))).then((data) => new Uint8Array(data));
  try {
    const report = await validateBytes(new Uint8Array(bytes), { maxIssues: 0, externalResourceFunction });
    return report.issues.messages.map((issue) => [issue.code, issue.severity, issue.pointer ?? issue.offset ?? ""]);
  } catch (error) {
    return null; // It gives no report on what is neither JSON nor GLB.
  }
}

const keys = (findings) => [...new Set(findings.map((finding) => JSON.stringify(finding)))].sort();
const counts = { files: 0, equalErrors: 0, equalFindings: 0, withoutReport: 0 };
const disagreements = new Map();
for (let number = 0; fs.existsSync(path.join(out, `${number}.json`)); number++) {
  const record = JSON.parse(fs.readFileSync(path.join(out, `${number}.json`)));
  const expected = await theirs(fs.readFileSync(path.join(out, `${number}.damaged`)), record.folder);
  if (expected === null) {
    counts.withoutReport++;
    continue;
  }
  counts.files++;
  const isError = (finding) => finding[1] === 0;
  const [e, f] = [expected, record.findings];
  const equal = (one, other) => JSON.stringify(keys(one)) === JSON.stringify(keys(other));
  counts.equalErrors += equal(e.filter(isError), f.filter(isError)) ? 1 : 0;
  if (equal(e, f)) {
    counts.equalFindings++;
    continue;
  }
  const [want, have] = [new Set(keys(e)), new Set(keys(f))];
  const notes = [
    ...[...want].filter((key) => !have.has(key)).map((key) => `missing  ${key}`),
    ...[...have].filter((key) => !want.has(key)).map((key) => `too many ${key}`),
  ];
  disagreements.set(`${number} ${record.source}`, notes);
}
for (const [file, notes] of [...disagreements].slice(0, shown)) {
  console.log(file);
  for (const note of notes.slice(0, 6)) console.log(`    ${note}`);
}
console.log(JSON.stringify({ validator: version(), ...counts }));
