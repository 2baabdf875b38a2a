import { expect, test } from "bun:test";
import { Glob } from "bun";
import { edgeBundle } from "./edge-bundle.ts";

const root = new URL("../", import.meta.url).pathname;
const sources = [...new Glob("**/*.ts").scanSync(root)].filter(
  (path) =>
    !/(\.test|\.d)\.ts$|(^|\/)(main|container)\.ts$|^(testing|serve|runtime-tests)\/|node_modules\//.test(
      path,
    ),
);

test("every module but the servers and the tests is found", () => {
  for (const path of ["protocol/outcome.ts", "kit/define-job.ts", "send-email-link/worker.ts"])
    expect(sources).toContain(path);
});

test.each(sources)("%s builds for a browser and names nothing of Bun or Node", async (path) => {
  const { outputs } = await Bun.build({
    entrypoints: [root + path],
    target: "browser",
    packages: "external",
  });
  const code = (await Promise.all(outputs.map((output) => output.text()))).join("\n");
  expect(code).not.toMatch(/["']node:|\bBun\.|\bprocess\.|\bBuffer\b|\brequire\(/);
});

test.each(["send-email-link", "simple-email"])(
  "%s with all its packages is at most 100 KB gzip, without Node and without the MJML compiler",
  async (name) => {
    const code = await edgeBundle(name);
    expect(code).not.toMatch(/(from|import|require\()\s*["'][a-z]+:/);
    expect(code).not.toMatch(/mj-wrapper|mj-accordion|nodemailer/);
    expect(Bun.gzipSync(code).byteLength).toBeLessThanOrEqual(100_000);
  },
);
