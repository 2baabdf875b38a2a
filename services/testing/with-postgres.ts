import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../db/migrate.ts";
import { type LocalPostgres, startLocalPostgres } from "../local-postgres/start-local-postgres.ts";

/** A Postgres server of one test's own, with the migrations, for what cannot be done to one that tests share. */
export type TestPostgres = AsyncDisposable & {
  readonly url: () => string;
  readonly port: () => number;
  /** Ends it as a crash does. */
  readonly crash: () => Promise<void>;
  /** Starts it again, on its port. */
  readonly start: () => Promise<void>;
  /** After a crash: starts another server, on another port, with what the first one had on its disk. */
  readonly startSuccessor: () => Promise<void>;
};

/** Starts a server, with further settings as `name=value`; it takes some seconds. */
export async function withPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const base = await mkdtemp(join(tmpdir(), "jobs-postgres-"));
  let folder = join(base, "first");
  let server: LocalPostgres | null = await startLocalPostgres({ folder, port: 0, settings });
  let { url, port } = server;
  const start = async (at: number) => {
    server = await startLocalPostgres({ folder, port: at, settings });
    ({ url, port } = server);
  };
  await migrate({ DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" });
  return {
    url: () => url,
    port: () => port,
    crash: async () => {
      await server?.crash();
      server = null;
    },
    start: () => start(port),
    startSuccessor: async () => {
      const successor = join(base, "second");
      await Bun.spawn(["cp", "-a", folder, successor]).exited;
      await rm(join(successor, "postmaster.pid"), { force: true });
      folder = successor;
      await start(0);
    },
    [Symbol.asyncDispose]: async () => {
      await server?.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}
