import type { Queries } from "./open-pool.ts";

/** Asks one statement in the schema's name and gives its rows; `limitMs` is its own limit, where the pool's does not fit. */
export type Call = <Row extends object>(
  text: string,
  values: readonly unknown[],
  limitMs?: number,
) => Promise<Row[]>;

/** Gives a way to ask prepared statements that are written for the schema app_jobs in the name of another one. */
export function createCall(queries: Queries, schema: string): Call {
  return async <Row extends object>(text: string, values: readonly unknown[], limitMs?: number) =>
    queries.unsafe<Row>(text.replaceAll("app_jobs.", `"${schema}".`), [...values] as never[], {
      prepare: true,
      ...(limitMs === undefined ? {} : { limitMs }),
    });
}
