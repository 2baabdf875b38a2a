import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Sql } from "../../db/client/connect.ts";
import type { Message } from "../../services/mailbox/message.ts";
import { until } from "../../services/testing/until.ts";
import { type TestProcess, withProcess } from "../../services/testing/with-process.ts";

/** A folder for one test, removed with all that is in it. */
export type Folder = AsyncDisposable & { readonly path: string };

/** The local stack of `bun run start`, as a process of its own. */
export type Stack = TestProcess & {
  /** Ports by the names that the stack prints, such as "mailbox". */
  readonly ports: ReadonlyMap<string, number>;
  /** A pool to its database. */
  readonly sql: Sql;
  /** Stops it as Ctrl-C does, and gives its exit code. */
  readonly stop: () => Promise<number>;
  /** Gives the mails that its mailbox has. */
  readonly messages: () => Promise<Message[]>;
  /** Posts a JSON body to its GraphQL API, as the seed's curl commands do, and gives the answer. */
  readonly ask: (body: string) => Promise<unknown>;
};

/** Free ports for every part, so that stacks and whatever else this machine runs are not in each other's way. */
const freePorts = {
  LOCAL_POSTGRES_PORT: "0",
  ADMIN_API_PORT: "0",
  SIMPLE_EMAIL_PORT: "0",
  SEND_EMAIL_LINK_PORT: "0",
  MAILBOX_PORT: "0",
  INTERNAL_JOBS_CALLBACK_PORT: "0",
};

/** Gives an empty folder. */
export async function withFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "jobs-start-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What a start is given besides its folder. */
export type StartOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Words after `bun run start`. */
  readonly words?: readonly string[];
};

/** Runs `bun run start` over a folder, with these settings beside free ports, without waiting for anything. */
export function runStart(folder: Folder, { env = {}, words = [] }: StartOptions = {}): TestProcess {
  const settings = { ...freePorts, LOCAL_DATA_FOLDER: folder.path, ...env };
  const start = withProcess("scripts/start.ts", settings, words);
  let hasExited = false;
  void start.exited.then(() => {
    hasExited = true;
  });
  return {
    ...start,
    // By a signal that it minds first: killed, it leaves it to the system to end its Postgres.
    [Symbol.asyncDispose]: async () => {
      start.kill("SIGTERM");
      await until("the stack has stopped", () => hasExited).catch(() => undefined);
      await start[Symbol.asyncDispose]();
    },
  };
}

/** Gives a local stack that has said that it is ready. */
export async function withStack(folder: Folder, options: StartOptions = {}): Promise<Stack> {
  const start = runStart(folder, options);
  const printed = () => Bun.stripANSI(start.output());
  await until("the stack is ready", () => printed().includes("Ctrl-C stops everything"), 40_000).catch(
    async (error: unknown) => {
      await start[Symbol.asyncDispose]();
      throw new Error(`The stack does not start:\n${printed()}`, { cause: error });
    },
  );
  const ports = portsOf(printed());
  const sql = connect(
    {
      PGHOST: "127.0.0.1",
      PGPORT: ports.get("Postgres") ?? 0,
      PGUSER: "postgres",
      PGPASSWORD: "postgres",
      PGDATABASE: "constructive",
    },
    { max: 2, name: "test" },
  );
  return {
    ...start,
    output: printed,
    ports,
    sql,
    stop: async () => {
      await sql.end({ timeout: 1 });
      start.kill("SIGINT");
      return start.exited;
    },
    messages: async () => (await fetch(`http://localhost:${ports.get("mailbox")}/messages`)).json(),
    ask: async (body) => {
      const response = await fetch(`http://localhost:${ports.get("admin GraphQL API")}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Host: "private.localhost" },
        body,
      });
      return response.json();
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await start[Symbol.asyncDispose]();
    },
  };
}

/** Reads the lines "✔ mailbox   http://localhost:8083   12 ms". */
function portsOf(output: string): Map<string, number> {
  const lines = output.matchAll(/^✔ (.+?) {2,}.*?:(\d+)[/ ]/gm);
  return new Map([...lines].map(([, name = "", port]) => [name, Number(port)]));
}
