import { expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newFunction } from "./new-function.ts";

const root = join(import.meta.dirname, "../..");

/** A repository without functions, whose kit is this one's. */
async function withRepository() {
  const folder = await mkdtemp(join(tmpdir(), "new-function-"));
  await mkdir(join(folder, "functions"));
  for (const name of ["kit", "serve", "testing", "protocol"])
    await symlink(join(root, "functions", name), join(folder, "functions", name));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await Bun.write(join(folder, "package.json"), "{}");
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test("a new function passes its own tests, and builds for the edge", async () => {
  await using repository = await withRepository();
  const paths = await newFunction(repository.folder, "say-hello");
  expect(paths).toContain("functions/say-hello/index.ts");

  const tests = Bun.spawn([process.execPath, "test", "functions/say-hello"], {
    cwd: repository.folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await new Response(tests.stderr).text();
  expect(await tests.exited).toBe(0);
  expect(said).toContain("2 pass");

  const entrypoints = [join(repository.folder, "functions/say-hello/worker.ts")];
  const { success } = await Bun.build({ entrypoints, target: "browser" });
  expect(success).toBe(true);
}, 30_000);

test.each(["Say Hello", "../evil", "a--b", "-a", "x".repeat(64)])("no function is named %j", async (name) => {
  await using repository = await withRepository();
  expect(newFunction(repository.folder, name)).rejects.toThrow("Cannot make a function named");
});

test("a folder that is there is left alone", async () => {
  await using repository = await withRepository();
  const before = await readdir(join(root, "functions/kit"));
  expect(newFunction(repository.folder, "kit")).rejects.toThrow("the folder is there. Choose another name.");
  expect(await readdir(join(root, "functions/kit"))).toEqual(before);
});
