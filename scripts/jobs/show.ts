import type { Command } from "commander";
import type { JobAttempt } from "../../db/client/job-history.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idArgument, jsonOption } from "./options.ts";
import { parseExactly } from "./parse-exactly.ts";
import { printRows, shown, shownText, tookText } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";
import { noteUntaken } from "./untaken.ts";

const examples = `
Example:
  bun run jobs show 42`;

/** Adds the command `show`. */
export function addShow(program: Command, terminal: Terminal): void {
  program
    .command("show")
    .summary("show a job, its attempts and payload included")
    .description("Shows everything about a job: what became of its attempts, and its payload.")
    .argument("<id>", "number of the job", idArgument)
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((id: string, options: { json?: boolean }) => show(terminal, id, options));
}

async function show(terminal: Terminal, id: string, { json }: { json?: boolean }): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const job = await queue.jobs.find(id);
  if (job === undefined)
    throw new CommandError(
      exitCodes.nothingMatched,
      `Cannot show job ${id}: there is none. A completed job is gone, unless JOBS_KEEP_COMPLETED keeps it.`,
    );
  if (job.state === "ready" || job.state === "retrying") await noteUntaken(terminal, queue, job.task);
  const history = await queue.jobs.history(id);
  if (json) return printRows(terminal, [{ ...job, payload: parseExactly(job.payload), history }], { json });
  const { payload, lastError, ...facts } = job;
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  for (const [name, fact] of Object.entries(facts)) {
    if (fact === null) continue;
    terminal.print(`${name.padEnd(width)}  ${shown(fact)}`);
  }
  if (history.length > 0) {
    terminal.print("\nhistory:");
    printRows(terminal, history.map(attemptRow), {});
  }
  if (lastError !== null) terminal.print(`\nlast error:\n${shownText(lastError)}`);
  terminal.print(`\npayload:\n${shownText(payload)}`);
}

function attemptRow({ beganAt, endedAt, tries, ...row }: JobAttempt) {
  return {
    attempt: row.attempt,
    outcome: tries > 1 ? `${row.outcome} ×${tries}` : row.outcome,
    ended: endedAt,
    took: beganAt === null ? null : tookText((endedAt.getTime() - beganAt.getTime()) / 1_000),
    worker: row.workerId,
    http: row.httpStatus,
    error: row.error,
  };
}
