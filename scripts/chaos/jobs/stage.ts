import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Sql } from "../../../db/client/connect.ts";
import { migrate } from "../../../db/migrate.ts";
import {
  type LocalPostgres,
  startLocalPostgres,
} from "../../../services/local-postgres/start-local-postgres.ts";
import { until } from "../../../services/testing/until.ts";
import { type TestProcess, withProcess } from "../../../services/testing/with-process.ts";
import { type Proxy, withProxy } from "../../../services/testing/with-proxy.ts";
import { type LedgerFunction, startLedgerFunction } from "./ledger-function.ts";
import type { PlannedJob } from "./plan-jobs.ts";

/** A worker process of a stage, and its name, which no other one has. */
export type StageWorker = { readonly name: string; readonly process: TestProcess };

/** All that a chaos run disturbs: Postgres, workers and a callback server as processes, a function, proxies between them. */
export type Stage = AsyncDisposable & {
  /** Past the proxy; its queries fail while Postgres is away. */
  readonly sql: Sql;
  /** Runs queries of ours, but not while Postgres restarts: postgres.js throws past everybody when a socket goes while it writes. */
  readonly query: <T>(act: () => Promise<T>) => Promise<T>;
  readonly url: string;
  readonly fn: LedgerFunction;
  readonly proxies: { readonly database: Proxy; readonly function: Proxy; readonly callback: Proxy };
  readonly workers: readonly StageWorker[];
  /** Kills a worker (SIGKILL), starts another in its place, and gives the killed one's name. */
  readonly replaceWorker: (place: number) => Promise<string>;
  /** Names of workers that ended though nobody killed them. */
  readonly fallen: readonly string[];
  readonly restartPostgres: () => Promise<void>;
};

/** How a stage is set. */
export type StageOptions = {
  readonly jobs: readonly PlannedJob[];
  readonly workers: number;
  readonly leaseSeconds: number;
};

/** Sets a stage and resolves when its workers claim. */
export async function setStage(options: StageOptions): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "jobs-chaos-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startPostgres(join(folder, "postgres"));
  parts.defer(() => postgres.stop());
  await migrate(databaseAt(postgres.url));
  const sql = connect(databaseAt(postgres.url), { max: 4, name: "chaos", fetchTypes: false });
  parts.defer(() => sql.end({ timeout: 1 }));

  const fn = parts.use(await startLedgerFunction(options.jobs));
  const database = parts.use(await withProxy(postgres.port));
  const toFunction = parts.use(await withProxy(fn.port));
  const DATABASE_URL = postgres.url.replace(`:${postgres.port}/`, `:${database.port}/`);
  const callbackServer = parts.use(
    withProcess("services/callback/main.ts", {
      DATABASE_URL,
      INTERNAL_JOBS_CALLBACK_PORT: "0",
      JOBS_CALLBACK_TIMEOUT_SECONDS: "3",
    }),
  );
  const ready = /ready on port (\d+)/;
  const [, port] = await until(
    "the callback server is ready",
    () => callbackServer.output().match(ready),
    60_000,
  );
  const callback = parts.use(await withProxy(Number(port)));
  const troupe = await startTroupe(options.workers, {
    DATABASE_URL,
    KNATIVE_SERVICE_URL: `http://127.0.0.1:${toFunction.port}`,
    INTERNAL_JOBS_CALLBACK_URL: `http://127.0.0.1:${callback.port}/callback`,
    JOBS_LEASE_SECONDS: String(options.leaseSeconds),
    JOBS_CALLBACK_TIMEOUT_SECONDS: "3",
    JOBS_TIMEOUT_SECONDS: "3",
    JOBS_CONCURRENCY: "8",
    JOBS_POLL_SECONDS: "1",
    JOBS_LOG_LEVEL: "info",
  });
  parts.use(troupe);
  const gate = createGate();
  const all = parts.move();
  return {
    sql,
    query: gate.enter,
    url: postgres.url,
    fn,
    proxies: { database, function: toFunction, callback },
    ...troupe,
    restartPostgres: () => gate.closeDuring(postgres.restart),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Gives settings of a database by its URL. */
export function databaseAt(url: string) {
  return { DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" };
}

/** Lets work in, except while something else wants to be alone. */
function createGate() {
  let closed: Promise<unknown> | null = null;
  const inside = new Set<Promise<unknown>>();
  return {
    enter: async <T>(act: () => Promise<T>): Promise<T> => {
      await closed;
      const work = act();
      inside.add(work);
      return work.finally(() => inside.delete(work));
    },
    closeDuring: async (act: () => Promise<void>): Promise<void> => {
      const open = Promise.withResolvers<void>();
      closed = open.promise;
      await Promise.allSettled(inside);
      await act().finally(() => {
        closed = null;
        open.resolve();
      });
    },
  };
}

async function startPostgres(folder: string) {
  // A crash of the server loses nothing that the system holds, so that no fsync is needed; few connections, to be exhausted.
  const settings = ["fsync=off", "max_connections=60"];
  let server: LocalPostgres = await startLocalPostgres({ folder, port: 0, settings });
  const { url, port } = server;
  return {
    url,
    port,
    restart: async () => {
      await server.crash();
      server = await startLocalPostgres({ folder, port, settings });
    },
    stop: () => server.stop(),
  };
}

async function startTroupe(count: number, env: Readonly<Record<string, string>>) {
  const workers: StageWorker[] = [];
  const killed = new Set<string>();
  const fallen: string[] = [];
  let generation = 0;
  const start = (place: number) => {
    const name = `worker-${place}-${++generation}`;
    const process = withProcess("services/worker/main.ts", { ...env, HOSTNAME: name });
    void process.exited.then(() => {
      if (!killed.has(name)) fallen.push(`${name}: ${process.output().slice(-500)}`);
    });
    workers[place] = { name, process };
  };
  const kill = async ({ name, process }: StageWorker) => {
    killed.add(name);
    process.kill("SIGKILL");
    await process.exited;
  };
  for (let place = 0; place < count; place++) start(place);
  for (const { process } of workers)
    await until("a worker is ready", () => process.output().includes("worker ready"), 60_000);
  return {
    workers,
    fallen,
    replaceWorker: async (place: number) => {
      const worker = workers[place];
      if (worker === undefined) throw new Error(`There is no worker ${place}.`);
      await kill(worker);
      start(place);
      return worker.name;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map(kill));
    },
  };
}
