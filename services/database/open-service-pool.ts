import type { DatabaseSettings } from "#db/connect";
import { openPool, type Pool } from "#db/open-pool";
import type { Log } from "../log/log.ts";

/** What a service's pool goes by. */
export type ServicePoolOptions = {
  readonly max: number;
  readonly name: string;
  readonly log: Log;
};

/** Gives a service's pool, whose statements take JOBS_QUERY_SECONDS at most; when it replaces its connections, the log tells. */
export function openServicePool(
  settings: DatabaseSettings & { readonly JOBS_QUERY_SECONDS: number },
  { max, name, log }: ServicePoolOptions,
): Pool {
  return openPool(settings, {
    max,
    name,
    querySeconds: settings.JOBS_QUERY_SECONDS,
    onReplaced: (error) => log.warn("connections to the database are of no use; opening others", { error }),
  });
}
