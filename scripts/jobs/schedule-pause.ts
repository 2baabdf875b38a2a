import type { Command } from "commander";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

type PauseOptions = { readonly all?: boolean; readonly json?: boolean };

const verbs = [
  {
    verb: "pause",
    untouched: "not there, or paused already",
    about:
      "Pauses schedules: from now on their ticks make no job. Jobs that they have made stay. --all pauses those that there are.",
  },
  {
    verb: "resume",
    untouched: "not there, or not paused",
    about: "Resumes schedules, from their next tick on. Ticks of the pause are not made up for.",
  },
] as const;

type Verb = (typeof verbs)[number];

/** Adds the commands `schedule pause` and `schedule resume`. */
export function addSchedulePause(schedule: Command, terminal: Terminal): void {
  for (const verb of verbs)
    schedule
      .command(verb.verb)
      .summary(`${verb.verb} schedules`)
      .description(verb.about)
      .argument("[id...]", "numbers of the schedules", idsArgument)
      .option("--all", "all schedules")
      .addOption(jsonOption())
      .action((ids: readonly string[] | undefined, options: PauseOptions) =>
        change(terminal, { verb, ids: ids ?? [], options }),
      );
}

type Call = { readonly verb: Verb; readonly ids: readonly string[]; readonly options: PauseOptions };

async function change(terminal: Terminal, { verb, ids, options }: Call): Promise<void> {
  const what = `Cannot ${verb.verb}:`;
  if ((options.all === true) === ids.length > 0)
    throw new CommandError(exitCodes.usage, `${what} pass either the numbers of schedules or --all.`);
  await using queue = await openQueue(commandSettings(terminal.env));
  const changed = await queue.schedules[verb.verb](options.all ? null : ids);
  printRows(
    terminal,
    changed.map((id) => ({ id })),
    options,
  );
  const left = ids.filter((id) => !changed.includes(String(BigInt(id))));
  if (changed.length === 0)
    throw new CommandError(
      exitCodes.nothingMatched,
      `${what} ${left.join(", ") || "all"}: ${verb.untouched}. "jobs schedule list" shows those that there are.`,
    );
  if (left.length > 0) terminal.note(`Left as they were; ${verb.untouched}: ${left.join(", ")}.`);
}
