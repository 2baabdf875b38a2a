import { list } from "./kinds.ts";
import { postgresSettings } from "./postgres-settings.ts";
import { querySettings } from "./query-settings.ts";
import type { CrossCheck } from "./with-cross-checks.ts";

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

/** Finds the faults that several databases make of other settings. */
export const checkDatabases: CrossCheck<Given> = (settings, add) => {
  const { JOBS_DATABASES = [], JOBS_CONCURRENCY, JOBS_LISTEN_URL } = settings;
  const count = JOBS_DATABASES.length;
  if (new Set(JOBS_DATABASES).size < count) add("JOBS_DATABASES", "expected each database once");
  if (count > 1 && JOBS_LISTEN_URL !== undefined)
    add("JOBS_LISTEN_URL", "expected not to be set, as JOBS_DATABASES names several databases");
  if (JOBS_CONCURRENCY !== undefined && JOBS_CONCURRENCY < count)
    add("JOBS_CONCURRENCY", `expected at least ${count}, one for each of JOBS_DATABASES`);
};
