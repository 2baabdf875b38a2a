import { join } from "node:path";
import { migrate } from "../../../db/migrate.ts";
import { type Proxy, withProxy } from "../../../services/testing/with-proxy.ts";
import { temporaryFolder } from "../../options/temporary-folder.ts";
import { createCast } from "./create-cast.ts";
import type { FaultLog } from "./create-fault-log.ts";
import { type LedgerFunction, startLedgerFunction } from "./ledger-function.ts";
import type { PlannedJob } from "./plan-jobs.ts";
import { type CallbackServer, startCallbackServer } from "./start-callback-server.ts";
import { databaseAt, type StageDatabase, startStageDatabase } from "./start-stage-database.ts";
import { startTroupe, type Troupe } from "./start-troupe.ts";

/** All that a chaos run disturbs: Postgres, workers and a callback server as processes, a function, proxies between them. */
export type Stage = AsyncDisposable &
  Troupe & {
    readonly database: StageDatabase;
    readonly fn: LedgerFunction;
    readonly callbackServer: CallbackServer;
    readonly proxies: { readonly database: Proxy; readonly function: Proxy; readonly callback: Proxy };
    /** Those that ended though nobody ended them, with the last that they said. */
    readonly fallen: readonly string[];
  };

/** How a stage is set. */
export type StageOptions = {
  readonly jobs: readonly PlannedJob[];
  readonly faults: FaultLog;
  readonly workers: number;
  readonly workerEnv: Readonly<Record<string, string>>;
  readonly callbackTimeoutSeconds: number;
};

/** Sets a stage and resolves when its workers claim. */
export async function setStage(options: StageOptions): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder("jobs-chaos-"));
  const database = parts.use(await startStageDatabase(join(folder.path, "postgres")));
  await migrate(databaseAt(database.url));
  const fn = parts.use(await startLedgerFunction(options.jobs));
  const toDatabase = parts.use(await withProxy(database.port));
  const toFunction = parts.use(await withProxy(fn.port));
  const env = {
    DATABASE_URL: database.url.replace(`:${database.port}/`, `:${toDatabase.port}/`),
    JOBS_CALLBACK_TIMEOUT_SECONDS: String(options.callbackTimeoutSeconds),
  };
  const cast = parts.use(createCast(options.faults));
  const callbackServer = await startCallbackServer(cast, env);
  const toCallback = parts.use(await withProxy(callbackServer.port));
  const troupe = startTroupe(cast, {
    count: options.workers,
    env: {
      ...env,
      KNATIVE_SERVICE_URL: `http://127.0.0.1:${toFunction.port}`,
      INTERNAL_JOBS_CALLBACK_URL: `http://127.0.0.1:${toCallback.port}/callback`,
      ...options.workerEnv,
    },
  });
  await troupe.whenReady();
  const all = parts.move();
  return {
    database,
    fn,
    callbackServer,
    proxies: { database: toDatabase, function: toFunction, callback: toCallback },
    ...troupe,
    fallen: cast.fallen,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
