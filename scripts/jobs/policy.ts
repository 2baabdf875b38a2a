import { type Command, InvalidArgumentError } from "commander";
import type { TaskPolicy } from "../../db/client/task-policies.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { integerArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

type JsonOption = { readonly json?: boolean };
type SetOptions = Partial<Omit<TaskPolicy, "task">> & JsonOption;

const examples = `
Sets the whole policy: what is not given is the service's default again. Holds for the next request and the next outcome,
without a restart.

Examples:
  bun run jobs policy set render-video --timeout-seconds 3600 --max-attempts 3
  bun run jobs policy set call-webhook --backoff-base-seconds 30 --backoff-factor 2 --backoff-max-seconds 3600`;

/** Adds the commands `policy list`, `policy set` and `policy remove`. */
export function addPolicy(program: Command, terminal: Terminal): void {
  const policy = program
    .command("policy")
    .summary("list, set and remove the policies of tasks")
    .description("Keeps the policies of tasks for which the defaults do not fit.");
  policy
    .command("list")
    .summary("list policies")
    .description("Lists the policies, by task. A - is the service's default.")
    .addOption(jsonOption())
    .action((options: JsonOption) => list(terminal, options));
  withLimits(policy.command("set"))
    .summary("set the policy of a task")
    .description("Sets the policy of a task, in place of the one before.")
    .argument("<task>", "name of the function")
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((task: string, options: SetOptions) => set(terminal, task, options));
  policy
    .command("remove")
    .summary("remove policies")
    .description("Removes the policies of tasks: the defaults hold again.")
    .argument("<task...>", "names of the functions")
    .addOption(jsonOption())
    .action((tasks: readonly string[], options: JsonOption) => remove(terminal, tasks, options));
}

const month = 2_592_000;

function withLimits(command: Command): Command {
  return command
    .option("--timeout-seconds <seconds>", "longest answer (JOBS_TIMEOUT_SECONDS)", within(0.05, 86_400))
    .option("--max-attempts <count>", "attempts at most (the job's own)", integerArgument(1, 2_147_483_647))
    .option("--backoff-base-seconds <seconds>", "longest first wait (2.72)", within(0.001, month))
    .option("--backoff-factor <number>", "its growth with each attempt (2.72)", within(1, 100))
    .option("--backoff-max-seconds <seconds>", "longest wait of all (22026)", within(0.001, month))
    .option(
      "--callback-seconds <seconds>",
      "until the next callback after a 202 (JOBS_CALLBACK_TIMEOUT_SECONDS)",
      within(0.05, month),
    )
    .option(
      "--unreachable-hours <hours>",
      "out of reach before tries count (JOBS_UNREACHABLE_HOURS)",
      within(0, 8760),
    );
}

/** Gives a reader of numbers from `low` to `high`. */
function within(low: number, high: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || number < low || number > high)
      throw new InvalidArgumentError(`Expected a number from ${low} to ${high}.`);
    return number;
  };
}

async function list(terminal: Terminal, options: JsonOption): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const policies = await queue.policies.list();
  if (policies.length === 0) terminal.note("No policies.");
  printRows(terminal, policies, options);
}

async function set(terminal: Terminal, task: string, { json, ...given }: SetOptions): Promise<void> {
  if (Object.keys(given).length === 0)
    throw new CommandError(
      exitCodes.usage,
      'Cannot set a policy of defaults alone: pass at least one option, or use "policy remove".',
    );
  await using queue = await openQueue(commandSettings(terminal.env));
  const policy = {
    task,
    timeoutSeconds: given.timeoutSeconds ?? null,
    maxAttempts: given.maxAttempts ?? null,
    backoffBaseSeconds: given.backoffBaseSeconds ?? null,
    backoffFactor: given.backoffFactor ?? null,
    backoffMaxSeconds: given.backoffMaxSeconds ?? null,
    callbackSeconds: given.callbackSeconds ?? null,
    unreachableHours: given.unreachableHours ?? null,
  };
  printRows(terminal, await queue.policies.set(policy), { json: json === true });
}

async function remove(terminal: Terminal, tasks: readonly string[], options: JsonOption): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const removed = (await queue.policies.remove(tasks)).map(({ task }) => ({ task }));
  printRows(terminal, removed, options);
  const left = tasks.filter((task) => !removed.some((policy) => policy.task === task));
  if (removed.length === 0)
    throw new CommandError(
      exitCodes.nothingMatched,
      `Cannot remove: no policy for ${left.join(", ")}. "jobs policy list" shows those that there are.`,
    );
  if (left.length > 0) terminal.note(`Had no policy: ${left.join(", ")}.`);
}
