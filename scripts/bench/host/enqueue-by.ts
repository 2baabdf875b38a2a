import { join } from "node:path";
import { z } from "zod";
import { temporaryFolder } from "../../options/temporary-folder.ts";
import type { Statement } from "../peers/queue.ts";
import type { BenchDatabase } from "./bench-server.ts";
import { type Program, runProgram } from "./run-program.ts";

/** What to enqueue, where, and the further words of the program that does it. */
export type Enqueuing = {
  readonly statement: Statement;
  readonly database: Pick<BenchDatabase, "url">;
  readonly words: readonly string[];
};

/** Runs a program under scripts/bench that enqueues by this statement again and again. */
export async function enqueueBy(
  program: string,
  { statement, database, words }: Enqueuing,
): Promise<Program> {
  const folder = await temporaryFolder("enqueue-");
  const file = join(folder.path, "statement.json");
  await Bun.write(file, JSON.stringify(statement));
  const started = runProgram(`scripts/bench/${program}`, { DATABASE_URL: database.url }, [file, ...words]);
  return {
    ...started,
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** When a job's enqueuing was committed, in ms since 1970 by the server, and how long its enqueuer waited for that, in ms. */
export type Commit = { readonly committedAt: number; readonly tookMs: number };

const commitLine = z.array(z.tuple([z.number(), z.number(), z.number()]));

/** Gives the commits of latency/enqueue-paced.ts by the jobs' numbers, when it has enqueued them all. */
export async function commitsOf(load: Program): Promise<ReadonlyMap<number, Commit>> {
  const rows = commitLine.parse(JSON.parse(await load.line(/^\[/)));
  return new Map(rows.map(([n, committedAt, tookMs]) => [n, { committedAt, tookMs }]));
}
