import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launcher } from "../local-postgres/binaries.ts";
import { findProgram } from "./find-program.ts";
import { until } from "./until.ts";
import type { TestDatabase } from "./with-database.ts";

/** A PgBouncer of a test's own. */
export type PgBouncer = AsyncDisposable & { readonly port: number };

/** Gives the path of PgBouncer, or null where there is none. */
export function findPgBouncer(): Promise<string | null> {
  return findProgram("pgbouncer", "pgbouncer");
}

/** Gives a PgBouncer in transaction mode before a database, with three connections to it for all. */
export async function withPgBouncer(program: string, database: TestDatabase): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), "pgbouncer-"));
  const port = await freePort();
  const { hostname, port: target, pathname, username, password } = new URL(database.url);
  const name = pathname.slice(1);
  const file = join(folder, "pgbouncer.ini");
  await writeFile(
    file,
    `[databases]
${name} = host=${hostname} port=${target} dbname=${name} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
`,
  );
  // It refuses to run as root, and nobody has to read this.
  await chmod(folder, 0o755);
  const child = Bun.spawn([...(await launcher()), program, file], { stdout: "ignore", stderr: "pipe" });
  let output = "";
  const read = (async () => {
    for await (const chunk of child.stderr) output += new TextDecoder().decode(chunk);
  })();
  await until("PgBouncer is up", () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended: ${output}`);
    return output.includes("process up");
  });
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      await read;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}
