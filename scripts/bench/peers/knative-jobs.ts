import { startWorker } from "../host/start-worker.ts";
import type { Queue } from "./queue.ts";

const tenant = "00000000-0000-4000-8000-000000000001";

/** The queue of this repository, its worker as it is deployed. */
export const knativeJobs: Queue = {
  name: "knative jobs",
  prepare: async () => {},
  addOne: (payload) => ({
    text: "select (app_jobs.add_job($1::uuid, 'mail', $2::text::json)).id",
    values: [tenant, payload],
  }),
  addMany: (payloads) => ({
    text: "select count(*) from app_jobs.add_task_jobs($1::uuid, 'mail', $2::text::json[])",
    values: [tenant, arrayLiteral(payloads)],
  }),
  startWorker,
  unfinished: "select from app_jobs.jobs limit 1",
};

/** Gives texts as Postgres writes an array of them. */
function arrayLiteral(texts: readonly string[]): string {
  const quoted = texts.map((text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
  return `{${quoted.join(",")}}`;
}
