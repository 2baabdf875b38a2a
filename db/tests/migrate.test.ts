import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";

test("x", async () => {
  await using d = await withDatabase();
  console.log(await d.sql`select * from app_jobs.add_job(gen_random_uuid(), 'x')`);
  expect((await d.sql`select id, locked_at from app_jobs.get_job('abc')`).length).toBe(1);
});
