import { z } from "zod";
import { type ConnectionVariable, connectionParameters } from "#db/connection/parameters";
import { readTarget } from "#db/connection/read-target";
import { ConnectionTargetError, type DatabaseSettings } from "#db/connection/read-values";
import { schemaName, schemaNameInWords } from "#db/schema-name";
import { type CrossCheck, withCrossChecks } from "./with-cross-checks.ts";

/** What holds where neither the URL nor a variable says anything. */
const otherwise: Readonly<Record<string, string>> = {
  PGHOST: "localhost",
  PGPORT: "5432",
  PGUSER: "postgres",
  PGDATABASE: "postgres",
  PGSSLMODE: "prefer",
};

/** Settings for each of libpq's variables. Those that cannot be honoured are read too, so that it can be said. */
const variables = Object.fromEntries(
  Object.values(connectionParameters).flatMap(({ variable, treatment, text }) => {
    if (variable === undefined) return [];
    const setting = z
      .string()
      .optional()
      .meta({
        secret: variable === "PGPASSWORD",
        unlisted: treatment !== "honoured",
        ...(otherwise[variable] !== undefined && { otherwise: otherwise[variable] }),
      })
      .describe(text);
    return [[variable, setting]];
  }),
) as unknown as Readonly<Record<ConnectionVariable, z.ZodOptional<z.ZodType<string | number>>>>;

/** The settings of the database connection, by libpq's names. */
export const postgresSettings = {
  DATABASE_URL: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe(
      "The whole connection as one URL, as psql takes it; what it does not say, the PG* settings say. Below stands what may be in it too, each by its libpq name.",
    ),
  ...variables,
  JOBS_SCHEMA: z
    .string()
    .regex(schemaName, `expected ${schemaNameInWords}`)
    .default("app_jobs")
    .describe("Schema of the queue's tables and functions."),
};

/** Finds what is wrong with the connection, whichever of its settings say it. */
export const checkConnection: CrossCheck<DatabaseSettings> = (settings, add) => {
  for (const { setting, message } of faultsOf(settings)) add(setting, message);
};

/** Gives what is wrong with the settings of one connection. */
export function faultsOf(settings: DatabaseSettings): ConnectionTargetError["faults"] {
  try {
    readTarget(settings);
    return [];
  } catch (error) {
    if (error instanceof ConnectionTargetError) return error.faults;
    throw error;
  }
}

/** All settings of what does nothing but connect. */
export const connectionSettings = withCrossChecks(z.object(postgresSettings), checkConnection);
