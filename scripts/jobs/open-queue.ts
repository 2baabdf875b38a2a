import { z } from "zod";
import { connect, type Sql } from "../../db/client/connect.ts";
import { reach } from "../../db/client/reach.ts";
import { createSchedules, type Schedules } from "../../db/client/schedules.ts";
import { createTaskPolicies, type TaskPolicies } from "../../db/client/task-policies.ts";
import { checkConnection, postgresSettings } from "../../services/config/postgres-settings.ts";
import { readSettings } from "../../services/config/read-settings.ts";
import { withCrossChecks } from "../../services/config/with-cross-checks.ts";
import { createJobQueries, type JobQueries } from "./job-queries.ts";
import type { Terminal } from "./terminal.ts";

/** The queue's database, open. */
export type Queue = AsyncDisposable & {
  readonly sql: Sql;
  readonly jobs: JobQueries;
  readonly schedules: Schedules;
  readonly policies: TaskPolicies;
  readonly defaultDatabaseId: string | undefined;
};

const settingsSchema = withCrossChecks(
  z.object({
    ...postgresSettings,
    DEFAULT_DATABASE_ID: z.guid({ error: "expected a UUID" }).optional(),
  }),
  checkConnection,
);

/** Which database a command uses, read from the environment. */
export type CommandSettings = z.infer<typeof settingsSchema>;

// The database of `bun run start` (protocol §8).
const localStack = {
  PGHOST: "127.0.0.1",
  PGPORT: "54329",
  PGUSER: "postgres",
  PGPASSWORD: "postgres",
  PGDATABASE: "constructive",
};

/**
 * Gives the settings of the command line. Where neither PGHOST nor DATABASE_URL is set, they lead to the local stack's
 * database; other PG* settings still count.
 *
 * @throws ConfigError naming every setting that is wrong.
 */
export function commandSettings(env: Terminal["env"]): CommandSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const isNamed = given["PGHOST"] !== undefined || given["DATABASE_URL"] !== undefined;
  return readSettings("the command", settingsSchema, isNamed ? given : { ...localStack, ...given });
}

/**
 * Opens the queue's database for one command.
 *
 * @throws the fault of the connection.
 */
export async function openQueue(settings: CommandSettings): Promise<Queue> {
  const sql = connect(settings, { max: 1, name: "jobs-command", prepare: false });
  await reach(sql);
  return {
    sql,
    jobs: createJobQueries(sql, settings.JOBS_SCHEMA),
    schedules: createSchedules(sql, settings.JOBS_SCHEMA),
    policies: createTaskPolicies(sql, settings.JOBS_SCHEMA),
    defaultDatabaseId: settings.DEFAULT_DATABASE_ID,
    [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
  };
}
