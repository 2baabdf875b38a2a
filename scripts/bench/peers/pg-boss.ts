import { PgBoss } from "pg-boss";
import { z } from "zod";
import type { BenchDatabase } from "../host/bench-server.ts";
import { runProgram } from "../host/run-program.ts";
import { runUnderNode } from "../host/run-under-node.ts";
import type { Runtime } from "./graphile-worker.ts";
import type { Queue, Statement } from "./queue.ts";

const program = "scripts/bench/peers/run-pg-boss.ts";

/** pg-boss, whose workers fetch and complete in batches and are woken by notifications. */
export async function pgBoss(runtime: Runtime, database: () => Promise<BenchDatabase>): Promise<Queue> {
  await using scratch = await database();
  const { send, insert } = await readStatements(scratch);
  const way = runtime === "Node" ? "node:http" : "fetch";
  return {
    name: `pg-boss, ${way} (${runtime})`,
    prepare: (own) => withBoss(own, async () => {}),
    addOne: (payload) => withPayloads(send, [payload]),
    addMany: (payloads) => withPayloads(insert, payloads),
    startWorker: async ({ database: { url }, functionUrl, inFlight, aim }) => {
      const env = { DATABASE_URL: url };
      const words = [functionUrl, String(inFlight), aim, way];
      return runtime === "Node" ? await runUnderNode(program, env, words) : runProgram(program, env, words);
    },
    unfinished: "select from pgboss.job where state < 'completed' limit 1",
  };
}

/** Makes pg-boss's tables and its queue, and lends a pg-boss that does no upkeep. */
async function withBoss(
  { url }: Pick<BenchDatabase, "url">,
  use: (boss: PgBoss) => Promise<void>,
): Promise<void> {
  const boss = new PgBoss({ connectionString: url, max: 1, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue("mail", { notify: true });
  await use(boss);
  await boss.stop({ graceful: false });
}

type Template = { readonly text: string; readonly job: Readonly<Record<string, unknown>> };

/** Gives the statements that pg-boss sends for `send` and `insert`, so that one client can drive every queue. */
async function readStatements(database: BenchDatabase): Promise<{ send: Template; insert: Template }> {
  const seen: Template[] = [];
  const db = {
    executeSql: async (text: string, values: unknown[] = []) => {
      const [job] = specs.parse(JSON.parse(z.string().parse(values[0])));
      if (job !== undefined) seen.push({ text, job });
      return { rows: [{ id: "1" }] };
    },
  };
  await withBoss(database, async (boss) => {
    await boss.send("mail", { n: 1 }, { db });
    await boss.insert("mail", [{ data: { n: 1 } }], { db });
  });
  const [send, insert] = seen;
  if (send === undefined || insert === undefined) throw new Error("pg-boss sent no statement.");
  return { send, insert };
}

const specs = z.array(z.record(z.string(), z.unknown()));

function withPayloads({ text, job }: Template, payloads: readonly string[]): Statement {
  const marker = "payload";
  const spec = JSON.stringify({ ...job, data: marker });
  const jobs = payloads.map((payload) => spec.replace(`"${marker}"`, () => payload));
  return { text, values: [`[${jobs.join(",")}]`] };
}
