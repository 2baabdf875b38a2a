import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import {
  installPublishedService,
  withPublishedService,
} from "../../services/testing/with-published-service.ts";
import { runtimes } from "./start-runtime.ts";
import { withBackEnd } from "./with-back-end.ts";

// Our functions run unchanged under the published service: its worker sends no X-Job-Completion and waits for a callback.

const isInstalled = await installPublishedService();
const [bun] = runtimes;
const databaseId = "00000000-0000-4000-8000-000000000001";

test.skipIf(!isInstalled)(
  "send-email-link under the published service completes, and fails with its reason",
  async () => {
    if (bun === undefined) throw new Error("Bun is a runtime.");
    await using database = await withDatabase();
    await using backEnd = await withBackEnd();
    await using started = await bun.start(backEnd.settings);
    await using _service = await withPublishedService(database, { functionUrl: started.url });

    const reset = { email_type: "forgot_password", email: "a@b.test", user_id: "u", reset_token: "s3cret-1" };
    for (const payload of [reset, { ...reset, reset_token: null }])
      await database.sql`select app_jobs.add_job(${databaseId}, 'send-email-link', ${JSON.stringify(payload)}::text::json)`;

    const failed = await until("one job is done and the other has failed", async () => {
      const jobs = await database.sql<
        { last_error: string | null }[]
      >`select last_error from app_jobs.jobs where locked_by is null`;
      return jobs.length === 1 && jobs[0]?.last_error !== null ? jobs[0] : undefined;
    });
    expect(failed).toEqual({ last_error: "Missing required field: reset_token" });
    const mails = await backEnd.takeMails();
    expect(mails.map(({ subject }) => subject)).toEqual(["Reset your Acme Notes password"]);
    expect(started.output()).not.toContain("s3cret-1");
  },
  60_000,
);
