import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "../../functions/kit/define-job.ts";
import { postJob } from "../../functions/testing/post-job.ts";
import { withServer } from "../../functions/testing/with-server.ts";

const root = join(import.meta.dirname, "../..");

/** Gives the function that the README shows, as it is written there. */
async function withReadmeFunction() {
  const readme = await Bun.file(join(root, "README.md")).text();
  const source = /```ts\n(import \* as z[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const folder = await mkdtemp(join(tmpdir(), "readme-"));
  await mkdir(join(folder, "functions/call-webhook"), { recursive: true });
  await symlink(join(root, "functions/kit"), join(folder, "functions/kit"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "functions/call-webhook/index.ts");
  await Bun.write(path, source);
  const { callWebhook }: { callWebhook: Job } = await import(path);
  return { job: callWebhook, source, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test.each([
  [200, 200, null],
  [429, 429, null],
  [500, 500, null],
])("the README's function, its receiver answering %i, answers %i", async (status, expected, retry) => {
  await using readme = await withReadmeFunction();
  const heard: unknown[] = [];
  await using receiver = withServer(async (request) => {
    heard.push(await request.json());
    return new Response(null, { status });
  });
  const payload = { event: "order.paid", body: { id: 7 } };
  const response = await postJob(readme.job, payload, { env: { WEBHOOK_URL: receiver.url } });
  expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([expected, retry]);
  expect(heard).toEqual([payload]);
});

test("the README's function has under twenty lines", async () => {
  await using readme = await withReadmeFunction();
  expect(readme.source.trim().split("\n").length).toBeLessThan(20);
});
