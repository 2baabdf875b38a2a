import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("inserts notify at commit, once a transaction, and not when they are rolled back", async () => {
  await using db = await withDatabase();
  const heard: string[] = [];
  for (const channel of ["jobs:insert", "scheduled_jobs:insert", "end"])
    await db.sql.listen(channel, () => heard.push(channel));

  const failed = db.sql.begin(async (sql) => {
    await sql`select app_jobs.add_job(${tenant}, 'a')`;
    throw new Error("no");
  });
  expect(await failed.catch(String)).toContain("no");
  await db.sql`insert into app_jobs.jobs (database_id, task_identifier) select ${tenant}, 'a' from generate_series(1, 50)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`select app_jobs.add_scheduled_job(${tenant}, 'a', '{}', '{"rule":"* * * * *"}')`;
  await db.sql`notify "end"`;
  await until("all is heard", () => heard.includes("end"));
  expect(heard).toEqual(["jobs:insert", "jobs:insert", "scheduled_jobs:insert", "end"]);
});
