import type { DatabaseSettings } from "#db/connect";
import { ConnectionFault } from "#db/connection/faults";
import { describeHost } from "#db/connection/open-transport";
import { readTarget } from "#db/connection/read-target";
import { StartError } from "../http/serve.ts";

/** Gives the database as a person would name it, without its password. */
export function describeDatabase(settings: DatabaseSettings): string {
  const { database, hosts, user } = readTarget(settings);
  return `${database} at ${hosts.map(describeHost).join(",")} as ${user}`;
}

type Connections = DatabaseSettings & {
  readonly JOBS_DATABASES?: readonly string[];
  readonly JOBS_LISTEN_URL?: string | undefined;
};

/** Gives a line for each connection of the settings that asks for what is left out, which names it. */
export function leftOutLines(settings: Connections): string[] {
  const { JOBS_DATABASES = [], JOBS_LISTEN_URL } = settings;
  const urls = JOBS_DATABASES.length > 0 ? JOBS_DATABASES : [settings.DATABASE_URL];
  const all = JOBS_LISTEN_URL === undefined ? urls : [...urls, JOBS_LISTEN_URL];
  const lines = all.flatMap((DATABASE_URL) => {
    const one = { ...settings, DATABASE_URL };
    const { leftOut } = readTarget(one);
    return leftOut.length === 0
      ? []
      : [`Left out of the connection to ${describeDatabase(one)}: ${leftOut.join(", ")}.`];
  });
  return [...new Set(lines)];
}

const remedies: Record<string, string> = {
  "28P01": "Check PGUSER and PGPASSWORD, or DATABASE_URL.",
  "28000": "Check PGUSER and PGPASSWORD, or DATABASE_URL.",
  "3D000": "Check PGDATABASE, or DATABASE_URL.",
  "42501": "Grant the role what docs/roles.md lists.",
};

/** Gives what a person should know about a database that refused us: which, why, and the setting that mends it. */
export function databaseFault(error: unknown, settings: DatabaseSettings): StartError {
  if (error instanceof StartError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof ConnectionFault ? error.remedy : undefined;
  return new StartError(
    `Cannot use the database ${describeDatabase(settings)}: ${reason}. ${remedy ?? remedies[code] ?? "Check PGHOST and PGPORT, or DATABASE_URL."}`,
    { cause: error },
  );
}

/** Gives the same where the role lacks a right, and any other error as it is. */
export function rightsFault(error: unknown, settings: DatabaseSettings): unknown {
  return error instanceof Error && "code" in error && error.code === "42501"
    ? databaseFault(error, settings)
    : error;
}
