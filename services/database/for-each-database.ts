import type { DatabaseSettings } from "#db/connect";
import type { Check } from "../health/create-health-app.ts";
import type { Log } from "../log/log.ts";
import { describeDatabase, rightsFault } from "./describe-database.ts";

/** Something that works for one database, or for several. */
export type Part = {
  /** Resolves when it can work; rejects with a StartError when it never will. */
  readonly ready: Promise<void>;
  readonly checks: readonly Check[];
  /** Stops it in order; with `true`, also when called again, it waits for nothing that can be given back. */
  readonly drain: (now?: boolean) => Promise<void>;
};

type SeveralSettings = DatabaseSettings & { readonly JOBS_DATABASES: readonly string[] };

/** How each database is worked for. */
export type ForEachOptions<Settings> = {
  readonly start: (settings: Settings, options: { readonly log: Log }) => Part;
  readonly log: Log;
};

/** Gives the settings of each database by itself: those of JOBS_DATABASES, or the one that PG* or DATABASE_URL name. */
function settingsByDatabase<Settings extends SeveralSettings>(settings: Settings): Settings[] {
  if (settings.JOBS_DATABASES.length === 0) return [settings];
  return settings.JOBS_DATABASES.map((url) => ({ ...settings, DATABASE_URL: url }));
}

/**
 * Starts a part for each database, side by side, and gives them as one.
 *
 * Of several, each works whatever becomes of the others: all is ready when the first one is, and stays so while any is; it never will
 * be when none will. What is wrong with another one is logged.
 */
export function forEachDatabase<Settings extends SeveralSettings>(
  settings: Settings,
  { start, log }: ForEachOptions<Settings>,
): Part {
  const several = settings.JOBS_DATABASES.length > 1;
  const parts = settingsByDatabase(settings).map((one) => {
    const database = describeDatabase(one);
    const part = start(one, { log: several ? log.with({ database }) : log });
    const ready = part.ready.catch((error: unknown) => {
      throw rightsFault(error, one);
    });
    ready.catch(() => undefined);
    return { database, part: { ...part, ready } };
  });
  const [only, another] = parts;
  if (only !== undefined && another === undefined) return only.part;
  return together(parts, log);
}

type Named = { readonly database: string; readonly part: Part };

function together(parts: readonly Named[], log: Log): Part {
  for (const { database, part } of parts)
    part.ready.catch((error: unknown) => log.error("not working for this database", { database, error }));
  const ready = Promise.any(parts.map(({ part }) => part.ready)).catch((faults: AggregateError) => {
    throw faults.errors[0];
  });
  ready.catch(() => undefined);
  return {
    ready,
    checks: [{ name: "databases", fault: () => faultOf(parts), note: () => notesOf(parts) }],
    drain: async (now) => {
      await Promise.all(parts.map(({ part }) => part.drain(now)));
    },
  };
}

function notesOf(parts: readonly Named[]): string | null {
  const notes = parts.flatMap(({ database, part }) =>
    part.checks
      .map(({ note }) => note?.() ?? null)
      .filter((note) => note !== null)
      .map((note) => `${database}: ${note}`),
  );
  return notes.length === 0 ? null : notes.join("; ");
}

/** Null as soon as all checks of one part pass, however long another's take; else the first reason of each. */
async function faultOf(parts: readonly Named[]): Promise<string | null> {
  const passes = parts.map(async ({ database, part }) => {
    for (const { name, fault } of part.checks) {
      const reason = await Promise.resolve(fault()).catch(String);
      if (reason !== null) throw new Error(`${database}: ${name}: ${reason}`);
    }
  });
  return Promise.any(passes).then(
    () => null,
    (faults: AggregateError) => faults.errors.map((fault: Error) => fault.message).join("; "),
  );
}
