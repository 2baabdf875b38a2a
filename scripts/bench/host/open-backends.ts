import { connect, onlyRow, type Sql } from "../../../db/client/connect.ts";
import { threadCpuUs } from "./count-cpu.ts";

/** One connection, and the CPU time that its server process has used. */
export type Backend = { readonly sql: Sql; readonly pid: number; readonly cpuUs: () => Promise<number> };

/** Opens so many connections, each with a backend that can be told apart; disposing of them closes them. */
export async function openBackends(
  url: string,
  count: number,
): Promise<AsyncDisposable & { readonly all: readonly Backend[] }> {
  const opened = Array.from({ length: count }, async (): Promise<Backend> => {
    const sql = connect(
      { DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" },
      { max: 1, name: "bench" },
    );
    const { pid } = onlyRow(await sql<{ pid: number }[]>`select pg_backend_pid() as pid`);
    return { sql, pid, cpuUs: () => threadCpuUs(pid) };
  });
  const all = await Promise.all(opened);
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(({ sql }) => sql.end({ timeout: 1 })));
    },
  };
}
