import type { Command } from "commander";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idArgument, jsonOption } from "./options.ts";
import { printRows, shown } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Example:
  bun run jobs show 42`;

/** Adds the command `show`. */
export function addShow(program: Command, terminal: Terminal): void {
  program
    .command("show")
    .summary("show a job, its payload included")
    .description("Shows everything about a job, its payload included.")
    .argument("<id>", "number of the job", idArgument)
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((id: string, options: { json?: boolean }) => show(terminal, id, options));
}

async function show(terminal: Terminal, id: string, { json }: { json?: boolean }): Promise<void> {
  await using queue = openQueue(commandSettings(terminal.env));
  const job = await queue.jobs.find(id);
  if (job === undefined)
    throw new CommandError(
      exitCodes.nothingMatched,
      `Cannot show job ${id}: there is none. A completed job leaves the table.`,
    );
  if (json) return printRows(terminal, [{ ...job, payload: JSON.parse(job.payload) }], { json });
  const { payload, lastError, ...facts } = job;
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  for (const [name, fact] of Object.entries(facts)) {
    if (fact === null) continue;
    terminal.print(`${name.padEnd(width)}  ${shown(fact)}`);
  }
  if (lastError !== null) terminal.print(`\nlast error:\n${lastError}`);
  terminal.print(`\npayload:\n${payload}`);
}
