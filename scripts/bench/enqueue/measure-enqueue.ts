import { join } from "node:path";
import { z } from "zod";
import { temporaryFolder } from "../../options/temporary-folder.ts";
import type { BenchServer } from "../host/bench-server.ts";
import { runProgram } from "../host/run-program.ts";
import { payloadOf, type Queue } from "../peers/queue.ts";

/** What a worker does meanwhile: it looks for jobs by itself, or it sleeps until it is notified. */
export type WorkerState = "awake" | "asleep";

/** One measurement to make. */
export type EnqueueCase = {
  readonly queue: Pick<Queue, "name" | "prepare" | "addOne" | "addMany">;
  /** Jobs a statement. */
  readonly batch: number;
  readonly connections: number;
  readonly worker: WorkerState;
  readonly seconds: number;
};

/** Jobs enqueued a second, and the share of a core that the client took. */
export type EnqueueRate = { readonly perSecond: number; readonly clientCores: number };

/** Measures one case on a new database; null where the queue has no statement for many. */
export async function measureEnqueue(server: BenchServer, chosen: EnqueueCase): Promise<EnqueueRate | null> {
  const { queue, batch, connections, worker, seconds } = chosen;
  const payloads = Array.from({ length: batch }, (_, n) => payloadOf(n));
  const statement = batch === 1 ? queue.addOne(payloadOf(0)) : queue.addMany?.(payloads);
  if (statement === undefined) return null;

  await using database = await server.database();
  // The worker is a row and, where it sleeps, a listener: a real one would take CPU, and would wake up.
  const run = crypto.randomUUID();
  await database.sql`select app_jobs.register_worker(${run}, 'bench', 3600)`;
  if (worker === "asleep") {
    await database.sql`select app_jobs.rest_worker(${run}, 3600)`;
    for (const channel of channels) await database.sql.listen(channel, () => {});
  }
  await queue.prepare(database);
  await server.admin`checkpoint`;

  await using folder = await temporaryFolder("enqueue-");
  const file = join(folder.path, "statement.json");
  await Bun.write(file, JSON.stringify(statement));
  await using program = runProgram("scripts/bench/enqueue/drive-load.ts", { DATABASE_URL: database.url }, [
    file,
    String(connections),
    String(seconds),
  ]);
  const { perSecond, clientCores } = measured.parse(JSON.parse(await program.line(/^\{/)));
  return { perSecond: perSecond * batch, clientCores };
}

/** Where the queues notify; pg-boss by a hash of its schema's name. */
const channels = [
  "jobs:insert",
  `pgboss_${new Bun.CryptoHasher("sha224").update("pgboss").digest("hex").slice(0, 24)}`,
];

const measured = z.object({ perSecond: z.number(), clientCores: z.number() });
