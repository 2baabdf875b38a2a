import { expect, test } from "bun:test";
import { Glob } from "bun";
import { edgeBundle } from "./edge-bundle.ts";
import { foreignNames } from "./foreign-names.ts";

const root = new URL("../", import.meta.url).pathname;
const sources = [...new Glob("**/*.ts").scanSync(root)].filter(
  (path) =>
    !/(\.test|\.d)\.ts$|(^|\/)(main|container)\.ts$|^(testing|serve|runtime-tests)\/|node_modules\//.test(
      path,
    ),
);
const workers = [...new Glob("*/worker.ts").scanSync(root)].map((path) => path.replace("/worker.ts", ""));

test("every module but the servers and the tests is found, and every function", () => {
  for (const path of ["protocol/outcome.ts", "kit/define-job.ts", "send-email-link/worker.ts"])
    expect(sources).toContain(path);
  expect(workers).toEqual(expect.arrayContaining(["send-email-link", "simple-email"]));
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

test.each(workers)(
  "%s with all its packages is at most 100 KB gzip, without the MJML compiler, and asks for nothing but Web APIs",
  async (name) => {
    const code = await edgeBundle(name);
    expect(await foreignNames(code)).toEqual([]);
    expect(code).not.toMatch(/mj-wrapper|mj-accordion|nodemailer/);
    expect(Bun.gzipSync(code).byteLength).toBeLessThanOrEqual(100_000);
  },
);

test.each([
  ["export const a = Buffer.from(process.env.A)", ["Buffer", "process"]],
  ["export const a = typeof Bun === 'undefined' ? Deno.version : 1", ["Bun", "Deno"]],
  ["import { readFile } from 'node:fs'; export const a = readFile", ["node:fs"]],
  ["export const a = require('x')", ["x"]],
  ["export const a = () => import('nodemailer')", ["nodemailer"]],
  [
    "export const a = [window, document, setImmediate, __dirname]",
    ["window", "document", "setImmediate", "__dirname"],
  ],
  ["export const a = globalThis.process?.env", []],
  ["const process = 1; export const a = [process, 'Buffer', fetch, crypto, URL, AbortSignal]", []],
])("of %j, %j is foreign", async (code, names) => {
  expect((await foreignNames(code)).toSorted()).toEqual(names.toSorted());
});
