import type { Queries } from "#db/open-pool";
import type { Check } from "../health/create-health-app.ts";

/** Gives the check that a service's database answers. */
export function databaseCheck(pool: Queries): Check {
  const fault = async () => {
    await pool.unsafe("select 1");
    return null;
  };
  return { name: "database", fault };
}
