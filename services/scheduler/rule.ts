import { Cron, type CronOptions } from "croner";
import { z } from "zod";
import { parseInstant } from "./instant.ts";
import { type Policies, policyFields, readPolicies } from "./policies.ts";
import { type Recurrence, recurrence, recurrenceFields, recurrencePattern } from "./recurrence.ts";

/** When a schedule ticks, read from its schedule_info. */
export type Schedule = {
  /** Pattern in croner's notation. */
  readonly pattern: string;
  /** Computes the times of the pattern in the zone, without start and end. */
  readonly cron: Cron;
  /** IANA time zone, or a fixed offset such as +02:00. */
  readonly tz: string;
  /** First and last instant at which it may tick, both included. */
  readonly start: Date | null;
  readonly end: Date | null;
  readonly policies: Policies;
};

/** What reading a schedule_info gives: a schedule, or why it is none, for a person. */
export type ParsedSchedule = { readonly schedule: Schedule } | { readonly fault: string };

// Longer than any rule a person writes; it bounds what a tenant can make us parse and log.
const maxRuleLength = 100;

// Schedulers on different hosts have to agree, so the host's own zone is never asked.
const defaultTz = "UTC";

const text = (expected: string) => z.string({ error: `expected ${expected}` }).nullish();
const info = z.object(
  {
    ...recurrence.shape,
    ...policyFields,
    rule: text('a cron rule as text, such as "*/5 * * * *"'),
    tz: text('the name of a time zone, such as "Europe/Berlin"'),
    start: text("an ISO 8601 time as text"),
    end: text("an ISO 8601 time as text"),
  },
  { error: "expected a JSON object" },
);

/**
 * Gives the schedule that a schedule_info describes (protocol §5): `{ rule, start, end, tz }` or a recurrence object, which
 * may have start and end too; both may have policies.
 *
 * Unknown keys are left alone, since programs keep notes of theirs there; `timezone`, a slip for tz that would run jobs at
 * the wrong hour, is a fault. Whether the schedule ever ticks is for `firstTick` to say.
 */
export function parseSchedule(scheduleInfo: unknown): ParsedSchedule {
  const result = info.safeParse(scheduleInfo);
  if (!result.success) return { fault: shapeFault(result.error.issues[0], scheduleInfo) };
  const {
    rule,
    tz,
    start,
    end,
    missed,
    overlap,
    jitterSeconds,
    scheduledAtField: _,
    ...fields
  } = result.data;

  const slip = Object.keys(Object(scheduleInfo)).find((key) => /^time_?zone$/i.test(key));
  if (slip !== undefined) return { fault: `unknown field ${slip}: the time zone goes into tz` };
  const zone = tz ?? defaultTz;
  if (!isTimeZone(zone)) return { fault: `tz ${quoted(zone)} is not a time zone that this system knows` };

  const from = bound(start, zone);
  const to = bound(end, zone);
  if (from === undefined) return { fault: timeFault("start", start) };
  if (to === undefined) return { fault: timeFault("end", end) };
  if (from !== null && to !== null && to < from)
    return { fault: `end ${quoted(end)} is before start ${quoted(start)}` };
  const policies = readPolicies({ missed, overlap, jitterSeconds });
  if ("fault" in policies) return policies;

  const times = readTimes(rule, { fields, zone });
  if ("fault" in times) return times;
  const unreadable = unreadableEscape(scheduleInfo);
  if (unreadable !== undefined)
    return { fault: `holds the character ${unreadable}, which Postgres cannot read` };
  return { schedule: { ...times, tz: zone, start: from, end: to, policies } };
}

type Times = Pick<Schedule, "pattern" | "cron">;
type Given = { readonly fields: Recurrence; readonly zone: string };

function readTimes(
  rule: string | null | undefined,
  { fields, zone }: Given,
): Times | { readonly fault: string } {
  const hasFields = Object.values(fields).some((numbers) => numbers !== null);
  if (typeof rule === "string")
    return hasFields ? { fault: "has both a rule and recurrence fields" } : readRule(rule, zone);
  if (!hasFields)
    return { fault: `has neither a rule nor recurrence fields (${recurrenceFields.join(", ")})` };
  const pattern = recurrencePattern(fields);
  return { pattern, cron: createCron(pattern, { mode: "7-part", domAndDow: true, timezone: zone }) };
}

/** The policies are read in SQL too, where one NUL or lone surrogate anywhere in the text spoils the whole; JSON.stringify escapes both. */
function unreadableEscape(value: unknown): string | undefined {
  return /(?<!\\)(?:\\\\)*(\\u(?:0000|d[89a-f][\da-f]{2}))/.exec(JSON.stringify(value))?.[1];
}

/** Gives a value as it may appear in a message: on one line, without control characters, cut at 60 characters. */
export function quoted(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length <= 60 ? json : `${json.slice(0, 60).toWellFormed()}…`;
}

function shapeFault(issue: z.core.$ZodIssue | undefined, scheduleInfo: unknown): string {
  const name = issue?.path[0];
  if (name === undefined) return `is ${quoted(scheduleInfo)}: ${issue?.message}`;
  return `${String(name)} ${quoted(Object(scheduleInfo)[name])}: ${issue?.message}`;
}

function bound(value: string | null | undefined, tz: string): Date | null | undefined {
  if (value === null || value === undefined) return null;
  return parseInstant(value, tz) ?? undefined;
}

function timeFault(name: string, value: unknown): string {
  return `${name} ${quoted(value)} is not a time: expected ISO 8601, such as "2027-01-31T09:00:00Z"`;
}

function readRule(rule: string, tz: string): Times | { readonly fault: string } {
  const pattern = rule.trim();
  if (rule.length > maxRuleLength)
    return { fault: `rule is ${rule.length} characters long; at most ${maxRuleLength} are read` };
  const count = pattern === "" ? 0 : pattern.split(/\s+/).length;
  if (!pattern.startsWith("@") && count !== 5 && count !== 6)
    return {
      fault: `rule ${quoted(rule)} has ${count === 1 ? "one field" : `${count} fields`}: expected five, or six with seconds first`,
    };
  try {
    const cron = createCron(pattern, { mode: "5-or-6-parts", domAndDow: false, timezone: tz });
    return cron.getPattern() === undefined
      ? { fault: `rule ${quoted(rule)} is no cron rule` }
      : { pattern, cron };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // croner repeats parts of the rule as they are; Postgres refuses a NUL.
    const printable = reason.replace(/^CronPattern: /, "").replace(/\p{Cc}/gu, " ");
    return { fault: `rule ${quoted(rule)} cannot be read: ${printable.toWellFormed()}` };
  }
}

// domAndDow: both day fields have to match, as in a recurrence object; else either will do, as in cron. The wider rule for
// what counts as a fixed time of day ("no-wildcard") makes `30 2,14 * * *` two times of day.
function createCron(pattern: string, options: Pick<CronOptions, "mode" | "domAndDow" | "timezone">): Cron {
  return new Cron(pattern, { ...options, fixedTimeRule: "no-wildcard", paused: true });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
