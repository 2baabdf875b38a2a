import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { connect } from "../../db/client/connect.ts";
import { ownerIds } from "../local-postgres/binaries.ts";
import { startLocalPostgres } from "../local-postgres/start-local-postgres.ts";

/** A Postgres server that can be reached in every way: over TLS and without, over IPv6 and a socket, by any authentication. */
export type PostgresWays = AsyncDisposable & {
  readonly port: number;
  /** The folder of its socket. */
  readonly socketFolder: string;
  /** Gives the path of a file: `ca.crt`, `other-ca.crt`, `client.crt`, `client.key`, `locked.key` (its password is `keyword`). */
  readonly file: (name: string) => string;
};

/** Whether this machine has the loopback address of IPv6. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

// Its certificate is for localhost and ::1, and not for 127.0.0.1.
const serverNames = [
  { type: 2, value: "localhost" },
  { type: 7, ip: "::1" },
] as const;

/** Roles by what the server asks them for, and databases by which encryption they take; the first line that fits counts. */
const access = `
hostssl   plain_only all           all reject
hostnossl tls_only   all           all reject
hostssl   all        by_certificate all cert
host      all        by_md5        all md5
host      all        by_password   all password
host      all        by_trust      all trust
local     all        all           scram-sha-256
host      all        all           all scram-sha-256
`;

/**
 * Roles and databases that the access rules know; each role's password is `secret`. In `one_writes` only the server with TLS lets
 * one write.
 */
const setUp = [
  ...["by_certificate", "by_password", "by_trust", "by_scram"].map(
    (role) => `create role ${role} login password 'secret'`,
  ),
  "set password_encryption = md5",
  "create role by_md5 login password 'secret'",
  "create database plain_only",
  "create database tls_only",
  "create database by_scram",
  "create database one_writes",
];

/** Starts such a server, with TLS or without. */
export async function withPostgresWays({ tls }: { readonly tls: boolean }): Promise<PostgresWays> {
  const folder = await mkdtemp(join(tmpdir(), "jobs-ways-"));
  const file = (name: string) => join(folder, name);
  const data = join(folder, "data");
  await writeCertificates(file);
  const owner = await ownerIds();
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  const start = (settings: readonly string[]) =>
    startLocalPostgres({ folder: data, port: 0, durable: false, settings });
  const first = await start([]);
  const readOnly = "alter database one_writes set default_transaction_read_only = on";
  await runAll(first.url, tls ? setUp : [...setUp, readOnly]);
  await first.stop();
  await Bun.write(join(data, "pg_hba.conf"), access);
  const server = await start([
    `listen_addresses=127.0.0.1${hasIpv6 ? ",::1" : ""}`,
    `unix_socket_directories=${folder}`,
    ...(tls ? ["ssl=on", `ssl_cert_file=${file("server.crt")}`, `ssl_key_file=${file("server.key")}`] : []),
    ...(tls ? [`ssl_ca_file=${file("ca.crt")}`] : []),
  ]);
  return {
    port: server.port,
    socketFolder: folder,
    file,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function runAll(url: string, statements: readonly string[]): Promise<void> {
  const sql = connect({ DATABASE_URL: url }, { max: 1, name: "test" });
  for (const statement of statements) await sql.unsafe(statement);
  await sql.end();
}

async function writeCertificates(file: (name: string) => string): Promise<void> {
  const named = (value: string) => [{ name: "commonName", value }];
  const authority = {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  } as const;
  const signer = await generate(named("Test CA"), { ...authority, extensions: [...authority.extensions] });
  const other = await generate(named("Other CA"), { ...authority, extensions: [...authority.extensions] });
  const ca = { key: signer.private, cert: signer.cert };
  const server = await generate(named("localhost"), {
    ca,
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [...serverNames] }],
  });
  const client = await generate(named("by_certificate"), { ca, algorithm: "sha256" });
  const locked = await generate(named("by_certificate"), { ca, algorithm: "sha256", passphrase: "keyword" });
  const files = {
    "ca.crt": signer.cert,
    "other-ca.crt": other.cert,
    "server.crt": server.cert,
    "server.key": server.private,
    "client.crt": client.cert,
    "client.key": client.private,
    "locked.crt": locked.cert,
    "locked.key": locked.private,
  };
  const owner = await ownerIds();
  for (const [name, text] of Object.entries(files)) {
    await writeFile(file(name), text, { mode: 0o600 });
    // Those of the client stay ours: psql asks that of a key.
    if (owner !== null && name.startsWith("server")) await chown(file(name), owner.uid, owner.gid);
  }
}
