import { z } from "zod";
import { schemaName, schemaNameInWords } from "#db/schema-name";
import { port } from "./kinds.ts";

/** The settings of the database connection, by libpq's names. */
export const postgresSettings = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "expected a postgres:// URL" })
    .optional()
    .meta({ secret: true })
    .describe("The whole connection as one URL; where it is set, the PG* settings are not read."),
  PGHOST: z.string().default("localhost").describe("Host of the application's database."),
  PGPORT: port().default(5432).describe("Port of the application's database."),
  PGUSER: z.string().default("postgres").describe("Database role of the service."),
  PGPASSWORD: z.string().optional().meta({ secret: true }).describe("Password of that role."),
  PGDATABASE: z.string().default("postgres").describe("The application's database, where `app_jobs` lives."),
  JOBS_SCHEMA: z
    .string()
    .regex(schemaName, `expected ${schemaNameInWords}`)
    .default("app_jobs")
    .describe("Schema of the queue's tables and functions."),
};
