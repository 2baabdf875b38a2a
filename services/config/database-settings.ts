import { z } from "zod";
import type { DatabaseSettings } from "#db/connect";
import { checkConnection, faultsOf, postgresSettings } from "./postgres-settings.ts";
import { querySettings } from "./query-settings.ts";
import type { AddFault, CrossCheck } from "./with-cross-checks.ts";

/** URLs with commas between them. One may hold several hosts, with commas too. */
const urls = z.string().transform((text) =>
  text
    .split(/,(?=\s*(?:postgres(?:ql)?:\/\/|,|$))/i)
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** Which databases a service works for. */
export const databaseSettings = {
  ...postgresSettings,
  ...querySettings,
  JOBS_DATABASES: urls
    .default([])
    .meta({ secret: true })
    .describe(
      "Several databases for one service, as postgres:// URLs with commas between them, in place of DATABASE_URL; what they do not say, the PG* settings say. JOBS_CONCURRENCY is shared out fairly between them.",
    ),
};

type Given = DatabaseSettings & {
  readonly JOBS_DATABASES: readonly string[];
  readonly JOBS_CONCURRENCY?: number;
  readonly JOBS_LISTEN_URL?: string | undefined;
};

/** Finds the faults that several databases make of other settings. */
export const checkDatabases: CrossCheck<Given> = (settings, add) => {
  const { JOBS_DATABASES = [], JOBS_CONCURRENCY, JOBS_LISTEN_URL } = settings;
  const count = JOBS_DATABASES.length;
  if (count === 0) checkConnection(settings, add);
  checkUrls({ settings, name: "JOBS_DATABASES", urls: JOBS_DATABASES }, add);
  if (JOBS_LISTEN_URL !== undefined)
    checkUrls({ settings, name: "JOBS_LISTEN_URL", urls: [JOBS_LISTEN_URL] }, add);
  if (new Set(JOBS_DATABASES).size < count) add("JOBS_DATABASES", "expected each database once");
  if (count > 1 && JOBS_LISTEN_URL !== undefined)
    add("JOBS_LISTEN_URL", "expected not to be set, as JOBS_DATABASES names several databases");
  if (JOBS_CONCURRENCY !== undefined && JOBS_CONCURRENCY < count)
    add("JOBS_CONCURRENCY", `expected at least ${count}, one for each of JOBS_DATABASES`);
};

type Urls = {
  readonly settings: DatabaseSettings;
  readonly name: string;
  readonly urls: readonly string[];
};

/** Finds what is wrong with URLs that a setting of another name holds. */
function checkUrls({ settings, name, urls }: Urls, add: AddFault): void {
  if (name === "JOBS_DATABASES" && !urls.every((url) => /^postgres(ql)?:\/\//i.test(url)))
    return add(name, "expected postgres:// URLs, with commas between them");
  const faults = urls.flatMap((DATABASE_URL, place) =>
    faultsOf({ ...settings, DATABASE_URL }).map(({ setting, message }) => {
      const which = urls.length === 1 ? "" : `URL ${place + 1}: `;
      return setting === "DATABASE_URL" ? { setting: name, message: which + message } : { setting, message };
    }),
  );
  for (const fault of new Map(faults.map((one) => [JSON.stringify(one), one])).values())
    add(fault.setting, fault.message);
}
