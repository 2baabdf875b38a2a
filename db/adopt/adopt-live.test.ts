import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import {
  deployOriginal,
  installPublishedService,
  withPublishedService,
} from "../../services/testing/with-published-service.ts";
import { goBack, migrate } from "../migrate.ts";

const tenant = "00000000-0000-4000-8000-000000000001";
const isInstalled = await installPublishedService();

/** A function that writes down each request, and reports by callback, as the published worker wants it. */
async function withLedger() {
  const runs: number[] = [];
  const server = await withFunction(async ({ headers, body }) => {
    runs.push(Number(JSON.parse(body).n));
    if (headers.has("x-job-completion")) return Response.json({});
    // Its worker sends the URL of its callback server, without a path.
    const url = new URL("/callback", headers.get("x-callback-url") ?? "");
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Worker-Id": headers.get("x-worker-id") ?? "",
        "X-Job-Id": headers.get("x-job-id") ?? "",
      },
      body: "{}",
    });
    return new Response(null, { status: response.status });
  });
  return { ...server, runs };
}

test.skipIf(!isInstalled)(
  "the published worker works on through an adoption, ours takes over, and it again: each job runs once",
  async () => {
    await using database = await withDatabase("empty");
    const { sql } = database;
    await deployOriginal(sql);
    await using ledger = await withLedger();
    let enqueued = 0;
    /** Enqueues one job at a time, every fourth into a serial queue, until told to stop. */
    const enqueue = () => {
      const state = { goesOn: true };
      const done = (async () => {
        while (state.goesOn) {
          await until("few jobs wait", () => enqueued - ledger.runs.length < 50, 60_000);
          const n = ++enqueued;
          const queue = n % 4 === 0 ? "serial" : null;
          await sql.unsafe(
            "select id from app_jobs.add_job($1::uuid, 'count', $2::text::json, queue_name => $3)",
            [tenant, JSON.stringify({ n }), queue],
          );
        }
      })();
      return { stop: () => ((state.goesOn = false), done) };
    };
    const ranAll = () => until("all jobs have run", () => ledger.runs.length >= enqueued, 60_000);
    const emptied = () =>
      until(
        "no job is left",
        async () => (await sql`select from app_jobs.jobs limit 1`).length === 0,
        60_000,
      );
    const once = () => Array.from({ length: enqueued }, (_, n) => n + 1);

    const before = enqueue();
    const published = await withPublishedService(database, { functionUrl: ledger.url });
    await using _published = published;
    await until("jobs flow", () => ledger.runs.length > 20, 60_000);
    expect(await migrate(database.settings)).toMatchObject({ adopted: true });
    const atAdoption = ledger.runs.length;
    await until("jobs go on flowing", () => ledger.runs.length > atAdoption + 50, 60_000);
    await before.stop();
    await ranAll();
    await emptied();
    expect(ledger.runs.toSorted((a, b) => a - b)).toEqual(once());

    await published.kill();
    {
      await using _ours = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: ledger.url });
      const between = enqueue();
      await until("ours has taken over", () => ledger.runs.length > atAdoption + 100, 60_000);
      await between.stop();
      await ranAll();
      await emptied();
    }

    for (let n = 0; n < 20; n++)
      await sql.unsafe("select id from app_jobs.add_job($1::uuid, 'count', $2::text::json)", [
        tenant,
        JSON.stringify({ n: ++enqueued }),
      ]);
    await goBack(database.settings);
    await using _again = await withPublishedService(database, {
      functionUrl: ledger.url,
      name: "published-2",
    });
    await ranAll();
    await emptied();
    expect(ledger.runs.toSorted((a, b) => a - b)).toEqual(once());
  },
  120_000,
);
