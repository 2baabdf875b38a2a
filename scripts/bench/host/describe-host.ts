import { cpus } from "node:os";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";

/** What a bench ran on: figures of another machine are other figures. */
export type Host = { readonly cpu: string; readonly bun: string; readonly postgres: string };

/** Gives what a bench runs on. */
export async function describeHost(sql: Sql): Promise<Host> {
  const cores = cpus();
  const model = cores[0]?.model.trim() || "unknown";
  const version = onlyRow(
    await sql<{ version: string }[]>`select current_setting('server_version') as version`,
  );
  return {
    cpu: `${cores.length} × ${model}`,
    bun: Bun.version,
    postgres: version.version,
  };
}
