import { CommanderError } from "commander";
import postgres from "postgres";
import { ConnectionFault } from "../../db/client/connection/faults.ts";
import { isTransient } from "../../db/client/is-transient.ts";
import { ConfigError } from "../../services/config/read-settings.ts";
import { describeDatabase } from "../../services/database/describe-database.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings } from "./open-queue.ts";
import type { Terminal } from "./terminal.ts";

/** What to tell a person about a failed command, and the code to exit with; no message where one was printed. */
export type Failure = { readonly message: string | null; readonly exitCode: number };

// No such password, role or database: as far away as a server that is down.
const refused = /^(28|3D)...$/;

// No such schema, table, function or column.
const outdated = /^(3F000|42P01|42883|42703)$/;

/** Gives what to tell about whatever a command threw; what nobody foresaw is thrown again. */
export function explainFailure(error: unknown, { env }: Pick<Terminal, "env">): Failure {
  if (error instanceof CommanderError)
    return { message: null, exitCode: error.exitCode === 0 ? 0 : exitCodes.usage };
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ConfigError) return { message: error.message, exitCode: exitCodes.usage };

  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isConnection = error instanceof ConnectionFault;
  if (isConnection || isTransient(error) || refused.test(code)) return unreachable(error, env);
  if (!(error instanceof postgres.PostgresError)) throw error;
  return { message: `Cannot do that: ${reasonOf(error)}`, exitCode: exitCodes.failed };
}

function unreachable(error: unknown, env: Terminal["env"]): Failure {
  const reason = error instanceof Error && error.message !== "" ? error.message : String(error);
  const isNamed = Boolean(env["PGHOST"]?.trim() || env["DATABASE_URL"]?.trim());
  const own = error instanceof ConnectionFault ? error.remedy : undefined;
  const remedy = isNamed
    ? "Check PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, or DATABASE_URL."
    : 'Start the local stack with "bun run start", or set PGHOST or DATABASE_URL.';
  return {
    message: `Cannot reach the database ${describeDatabase(commandSettings(env))}: ${reason}. ${own ?? remedy}`,
    exitCode: exitCodes.unreachable,
  };
}

function reasonOf({ code, message, detail, hint }: postgres.PostgresError): string {
  if (outdated.test(code))
    return `${message}. Run "bun run db:migrate" against this database, or set JOBS_SCHEMA.`;
  if (code === "42501" && (hint === undefined || hint === ""))
    return `${message}. Grant the role what docs/roles.md lists for a service, or use the schema's owner.`;
  const parts = [message, detail, hint].filter((part) => part !== undefined && part !== "");
  return parts.map((part) => (/[.!?]$/.test(part ?? "") ? part : `${part}.`)).join(" ");
}
