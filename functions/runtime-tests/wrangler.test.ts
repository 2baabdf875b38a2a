import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignNames } from "../testing/foreign-names.ts";

const root = join(import.meta.dirname, "../..");

test.each(["send-email-link", "simple-email"])(
  "wrangler deploys %s as one module of at most 100 KB gzip that asks for nothing but Web APIs",
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), "wrangler-"));
    const wrangler = Bun.spawn(
      [
        process.execPath,
        "--bun",
        join(root, "node_modules/wrangler/bin/wrangler.js"),
        "deploy",
        "--dry-run",
        "--outdir",
        join(folder, "out"),
      ],
      {
        cwd: join(root, "functions", name),
        env: { PATH: process.env["PATH"] ?? "", HOME: folder, WRANGLER_SEND_METRICS: "false", CI: "true" },
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const said = await Promise.all([
      new Response(wrangler.stdout).text(),
      new Response(wrangler.stderr).text(),
    ]);
    if ((await wrangler.exited) !== 0) throw new Error(said.join("\n"));

    const code = await Bun.file(join(folder, "out/worker.js")).text();
    await rm(folder, { recursive: true });
    expect(await foreignNames(code)).toEqual([]);
    expect(code).not.toMatch(/mj-wrapper|mj-accordion|nodemailer/);
    expect(Bun.gzipSync(code).byteLength).toBeLessThanOrEqual(100_000);
  },
  30_000,
);
