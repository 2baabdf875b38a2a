import type { Command } from "commander";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import { tellLeft } from "./tell-left.ts";
import type { Terminal } from "./terminal.ts";

type CancelOptions = { readonly reason?: string; readonly json?: boolean };

const examples = `
A job that waits does not run; the request of one that runs is broken off, and its function's answer counts no more. Cancelled
jobs are dead ones: "retry" puts them back, "discard" deletes them.

Examples:
  bun run jobs cancel 42 43
  bun run jobs cancel 42 --reason 'ordered twice'`;

/** Adds the command `cancel`. */
export function addCancel(program: Command, terminal: Terminal): void {
  program
    .command("cancel")
    .summary("cancel jobs, those that run too")
    .description("Cancels jobs that wait or run.")
    .argument("<id...>", "numbers of the jobs", idsArgument)
    .option("--reason <text>", "why; kept as the job's last error")
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((ids: readonly string[], options: CancelOptions) => cancel(terminal, ids, options));
}

async function cancel(terminal: Terminal, ids: readonly string[], options: CancelOptions): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const cancelled = await queue.jobs.cancel(ids, options.reason ?? null);
  printRows(terminal, cancelled, { json: options.json === true });
  tellLeft(terminal, { verb: "cancel", ids, done: cancelled, otherwise: "completed, dead, or never there" });
}
