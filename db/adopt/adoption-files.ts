import { inTransaction } from "../install-sql.ts";
import type { Migration } from "../read-migrations.ts";
import { adoptionSql, backSql, gateSql } from "./adopt.ts";

/** Gives a file of SQL that adopts what `@pgpm/database-jobs` made, as `db:migrate` does; it may be run again where it failed. */
export function adoptionFile(migrations: readonly Migration[]): string {
  return [
    "-- Adopts app_jobs of @pgpm/database-jobs: psql -v ON_ERROR_STOP=1 -f THIS_FILE, again where a lock was not to be had.",
    inTransaction(gateSql),
    "-- Calls that began before the gate was there end meanwhile.\nselect pg_sleep(0.5);\n",
    inTransaction(adoptionSql(migrations)),
  ].join("\n");
}

/** Gives a file of SQL that puts back what an adoption put aside, with the jobs that there are then. */
export function backFile(): string {
  return inTransaction(backSql);
}
