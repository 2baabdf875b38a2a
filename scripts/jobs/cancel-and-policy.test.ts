import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";

const tenant = "00000000-0000-0000-0000-000000000001";

/** A migrated database, and the command line pointed at it. */
async function withQueue() {
  const { sql, env, [Symbol.asyncDispose]: dispose } = await withDatabase();
  const jobs = async (...words: string[]) => {
    await using command = withProcess("scripts/jobs.ts", env, words);
    return [await command.exited, command.output().trimEnd()] as const;
  };
  return { sql, jobs, [Symbol.asyncDispose]: dispose };
}

test("cancel ends jobs with their reason, and says which it left", async () => {
  await using queue = await withQueue();
  await queue.sql`select app_jobs.add_job(${tenant}, 'paint') from generate_series(1, 2)`;
  await queue.sql`select app_jobs.get_job('w')`;
  const [exit, output] = await queue.jobs("cancel", "1", "2", "9", "--reason", "ordered twice");
  expect(exit).toBe(0);
  expect(output).toContain("Left as they were; completed, dead, or never there: 9.");
  expect([...(await queue.sql`select id, reason, last_error from app_jobs.dead_jobs order by id`)]).toEqual([
    { id: "1", reason: "cancelled", last_error: "ordered twice" },
    { id: "2", reason: "cancelled", last_error: "ordered twice" },
  ]);
  expect(await queue.jobs("cancel", "1")).toEqual([
    3,
    expect.stringContaining("Cannot cancel any of these jobs: completed, dead, or never there: 1. "),
  ]);
});

test("policies are set whole, listed and removed", async () => {
  await using queue = await withQueue();
  expect(await queue.jobs("policy", "list")).toEqual([0, "No policies."]);
  expect(
    (await queue.jobs("policy", "set", "paint", "--timeout-seconds", "9", "--max-attempts", "3"))[0],
  ).toBe(0);
  const [, set] = await queue.jobs("policy", "set", "paint", "--backoff-factor", "1.5", "--json");
  expect(JSON.parse(set)).toMatchObject({ task: "paint", timeoutSeconds: null, backoffFactor: 1.5 });
  expect((await queue.jobs("policy", "list"))[1]).toContain("paint");
  expect(await queue.jobs("policy", "remove", "paint", "other")).toEqual([
    0,
    expect.stringContaining("Had no policy: other."),
  ]);
  expect(await queue.jobs("policy", "remove", "paint")).toEqual([
    3,
    expect.stringContaining("Cannot remove: no policy for paint. "),
  ]);
});

test("a policy without a limit, or one out of range, is refused", async () => {
  await using queue = await withQueue();
  const [exit, output] = await queue.jobs("policy", "set", "paint");
  expect([exit, output]).toEqual([2, expect.stringContaining("pass at least one option")]);
  const wrong = await queue.jobs("policy", "set", "paint", "--backoff-factor", "0.5");
  expect(wrong).toEqual([2, expect.stringContaining("Expected a number from 1 to 100.")]);
});
