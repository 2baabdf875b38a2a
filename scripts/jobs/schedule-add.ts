import { type Command, InvalidArgumentError, Option } from "commander";
import { firstTick, nextTick } from "../../services/scheduler/next-tick.ts";
import type { Missed } from "../../services/scheduler/policies.ts";
import type { Schedule } from "../../services/scheduler/rule.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { integerArgument, type JobOptions, withJobOptions } from "./options.ts";
import { printRows } from "./print-rows.ts";
import { readJson } from "./read-json.ts";
import { tenantOf } from "./tenant.ts";
import type { Terminal } from "./terminal.ts";

type AddOptions = JobOptions & {
  readonly rule?: string;
  readonly recurrence?: string;
  readonly tz?: string;
  readonly start?: string;
  readonly end?: string;
  readonly missed?: Missed;
  readonly overlap?: string;
  readonly jitter?: number;
  readonly scheduledAtField?: string;
  readonly payload: string;
};

const examples = `
Prints the schedule's number, and its next ticks. A rule that cannot be read, or never ticks, is refused with the reason.

Examples:
  bun run jobs schedule add report --rule '*/5 * * * *'
  bun run jobs schedule add report --rule '0 9 * * MON-FRI' --tz Europe/Berlin --end 2027-12-31
  bun run jobs schedule add bill --rule '0 0 * * *' --missed all:30 --overlap allow
  bun run jobs schedule add report --recurrence '{"hour":2,"minute":0,"dayOfWeek":[1,3]}' --payload '{"all":true}'`;

/** Adds the command `schedule add`. */
export function addScheduleAdd(schedule: Command, terminal: Terminal): void {
  withJobOptions(schedule.command("add"))
    .summary("add a schedule")
    .description("Adds a schedule that makes a job for the function TASK at each of its ticks.")
    .argument("<task>", "name of the function")
    .option("--rule <cron>", "cron rule of five fields, or six with seconds first")
    .option("--recurrence <json>", "recurrence object instead of a rule: JSON, @file, or - for stdin")
    .option("--tz <zone>", "time zone of the rule, such as Europe/Berlin (UTC)")
    .option("--start <time>", "no tick before this ISO 8601 time")
    .option("--end <time>", "no tick after this ISO 8601 time")
    .option("--missed <policy>", "ticks missed: latest, skip, or all:LIMIT (latest)", missedArgument)
    .addOption(
      new Option("--overlap <policy>", "while the previous job waits or runs (skip)").choices([
        "skip",
        "allow",
      ]),
    )
    .option("--jitter <seconds>", "spreads jobs over so many seconds (0)", integerArgument(0, 86_400))
    .option("--scheduled-at-field <name>", "field of the payload that tells the tick's time (none)")
    .option("--payload <json>", "payload of each job: JSON, @file, or - for stdin", "{}")
    .addHelpText("after", examples)
    .action((task: string, options: AddOptions) => add(terminal, task, options));
}

async function add(terminal: Terminal, task: string, options: AddOptions): Promise<void> {
  const payload = await readJson(options.payload, terminal);
  const info = await scheduleInfoOf(options, terminal);
  await using queue = await openQueue(commandSettings(terminal.env));
  const first = firstTick(JSON.stringify(info), await queue.schedules.now());
  if ("fault" in first) throw new CommandError(exitCodes.usage, `Cannot add the schedule: ${first.fault}.`);

  const databaseId = await tenantOf(options.db, queue);
  const id = await queue.schedules.add({
    databaseId,
    task,
    payload,
    scheduleInfo: JSON.stringify(info),
    key: options.key,
    queueName: options.queue,
    maxAttempts: options.maxAttempts,
    priority: options.priority,
  });
  if (options.json)
    return printRows(terminal, [{ id, task, databaseId, nextTick: first.tick }], { json: true });
  terminal.print(id);
  terminal.note(`Added schedule ${id} of ${task} for database ${databaseId}. It ticks at:`);
  for (const tick of someTicks(first)) terminal.note(`  ${shownTick(tick, first.schedule.zone.name)}`);
}

async function scheduleInfoOf(options: AddOptions, terminal: Terminal): Promise<object> {
  const { rule, tz, start, end, missed, overlap, jitter: jitterSeconds, scheduledAtField } = options;
  if (rule === undefined && options.recurrence === undefined)
    throw new CommandError(exitCodes.usage, "Cannot add the schedule: pass --rule or --recurrence.");
  const recurrence: unknown =
    options.recurrence === undefined ? {} : JSON.parse(await readJson(options.recurrence, terminal));
  if (typeof recurrence !== "object" || recurrence === null || Array.isArray(recurrence))
    throw new CommandError(exitCodes.usage, "Cannot add the schedule: --recurrence is not a JSON object.");
  const given = Object.entries({ rule, tz, start, end, missed, overlap, jitterSeconds, scheduledAtField });
  return { ...recurrence, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

function missedArgument(text: string): Missed {
  if (text === "latest" || text === "skip") return text;
  const [, limit] = /^all:([1-9]\d{0,3})$/.exec(text) ?? [];
  if (limit === undefined) throw new InvalidArgumentError("Expected latest, skip, or all:LIMIT.");
  return { all: Number(limit) };
}

function someTicks({ tick, schedule }: { readonly tick: Date; readonly schedule: Schedule }): Date[] {
  const ticks = [tick];
  for (
    let next = nextTick(schedule, tick);
    next !== null && ticks.length < 3;
    next = nextTick(schedule, next)
  )
    ticks.push(next);
  return ticks;
}

/** The tick in its own zone, and in UTC where that is another. */
function shownTick(tick: Date, tz: string): string {
  const utc = tick.toISOString().replace(".000", "");
  if (tz === "UTC") return utc;
  // The Swedish way to write a time is 2027-01-31 09:00:00.
  return `${tick.toLocaleString("sv-SE", { timeZone: tz })} ${tz} (${utc})`;
}
