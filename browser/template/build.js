// Builds the room page into dist/, or with --check says whether dist/ is what the sources give.
import { build } from "esbuild";
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

async function bundle(target) {
  await mkdir(target, { recursive: true });
  await build({
    absWorkingDir: here, // paths in the output never depend on where the checkout is
    entryPoints: ["src/main.ts"],
    outfile: join(target, "room.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: "chrome108",
    legalComments: "eof", // the licences of what is bundled stay with it
    logLevel: "warning",
  });
  await build({
    absWorkingDir: here,
    entryPoints: ["src/room.css"],
    outfile: join(target, "room.css"),
    minify: true,
    logLevel: "warning",
  });
  await writeFile(join(target, "index.html"), await readFile(join(here, "src/index.html")));
}

async function check() {
  const fresh = await mkdtemp(join(tmpdir(), "room-template-"));
  try {
    await bundle(fresh);
    const names = new Set([...(await readdir(fresh)), ...(await readdir(dist).catch(() => []))]);
    const stale = [];
    for (const name of [...names].sort()) {
      const [a, b] = await Promise.all(
        [fresh, dist].map((dir) => readFile(join(dir, name)).catch(() => undefined)),
      );
      if (!a || !b || !a.equals(b)) stale.push(name);
    }
    if (stale.length > 0) {
      console.error(`dist is stale: ${stale.join(", ")}; run npm run build`);
      process.exitCode = 1;
    }
  } finally {
    await rm(fresh, { recursive: true });
  }
}

if (process.argv.includes("--check")) {
  await check();
} else {
  await rm(dist, { recursive: true, force: true });
  await bundle(dist);
}
