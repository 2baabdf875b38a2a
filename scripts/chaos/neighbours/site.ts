import { until } from "../../../services/testing/until.ts";
import { type BenchDatabase, type BenchServer, withBenchServer } from "../../bench/host/bench-server.ts";
import { postgresCpuUs, processCpuUs } from "../../bench/host/count-cpu.ts";
import { runProgram } from "../../bench/host/run-program.ts";
import { type FunctionServer, startFunctionServer } from "../../bench/host/start-function-server.ts";
import { type Cast, createCast, type Env } from "../jobs/create-cast.ts";
import { createFaultLog } from "../jobs/create-fault-log.ts";

/** A Postgres of its own with the functions that its jobs go to. Job services come and go on it. */
export type Site = AsyncDisposable & {
  /** The function of innocent jobs, which answers at once. */
  readonly innocentFunction: FunctionServer;
  /** The URL of rude-function.ts, which gets all other jobs. */
  readonly rudeUrl: string;
  /** Starts a job service, with its default settings but for these, on a new database; resolves when it claims. */
  readonly open: (env?: Env) => Promise<House>;
};

/** A job service on a database of its own. Disposing of it kills the one and drops the other. */
export type House = AsyncDisposable & {
  readonly site: Site;
  readonly database: BenchDatabase;
  /** The CPU time that its Postgres and its job service have used so far, in seconds; NaN where there is no /proc. */
  readonly cpuSeconds: () => Promise<number>;
  /** Why its job service is no more, or null. */
  readonly fallen: () => string | null;
};

// Waiting for the disk is the machine's part of a delay, and would hide the neighbours'.
const settings = ["fsync=off", "max_prepared_transactions=10"];

const readyMs = 60_000;

/** Starts a Postgres and two functions. */
export async function startSite(): Promise<Site> {
  await using parts = new AsyncDisposableStack();
  const server = parts.use(await withBenchServer(settings));
  const innocentFunction = parts.use(await startFunctionServer());
  const rude = parts.use(runProgram("scripts/chaos/neighbours/rude-function.ts", {}));
  const rudeUrl = `http://127.0.0.1:${await rude.line(/^\d+$/)}`;
  const cast = parts.use(createCast(createFaultLog()));
  const all = parts.move();
  const site: Site = {
    innocentFunction,
    rudeUrl,
    open: (env = {}) => openHouse(site, { server, cast, env }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
  return site;
}

type Building = { readonly server: BenchServer; readonly cast: Cast; readonly env: Env };

async function openHouse(site: Site, { server, cast, env }: Building): Promise<House> {
  const database = await server.database();
  const service = cast.start("neighbours", "services/job-service/main.ts", {
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    KNATIVE_SERVICE_URL: site.rudeUrl,
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify({
      innocent: site.innocentFunction.url,
      // Nothing listens on this port.
      refused: "http://127.0.0.1:1/",
    }),
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    ...env,
  });
  let exitCode: number | null = null;
  void service.exited.then((code) => {
    exitCode = code;
  });
  await until("the job service is ready", () => exitCode !== null || service.port(), readyMs);
  return {
    site,
    database,
    cpuSeconds: async () => ((await postgresCpuUs(server.admin)) + (await processCpuUs(service.pid))) / 1e6,
    fallen: () => (exitCode === null ? null : `it ended with code ${exitCode}: ${service.tail()}`),
    [Symbol.asyncDispose]: async () => {
      await cast.end(service, "SIGKILL");
      await database[Symbol.asyncDispose]();
      await server.admin.unsafe(`drop database ${new URL(database.url).pathname.slice(1)} with (force)`);
    },
  };
}
