import type { z } from "zod";
import { list } from "./kinds.ts";
import { postgresSettings } from "./postgres-settings.ts";
import { querySettings } from "./query-settings.ts";

const isPostgresUrl = (text: string) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);

/** Which databases a service works for. */
export const databaseSettings = {
  ...postgresSettings,
  ...querySettings,
  JOBS_DATABASES: list()
    .refine((urls) => urls.every(isPostgresUrl), {
      error: "expected postgres:// URLs, with commas between them",
    })
    .default([])
    .meta({ secret: true })
    .describe(
      "Several databases for one service, as postgres:// URLs with commas between them, in place of PG* and DATABASE_URL. JOBS_CONCURRENCY is shared out fairly between them.",
    ),
};

type Given = {
  readonly JOBS_DATABASES: readonly string[];
  readonly JOBS_CONCURRENCY?: number;
  readonly JOBS_LISTEN_URL?: string | undefined;
};

/** Adds the faults that several databases make of other settings. */
export function checkDatabases(settings: Given, context: z.RefinementCtx): void {
  const count = settings.JOBS_DATABASES.length;
  const add = (name: string, message: string) => context.addIssue({ code: "custom", path: [name], message });
  if (new Set(settings.JOBS_DATABASES).size < count) add("JOBS_DATABASES", "expected each database once");
  if (count > 1 && settings.JOBS_LISTEN_URL !== undefined)
    add("JOBS_LISTEN_URL", "expected not to be set, as JOBS_DATABASES names several databases");
  if (settings.JOBS_CONCURRENCY !== undefined && settings.JOBS_CONCURRENCY < count)
    add("JOBS_CONCURRENCY", `expected at least ${count}, one for each of JOBS_DATABASES`);
}
