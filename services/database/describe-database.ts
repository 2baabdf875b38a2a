import type { DatabaseSettings } from "#db/connect";
import { StartError } from "../http/serve.ts";

/** Gives the database as a person would name it, without its password. */
export function describeDatabase(settings: DatabaseSettings): string {
  if (settings.DATABASE_URL === undefined)
    return `${settings.PGDATABASE} at ${settings.PGHOST}:${settings.PGPORT} as ${settings.PGUSER}`;
  const url = new URL(settings.DATABASE_URL);
  return `${url.pathname.slice(1)} at ${url.host} as ${url.username}`;
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
  return new StartError(
    `Cannot use the database ${describeDatabase(settings)}: ${reason}. ${remedies[code] ?? "Check PGHOST and PGPORT, or DATABASE_URL."}`,
    { cause: error },
  );
}

/** Gives the same where the role lacks a right, and any other error as it is. */
export function rightsFault(error: unknown, settings: DatabaseSettings): unknown {
  return error instanceof Error && "code" in error && error.code === "42501"
    ? databaseFault(error, settings)
    : error;
}
