// Builds the page into dist/, or with --check says whether dist/ is what the sources give.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.ts"],
  outfile: "dist/page.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "chrome108",
  legalComments: "eof", // the licences of what is bundled stay with it
  logLevel: "warning",
  write: false,
});
const [script] = outputFiles;
const files = [
  ["page.js", Buffer.from(script.contents)],
  ["index.html", await readFile(join(here, "src/index.html"))],
];
await mkdir(join(here, "dist"), { recursive: true });
for (const [name, body] of files) {
  const path = join(here, "dist", name);
  if (!process.argv.includes("--check")) {
    await writeFile(path, body);
  } else if (!(await readFile(path).catch(() => Buffer.alloc(0))).equals(body)) {
    console.error(`${name} is stale; run npm run build`);
    process.exitCode = 1;
  }
}
