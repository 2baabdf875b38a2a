import { type Command, InvalidArgumentError, Option } from "commander";
import { parseInstant } from "../../services/scheduler/instant.ts";
import { zoneOf } from "../../services/scheduler/zone.ts";

/** A time as an instant, or as seconds from now by the database's clock. */
export type RunAt = { readonly at: Date } | { readonly inSeconds: number };

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads `+90s`, `+5m`, `+2h`, `+1d` or an ISO 8601 time, which is local where it has no offset. */
export function runAtArgument(text: string): RunAt {
  const [, count, unit] = /^\+(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return { inSeconds: Number(count) * (unitSeconds[unit] ?? 1) };
  const zone = zoneOf(Intl.DateTimeFormat().resolvedOptions().timeZone) ?? zoneOf("UTC");
  const at = zone && parseInstant(text, zone);
  if (at === null)
    throw new InvalidArgumentError(
      'Expected an ISO 8601 time, such as "2027-01-31T09:00Z", or +90s, +5m, +2h, +1d.',
    );
  return { at };
}

/** Gives a reader of whole numbers from `low` to `high`. */
export function integerArgument(low: number, high: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^-?\d+$/.test(text) || number < low || number > high)
      throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
    return number;
  };
}

/** Reads the id of a job or a schedule, which may not fit a JavaScript number. */
export function idArgument(text: string): string {
  if (!/^\d{1,19}$/.test(text) || BigInt(text) > 9_223_372_036_854_775_807n)
    throw new InvalidArgumentError("Expected the number of a row, as `list` prints it.");
  return text;
}

/** Reads one or more ids, as commander calls it for each. */
export function idsArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), idArgument(text)];
}

/** Reads the id of a tenant's database. */
export function databaseIdArgument(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new InvalidArgumentError("Expected a UUID.");
  return text.toLowerCase();
}

/** Options shared by what is enqueued at once and what a schedule enqueues. */
export type JobOptions = {
  readonly db?: string;
  readonly key?: string;
  readonly queue?: string;
  readonly maxAttempts?: number;
  readonly priority?: number;
  readonly json?: boolean;
};

const maxInteger = 2_147_483_647;

/** Adds the options of JobOptions to a command. */
export function withJobOptions(command: Command): Command {
  return command
    .option(
      "--db <uuid>",
      "tenant that it belongs to (DEFAULT_DATABASE_ID, or the only one there is)",
      databaseIdArgument,
    )
    .option("--key <text>", "replaces what has this key")
    .option("--queue <name>", "serial queue: one job of it at a time")
    .option("--max-attempts <count>", "attempts before it is dead (25)", integerArgument(1, maxInteger))
    .option("--priority <number>", "lower runs first (0)", integerArgument(-maxInteger, maxInteger))
    .addOption(jsonOption());
}

/** The option `--json`. */
export function jsonOption(): Option {
  return new Option("--json", "JSON lines instead of a table");
}
