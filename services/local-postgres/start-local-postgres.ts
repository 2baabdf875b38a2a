import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { binaries, launcher, ownerIds } from "./binaries.ts";

/** A Postgres server of this process's own. */
export type LocalPostgres = {
  /** Connection URL of the superuser `postgres`, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Shuts the server down (open transactions are rolled back) and resolves when it has gone. */
  readonly stop: () => Promise<void>;
  /** Ends it as a crash would ("immediate shutdown"): the next start on its folder recovers what was committed. */
  readonly crash: () => Promise<void>;
};

/** Where the server keeps its files and how careful it is. */
export type LocalPostgresOptions = {
  /** Folder of the cluster; it is made and initialised when it is not there yet. */
  readonly folder: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** false trades crash safety for speed: for tests, whose clusters are thrown away. */
  readonly durable?: boolean;
  /** Further settings, as `name=value`. */
  readonly settings?: readonly string[];
  /** A command that the server is run through, such as one that enters a network of its own. */
  readonly through?: readonly string[];
};

/** Why a local Postgres could not start, where the caller has a remedy to name. */
export class LocalPostgresError extends Error {
  override readonly name = "LocalPostgresError";
  readonly reason: "port taken" | "folder in use" | "failed";

  constructor(reason: LocalPostgresError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** User and password of a local server's superuser. It listens on 127.0.0.1 alone. */
export const localPostgresUser = "postgres";

/**
 * Starts a real Postgres 18 from npm's binaries, as root too, and resolves when it takes connections.
 *
 * Where Linux's `setpriv` is there, the server dies with this process, even when that is killed.
 *
 * @throws LocalPostgresError when the port is taken, another server uses the folder, or it fails otherwise.
 */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  await initialise(options.folder);
  const port = options.port === 0 ? await freePort() : options.port;
  const server = await run("postgres", serverArguments(options, port), options.through);
  const exited = once(server, "exit");
  try {
    await ready(server, { port, folder: options.folder });
  } catch (error) {
    server.kill("SIGINT");
    throw error;
  }
  return {
    url: `postgres://${localPostgresUser}:${localPostgresUser}@127.0.0.1:${port}/postgres`,
    port,
    stop: async () => {
      // At first it waits for its sessions: those of pools that were just ended are ending, and would report being cut off.
      server.kill("SIGTERM");
      const hurry = setTimeout(() => server.kill("SIGINT"), 500);
      await exited;
      clearTimeout(hurry);
    },
    crash: async () => {
      server.kill("SIGQUIT");
      await exited;
    },
  };
}

function serverArguments({ folder, durable = true, settings = [] }: LocalPostgresOptions, port: number) {
  const careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=5s"];
  const all = [
    "unix_socket_directories=",
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    ...(durable ? [] : careless),
    ...settings,
  ];
  return ["-D", folder, "-p", String(port), ...all.flatMap((setting) => ["-c", setting])];
}

async function initialise(folder: string): Promise<void> {
  if (await Bun.file(join(folder, "PG_VERSION")).exists()) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owner = await ownerIds();
  if (owner !== null) await chown(folder, owner.uid, owner.gid);

  const secrets = await mkdtemp(join(tmpdir(), "local-postgres-"));
  const passwordFile = join(secrets, "password");
  await writeFile(passwordFile, `${localPostgresUser}\n`, { mode: 0o600 });
  if (owner !== null) {
    await chown(secrets, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  try {
    const initdb = await run("initdb", [
      `--pgdata=${folder}`,
      `--username=${localPostgresUser}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ]);
    const lines = collect(initdb);
    const [code] = await once(initdb, "exit");
    if (code !== 0) throw new LocalPostgresError("failed", `Cannot initialise Postgres: ${lines.join(" ")}`);
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/** Runs one of the binaries in a session of its own, so that Ctrl-C in a terminal reaches us and not it. */
async function run(
  name: "initdb" | "postgres",
  args: readonly string[],
  through: readonly string[] = [],
): Promise<ChildProcess> {
  const [command, ...first] = [...through, ...(await launcher()), (await binaries())[name]];
  return spawn(command ?? name, [...first, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
  });
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  return lines;
}

function ready(server: ChildProcess, { port, folder }: { port: number; folder: string }): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(startError(lines, { port, folder })));
    if (!server.stderr) return;
    createInterface({ input: server.stderr }).on("line", (line) => {
      if (lines.length < 50) lines.push(line);
      if (line.includes("database system is ready to accept connections")) resolve();
    });
  });
}

function startError(lines: readonly string[], { port, folder }: { port: number; folder: string }) {
  const text = lines.join(" ");
  if (text.includes("Address already in use"))
    return new LocalPostgresError("port taken", `Cannot start Postgres: port ${port} is taken.`);
  if (text.includes("postmaster.pid"))
    return new LocalPostgresError(
      "folder in use",
      `Cannot start Postgres: another server uses its folder (${folder}). Stop it first.`,
    );
  return new LocalPostgresError("failed", `Cannot start Postgres: ${text.slice(-600)}`);
}

/** Gives a port of 127.0.0.1 that nothing listens on at this moment. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port.");
  return address.port;
}
