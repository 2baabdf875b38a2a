import type { Queue } from "./open-queue.ts";
import { shown } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

/** Remarks which due tasks no living worker takes: their jobs wait until one is started that has them in JOBS_SUPPORTED, or takes all. */
export async function noteUntaken(
  terminal: Terminal,
  { jobs }: Pick<Queue, "jobs">,
  only?: string,
): Promise<void> {
  const untaken = await jobs.untakenTasks();
  for (const { task, due, since } of untaken.filter(({ task }) => task === (only ?? task)))
    terminal.note(
      `No living worker takes ${shown(task)}: ${due} ${due === "1" ? "job is" : "jobs are"} due, since ${since}. Start one, and see its JOBS_SUPPORTED.`,
    );
}
