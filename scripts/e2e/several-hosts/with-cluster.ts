import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Sql } from "../../../db/client/connect.ts";
import { migrate } from "../../../db/migrate.ts";
import { startLocalPostgres } from "../../../services/local-postgres/start-local-postgres.ts";
import { until } from "../../../services/testing/until.ts";
import { type TestHost, type TestHosts, withHosts } from "../../../services/testing/with-hosts.ts";
import { programCommand, type TestProcess, withCommand } from "../../../services/testing/with-process.ts";

/** A call of a function. */
export type Call = {
  readonly n: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isAnswered: boolean;
};

/** Functions on a host, which answer when the test says so. */
export type Witness = {
  readonly calls: () => Promise<Call[]>;
  readonly answer: (call: Call, status?: number) => Promise<unknown>;
  /** Makes a POST from that host and gives the status of its answer. */
  readonly send: (url: string, headers: Readonly<Record<string, string>>) => Promise<number>;
};

/** A replica of the job service on a host of its own. */
export type Replica = TestHost & TestProcess;

/** Postgres, functions and job services, each on a host of its own. */
export type Cluster = AsyncDisposable & {
  readonly sql: Sql;
  readonly functions: Witness;
  /** Starts functions on a host, on port 8000. */
  readonly startWitness: (host: TestHost) => Promise<Witness>;
  readonly addHost: () => Promise<TestHost>;
  /** Starts a job service of this name, and resolves when it is ready. */
  readonly startReplica: (
    name: string,
    host: TestHost,
    env?: Readonly<Record<string, string>>,
  ) => Promise<Replica>;
};

type Place = { readonly hosts: TestHosts; readonly folder: string; readonly opened: AsyncDisposableStack };

/** Gives a cluster without replicas yet. The database is asked over a Unix socket, which no cut cable concerns. */
export async function withCluster(): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "jobs-hosts-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const hosts = opened.use(await withHosts());
  const place = { hosts, folder, opened };
  const { sql, url } = await startDatabase(place);
  const functionHost = await hosts.add();
  const functions = await startWitness(place, functionHost);
  const closing = opened.move();
  const later = { ...place, opened: closing };
  return {
    sql,
    functions,
    addHost: hosts.add,
    startWitness: (host) => startWitness(later, host),
    startReplica: async (name, host, env = {}) => {
      const program = [...host.through, ...programCommand("services/job-service/main.ts")];
      const service = withCommand(program, {
        DATABASE_URL: url,
        HOSTNAME: name,
        KNATIVE_SERVICE_URL: `http://${functionHost.address}:8000`,
        JOBS_CALLBACK_HOST: host.address,
        JOBS_DRAIN_SECONDS: "0",
        ...env,
      });
      closing.use(service);
      await until(`${name} is ready`, () => service.output().includes("job service ready"));
      return { ...host, ...service };
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function startDatabase({ hosts, folder, opened }: Place): Promise<{ sql: Sql; url: string }> {
  const { address, through } = await hosts.add();
  const rules = join(folder, "pg_hba.conf");
  await writeFile(rules, "local all all scram-sha-256\nhost all all samenet scram-sha-256\n");
  const data = join(folder, "postgres");
  const server = await startLocalPostgres({
    folder: data,
    port: 5432,
    through,
    settings: [
      `listen_addresses=${address}`,
      `unix_socket_directories=${data}`,
      `hba_file=${rules}`,
      "fsync=off",
    ],
  });
  opened.defer(server.stop);
  const settings = {
    PGHOST: data,
    PGPORT: 5432,
    PGUSER: "postgres",
    PGPASSWORD: "postgres",
    PGDATABASE: "postgres",
  };
  await migrate(settings);
  const sql = connect(settings, { max: 4, name: "test" });
  opened.defer(() => sql.end({ timeout: 1 }));
  return { sql, url: `postgres://postgres:postgres@${address}:5432/postgres` };
}

async function startWitness({ folder, opened }: Place, host: TestHost): Promise<Witness> {
  const unix = join(folder, `${host.address}.sock`);
  const program = programCommand("scripts/e2e/several-hosts/witness.ts");
  const witness = opened.use(withCommand([...host.through, ...program, unix], {}));
  await until("the functions are ready", () => witness.output().includes("witness ready"));
  const ask = async <T>(path: string, body?: unknown): Promise<T> => {
    const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`http://witness/${path}`, { unix, ...asked });
    return response.json();
  };
  return {
    calls: () => ask<Call[]>("calls"),
    answer: ({ n }, status = 200) => ask<Call[]>(`answer?n=${n}&status=${status}`),
    send: (url, headers) => ask<number>("send", { url, headers }),
  };
}
