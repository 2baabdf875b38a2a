import type { Command } from "commander";
import { commandSettings, openQueue } from "./open-queue.ts";
import { type JobOptions, type RunAt, runAtArgument, withJobOptions } from "./options.ts";
import { printRows } from "./print-rows.ts";
import { readJson } from "./read-json.ts";
import { tenantOf } from "./tenant.ts";
import type { Terminal } from "./terminal.ts";

type EnqueueOptions = JobOptions & { readonly runAt?: RunAt };

const examples = `
Prints the job's number.

Examples:
  bun run jobs enqueue simple-email '{"to":"user@example.com","subject":"Hello","text":"Hi."}'
  bun run jobs enqueue send-email-link @invite.json --run-at +5m
  echo '{"rows":10}' | bun run jobs enqueue import - --queue imports --key nightly`;

/** Adds the command `enqueue`. */
export function addEnqueue(program: Command, terminal: Terminal): void {
  withJobOptions(program.command("enqueue"))
    .summary("enqueue a job")
    .description("Enqueues a job for the function TASK.")
    .argument("<task>", "name of the function")
    .argument("[payload]", "JSON, @file, or - for stdin", "{}")
    .option("--run-at <time>", "not before this: ISO 8601, or +90s, +5m, +2h, +1d", runAtArgument)
    .addHelpText("after", examples)
    .action((task: string, payload: string, options: EnqueueOptions) =>
      enqueue(terminal, { task, payload, options }),
    );
}

type Call = { readonly task: string; readonly payload: string; readonly options: EnqueueOptions };

async function enqueue(terminal: Terminal, { task, payload, options }: Call): Promise<void> {
  const json = await readJson(payload, terminal);
  await using queue = await openQueue(commandSettings(terminal.env));
  const databaseId = await tenantOf(options.db, queue);
  const { id, runAt } = await queue.jobs.enqueue({ ...options, databaseId, task, payload: json });
  if (options.json) return printRows(terminal, [{ id, task, databaseId, runAt }], { json: true });
  terminal.print(id);
  const when = options.runAt === undefined ? "" : `, to run at ${runAt.toISOString()}`;
  terminal.note(`Enqueued ${task} as job ${id} for database ${databaseId}${when}.`);
}
