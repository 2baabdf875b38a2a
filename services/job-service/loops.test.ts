import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test.each([
  [
    "rescue",
    "alter function app_jobs.rescue_jobs rename to gone",
    "alter function app_jobs.gone rename to rescue_jobs",
  ],
  [
    "ticks",
    "alter table app_jobs.scheduled_jobs rename column next_tick to gone",
    "alter table app_jobs.scheduled_jobs rename column gone to next_tick",
  ],
  [
    "claims",
    "alter table app_jobs.jobs rename column run_at to gone",
    "alter table app_jobs.jobs rename column gone to run_at",
  ],
] as const)(
  "a job service whose loop of %s keeps failing is not ready, says why, and records callbacks all the same, until it works again",
  async (loop, spoil, mend) => {
    await using database = await withDatabase();
    await using service = await withJobService({
      ...database.env,
      KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
      JOBS_LEASE_SECONDS: "3",
      JOBS_POLL_SECONDS: "0.2",
    });
    const readiness = async () => {
      const response = await fetch(`http://127.0.0.1:${service.port}/readyz`);
      return { status: response.status, said: await response.text() };
    };
    expect((await readiness()).status).toBe(200);
    await database.sql.unsafe(spoil);
    const { said } = await until("it is not ready", async () => {
      const answer = await readiness();
      return answer.status === 503 && answer;
    });
    expect(said).toMatch(
      new RegExp(`loops: .*${loop} failed \\d+ times in a row, and was last done \\d+ s ago`),
    );
    expect(service.events).toContainEqual(
      expect.objectContaining({ event: "a loop keeps failing; not ready until it works again", loop }),
    );
    const callback = await fetch(service.callbackUrl, { method: "POST" });
    expect([callback.status, await callback.json()]).toEqual([200, "OK"]);
    await database.sql.unsafe(mend);
    await until("it is ready again", async () => (await readiness()).status === 200);
  },
  30_000,
);

test("a schedule that an application's trigger keeps from ticking does not make the service unready", async () => {
  await using database = await withDatabase();
  await database.sql.unsafe(`
    create function public.refuse() returns trigger language plpgsql as $$
    begin raise exception 'not this one'; end $$;
    create trigger refuse before update on app_jobs.scheduled_jobs for each row
      when (old.task_identifier = 'cursed') execute function public.refuse();
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info)
    values ('${tenant}', 'cursed', '{"rule":"* * * * * *"}'), ('${tenant}', 'blessed', '{"rule":"* * * * * *"}')`);
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
    JOBS_POLL_SECONDS: "0.2",
  });
  await until("the others tick", async () => {
    return (await database.sql`select from app_jobs.jobs where task_identifier = 'blessed'`).length > 0;
  });
  await until(
    "it rests for the third time",
    () => service.events.filter(({ event }) => event === "schedule fails; it rests").length >= 3,
  );
  expect((await fetch(`http://127.0.0.1:${service.port}/readyz`)).status).toBe(200);
}, 30_000);
