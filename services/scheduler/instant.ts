import type { Zone } from "./zone.ts";

// What Postgres prints as text, as to_json and in json_build_object, and what ISO 8601 writers print.
const form =
  /^(?<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:[T ](?<time>(?:[01]\d|2[0-3]):[0-5]\d)(?<second>:[0-5]\d)?(?<fraction>\.\d{1,9})?)?(?<zone> ?(?:Z|[+-]\d{2}(?::?\d{2})?))?$/i;

/**
 * Gives the instant that a timestamp names, to the millisecond, or null when it is none.
 *
 * Takes ISO 8601 and the forms that Postgres prints (`2026-11-23T22:51:46.123456+00:00`, `2026-11-23 22:51:46+00`). A time
 * without an offset is local to `zone`, and one that the clock leaves out is the end of that gap; a date alone is its midnight. The day has to exist: 30 February is none.
 */
export function parseInstant(text: string, zone: Zone): Date | null {
  const parts = form.exec(text.trim())?.groups;
  if (parts === undefined || !isDay(parts["date"])) return null;
  const clock = `${parts["time"] ?? "00:00"}${parts["second"] ?? ":00"}`;
  const offset = parts["zone"]?.trim();
  const milliseconds = Math.floor(Number(`0${parts["fraction"] ?? ""}`) * 1000);
  const said = Date.parse(`${parts["date"]}T${clock}${offset === undefined ? "Z" : fullOffset(offset)}`);
  const seconds = offset === undefined ? zone.instantOf(said / 1000) * 1000 : said;
  return Number.isNaN(seconds) ? null : new Date(seconds + milliseconds);
}

/** `+05`, `+0530` and `+05:30` as the last of them; `Z` as it is. */
function fullOffset(zone: string): string {
  if (/^z$/i.test(zone)) return "Z";
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function isDay(date: string | undefined): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(`${date}T`);
}
