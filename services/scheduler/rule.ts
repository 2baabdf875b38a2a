import { z } from "zod";
import { readCronRule } from "./cron-rule.ts";
import { parseInstant } from "./instant.ts";
import { type Policies, policyFields, readPolicies } from "./policies.ts";
import {
  entriesFault,
  type Recurrence,
  recurrence,
  recurrenceFields,
  recurrenceTimes,
} from "./recurrence.ts";
import type { LocalTimes } from "./ticks.ts";
import { type Zone, zoneOf } from "./zone.ts";

/** When a schedule ticks, read from its schedule_info. */
export type Schedule = {
  /** The rule or the recurrence object's fields, as a message shows them. */
  readonly shown: string;
  /** Its local times, without start and end. */
  readonly times: LocalTimes;
  readonly zone: Zone;
  /** First and last instant at which it may tick, both included. */
  readonly start: Date | null;
  readonly end: Date | null;
  readonly policies: Policies;
};

/** What reading a schedule_info gives: a schedule, or why it is none, for a person. */
export type ParsedSchedule = { readonly schedule: Schedule } | { readonly fault: string };

// Longer than any rule a person writes; it bounds what a tenant can make us parse and log.
const maxRuleLength = 100;

/** Bytes of a schedule_info at most, as in SQL: enough for every field's numbers one by one, and some notes. */
const longestInfo = 16_384;

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
 * Gives the schedule that the JSON text of a schedule_info describes (protocol §5): `{ rule, start, end, tz }` or a recurrence object,
 * which may have start and end too; both may have policies.
 *
 * Unknown keys are left alone, since programs keep notes of theirs there; `timezone`, a slip for tz that would run jobs at
 * the wrong hour, is a fault. Whether the schedule ever ticks is for `firstTick` to say. What this costs is bounded by the text's
 * length, and that by `longestInfo`; what the database keeps beyond it is marked without being read (`schedule_fault` in SQL).
 */
export function parseSchedule(text: string): ParsedSchedule {
  const bytes = Buffer.byteLength(text);
  if (bytes > longestInfo) return { fault: `is ${bytes} bytes long; at most ${longestInfo} are read` };
  const scheduleInfo = readJson(text);
  if (scheduleInfo === undefined) return { fault: "is no JSON that can be read" };
  const tooMuch = entriesFault(Object(scheduleInfo));
  if (tooMuch !== null) return { fault: tooMuch };
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
  const zone = zoneOf(tz ?? defaultTz);
  if (zone === null) return { fault: `tz ${quoted(tz)} is not a time zone that this system knows` };

  const span = readSpan({ start, end }, zone);
  if ("fault" in span) return span;
  const policies = readPolicies({ missed, overlap, jitterSeconds });
  if ("fault" in policies) return policies;

  const times = readTimes(rule, fields);
  if ("fault" in times) return times;
  const unreadable = unreadableEscape(text);
  if (unreadable !== undefined)
    return { fault: `holds the character ${unreadable}, which Postgres cannot read` };
  return { schedule: { ...times, ...span, zone, policies } };
}

/** Gives the value of a JSON text; undefined where it is none, or nests deeper than this system reads. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Times = Pick<Schedule, "shown" | "times">;
type Fault = { readonly fault: string };

function readTimes(rule: string | null | undefined, fields: Recurrence): Times | Fault {
  const given = Object.entries(fields).filter(([, numbers]) => numbers !== null);
  if (typeof rule === "string")
    return given.length > 0 ? { fault: "has both a rule and recurrence fields" } : readRule(rule);
  if (given.length === 0)
    return { fault: `has neither a rule nor recurrence fields (${recurrenceFields.join(", ")})` };
  return { shown: cut(JSON.stringify(Object.fromEntries(given))), times: recurrenceTimes(fields) };
}

/**
 * The policies are read in SQL too, where the escape of a NUL or of half a surrogate pair anywhere in the text spoils the whole. No text
 * in UTF-8 has either without an escape.
 */
function unreadableEscape(text: string): string | undefined {
  for (const [found] of text.matchAll(/\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|u[\da-f]{4}|[^])/gi))
    if (/^\\u(?:0000|d[89a-f][\da-f]{2})$/i.test(found)) return found;
  return undefined;
}

/** Gives a value as it may appear in a message: on one line, without control characters, cut at 60 characters. */
function quoted(value: unknown): string {
  return cut(JSON.stringify(value) ?? "nothing");
}

function cut(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60).toWellFormed()}…`;
}

function shapeFault(issue: z.core.$ZodIssue | undefined, scheduleInfo: unknown): string {
  const name = issue?.path[0];
  if (name === undefined) return `is ${quoted(scheduleInfo)}: ${issue?.message}`;
  return `${String(name)} ${quoted(Object(scheduleInfo)[name])}: ${issue?.message}`;
}

type Given = { readonly start: string | null | undefined; readonly end: string | null | undefined };

/** Reads start and end. Postgres writes times without end as infinity: such a bound is none, or lets nothing tick. */
function readSpan({ start, end }: Given, zone: Zone): Pick<Schedule, "start" | "end"> | Fault {
  const from = start === "-infinity" ? null : bound(start, zone);
  const to = end === "infinity" ? null : bound(end, zone);
  if (from === undefined) return { fault: timeFault("start", start) };
  if (to === undefined) return { fault: timeFault("end", end) };
  if (from !== null && to !== null && to < from)
    return { fault: `end ${quoted(end)} is before start ${quoted(start)}` };
  return { start: from, end: to };
}

function bound(value: string | null | undefined, zone: Zone): Date | null | undefined {
  if (value === null || value === undefined) return null;
  return parseInstant(value, zone) ?? undefined;
}

function timeFault(name: string, value: unknown): string {
  return `${name} ${quoted(value)} is not a time: expected ISO 8601 before the year 10000, such as "2027-01-31T09:00:00Z"`;
}

function readRule(rule: string): Times | Fault {
  const pattern = rule.trim();
  if (rule.length > maxRuleLength)
    return { fault: `rule is ${rule.length} characters long; at most ${maxRuleLength} are read` };
  const count = pattern === "" ? 0 : pattern.split(/\s+/).length;
  if (!pattern.startsWith("@") && count !== 5 && count !== 6)
    return {
      fault: `rule ${quoted(rule)} has ${count === 1 ? "one field" : `${count} fields`}: expected five, or six with seconds first`,
    };
  try {
    return { shown: quoted(rule), times: readCronRule(pattern) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // croner repeats parts of the rule as they are; Postgres refuses a NUL.
    const printable = reason.replace(/^CronPattern: /, "").replace(/\p{Cc}/gu, " ");
    return { fault: `rule ${quoted(rule)} cannot be read: ${printable.toWellFormed()}` };
  }
}
