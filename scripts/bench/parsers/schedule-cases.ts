import { firstTick, latestTicks } from "../../../services/scheduler/next-tick.ts";
import { parseSchedule } from "../../../services/scheduler/rule.ts";

/** A reader of a schedule_info, and an input made for it. */
type ScheduleCase = {
  readonly name: string;
  /** Gives the worst input that is known, of about so many bytes. */
  readonly make: (bytes: number) => string;
  /** Reads it. A refusal is an answer: what counts is how long it takes. */
  readonly parse: (input: string) => unknown;
};

const now = new Date("2026-12-01T12:00:00Z");

/** A text of about so many bytes, most of which are this piece again and again. */
const around = (start: string, piece: string, end: string) => (bytes: number) =>
  `${start}${piece.repeat(Math.max(1, Math.floor((bytes - start.length - end.length) / piece.length)))}${end}`;

/** The same with commas between the pieces, and the last piece alone after them. */
const listed = (start: string, piece: string, end: string) => around(start, `${piece},`, `${piece}${end}`);

const nested = (bytes: number) => {
  const depth = Math.floor(bytes / 2) - 10;
  return `{"minute":${"[".repeat(depth)}${"]".repeat(depth)}}`;
};

/** Notes beside a rule, which are left alone. */
const beside = (rule: string) => around(`{${rule},"note":"`, "x", '"}');

const texts: readonly (readonly [name: string, make: ScheduleCase["make"]])[] = [
  ["empty ranges", listed('{"year":[', "{}", "]}")],
  ["ranges over all years", listed('{"year":[', '{"start":1970,"end":9999}', "]}")],
  ["numbers", listed('{"second":0,"minute":[', "59", "]}")],
  ["numbers as text", around('{"minute":["', "9", '"]}')],
  ["nested brackets", nested],
  [
    "fields that mean nothing",
    (bytes) => `{${Array.from({ length: bytes / 12 }, (_, n) => `"f${n}":{}`).join()},"hour":2}`,
  ],
  ["one field again and again", listed("{", '"year":[{}]', "}")],
  ["a long rule", listed('{"rule":"', "*/1", ' * * * *"}')],
  ["white space in a rule", around('{"rule":"*', " ", '* * * *"}')],
  ["a long zone", around('{"rule":"* * * * *","tz":"', "Europe/", '"}')],
  ["a long start", around('{"rule":"* * * * *","start":"2027-01-01', " ", '"}')],
  ["escapes", around('{"rule":"* * * * *","note":"', "\\\\", '\\u0000"}')],
  ["half surrogates", around('{"rule":"* * * * *","note":"', "\\ud83d\\ude00", '"}')],
  ["notes beside a rule that never ticks", beside('"rule":"* * 30,31 2 *","tz":"America/Nuuk"')],
  [
    "notes beside a fifth Monday on a 31st that never is one",
    beside('"rule":"0 0 31 * +MON#1","tz":"Europe/Berlin"'),
  ],
  [
    "notes beside the last second of all",
    beside('"year":9999,"month":11,"date":31,"hour":23,"minute":59,"second":59'),
  ],
];

/** The readers of schedules, with their worst inputs. */
export const scheduleCases: readonly ScheduleCase[] = [
  ...texts.map(([name, make]) => ({
    name: `schedule: ${name}`,
    make,
    parse: (input: string) => firstTick(input, now),
  })),
  {
    name: "schedule: a thousand leap days made up for",
    make: beside('"rule":"0 0 29 2 *","tz":"Europe/Berlin"'),
    parse: (input) => {
      const parsed = parseSchedule(input);
      return "fault" in parsed ? parsed : latestTicks(parsed.schedule, { upTo: now, count: 1_000 });
    },
  },
];
