import { join } from "node:path";
import { connect, type Sql } from "../../../db/client/connect.ts";
import { migrate } from "../../../db/migrate.ts";
import { startLocalPostgres } from "../../../services/local-postgres/start-local-postgres.ts";
import { temporaryFolder } from "../../options/temporary-folder.ts";

/** A database of a bench, with the migrations. */
export type BenchDatabase = AsyncDisposable & { readonly url: string; readonly sql: Sql };

/** A Postgres of a bench's own, as careful as in production, which keeps the time of each commit. */
export type BenchServer = AsyncDisposable & {
  readonly admin: Sql;
  readonly database: () => Promise<BenchDatabase>;
};

const settings = ["track_commit_timestamp=on", "shared_buffers=256MB", "max_wal_size=4GB"];

/** Starts a server in a folder of its own, which is removed with it; `more` are further settings, as `name=value`. */
export async function withBenchServer(more: readonly string[] = []): Promise<BenchServer> {
  const folder = await temporaryFolder("jobs-bench-");
  const server = await startLocalPostgres({
    folder: join(folder.path, "postgres"),
    port: 0,
    settings: [...settings, ...more],
  });
  const admin = openDatabase(server.url);
  let count = 0;
  return {
    admin,
    database: async () => {
      const name = `bench_${++count}`;
      await admin.unsafe(`create database ${name}`);
      const url = server.url.replace(/\/postgres$/, `/${name}`);
      await migrate({ DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" });
      const sql = openDatabase(url);
      return { url, sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
    },
    [Symbol.asyncDispose]: async () => {
      await admin.end({ timeout: 1 });
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Opens connections to a database of a bench, four at most where no other number is given. */
export function openDatabase(url: string, max = 4): Sql {
  return connect(
    { DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" },
    { max, name: "bench" },
  );
}
