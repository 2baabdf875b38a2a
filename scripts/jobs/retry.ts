import type { Command } from "commander";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import { readJson } from "./read-json.ts";
import { tellLeft } from "./tell-left.ts";
import type { Terminal } from "./terminal.ts";

type RetryOptions = { readonly payload?: string; readonly json?: boolean };

const examples = `
A dead job comes back to life, a waiting one need not wait. Jobs that are running stay as they are.
Another payload is for dead jobs alone.

Examples:
  bun run jobs retry 42 43
  bun run jobs retry 42 --payload @corrected.json
  bun run jobs list --dead --json | jq -r .id | xargs bun run jobs retry`;

/** Adds the command `retry`. */
export function addRetry(program: Command, terminal: Terminal): void {
  program
    .command("retry")
    .summary("run jobs now, with all attempts again")
    .description("Lets jobs run now, with all their attempts again.")
    .argument("<id...>", "numbers of the jobs", idsArgument)
    .option("--payload <json>", "other payload for dead jobs: JSON, @file, or - for stdin")
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((ids: readonly string[], options: RetryOptions) => retry(terminal, ids, options));
}

async function retry(terminal: Terminal, ids: readonly string[], options: RetryOptions): Promise<void> {
  const payload = options.payload === undefined ? null : await readJson(options.payload, terminal);
  await using queue = await openQueue(commandSettings(terminal.env));
  const retried = await (payload === null ? queue.jobs.retry(ids) : queue.jobs.retryEdited(ids, payload));
  printRows(terminal, retried, { json: options.json === true });
  const otherwise = payload === null ? "not there, or running" : "not dead";
  tellLeft(terminal, { verb: "retry", ids, done: retried, otherwise });
}
