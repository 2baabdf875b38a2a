import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../../services/testing/until.ts";
import {
  hasIpv6,
  type PostgresWays,
  withPostgresWays,
} from "../../../services/testing/with-postgres-ways.ts";
import { connect, onlyRow } from "../connect.ts";
import { readTarget } from "./read-target.ts";
import type { DatabaseSettings } from "./read-values.ts";

// Every way to say how to connect that psql takes, or that a provider or a framework hands out, against a server with TLS (`tls`) and one
// without (`plain`). Whether a connection is encrypted is told by the server itself. Where psql is installed it is asked the same.

type Place = { readonly tls: PostgresWays; readonly plain: PostgresWays };
type Expected = "encrypted" | "in the clear" | RegExp;
type Way = {
  readonly what: string;
  readonly given: (place: Place) => DatabaseSettings | string;
  readonly expected: Expected;
  /** What psql does where it is not the same, or null where older ones do not know of it. */
  readonly psql?: Expected | null;
  readonly needsIpv6?: boolean;
};

let tls: PostgresWays;
let plain: PostgresWays;
beforeAll(async () => {
  [tls, plain] = await Promise.all([withPostgresWays({ tls: true }), withPostgresWays({ tls: false })]);
  for (const [mode, name] of [
    [0o600, "passwords"],
    [0o644, "open-passwords"],
  ] as const) {
    const line = `127.0.0.1:*:*:nobody:wrong\n# a remark\n*:${tls.port}:by\\_scram:by_scram:secret\n`;
    await writeFile(join(tls.socketFolder, name), line.replace("\\_", "_"));
    await chmod(join(tls.socketFolder, name), mode);
  }
});
afterAll(async () => {
  await tls?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});

const scram = "by_scram:secret@127.0.0.1";
const toTls =
  (query: string, who = scram) =>
  ({ tls }: Place) =>
    `postgres://${who}:${tls.port}/by_scram${query}`;
const toPlain =
  (query: string) =>
  ({ plain }: Place) =>
    `postgres://${scram}:${plain.port}/by_scram${query}`;
const variables = (more: (place: Place) => DatabaseSettings) => (place: Place) => ({
  PGHOST: "localhost",
  PGPORT: String(place.tls.port),
  PGUSER: "by_scram",
  PGPASSWORD: "secret",
  PGDATABASE: "by_scram",
  ...more(place),
});
const trust = ({ tls }: Place) => `sslrootcert=${tls.file("ca.crt")}`;
const local = "by_scram:secret@localhost";

const ways: Way[] = [
  // The modes, against both servers.
  { what: "no word about TLS, a server that has it", given: toTls(""), expected: "encrypted" },
  { what: "no word about TLS, a server without", given: toPlain(""), expected: "in the clear" },
  { what: "disable", given: toTls("?sslmode=disable"), expected: "in the clear" },
  { what: "allow", given: toTls("?sslmode=allow"), expected: "in the clear" },
  {
    what: "allow, a database that takes TLS alone",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only?sslmode=allow`,
    expected: "encrypted",
  },
  {
    what: "prefer, a database that takes no TLS",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/plain_only?sslmode=prefer`,
    expected: "in the clear",
  },
  {
    what: "no word, a database that takes TLS alone (RDS, Heroku)",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only`,
    expected: "encrypted",
  },
  {
    what: "disable, a database that takes TLS alone",
    given: ({ tls }) => `postgres://${scram}:${tls.port}/tls_only?sslmode=disable`,
    expected: /^pg_hba.conf rejects connection .* no encryption$/,
  },
  { what: "prefer, a server without", given: toPlain("?sslmode=prefer"), expected: "in the clear" },
  { what: "require", given: toTls("?sslmode=require"), expected: "encrypted" },
  { what: "require, a server without", given: toPlain("?sslmode=require"), expected: /takes no TLS/ },
  { what: "no-verify", given: toTls("?sslmode=no-verify"), expected: "encrypted", psql: null },
  { what: "verify-ca", given: (at) => toTls(`?sslmode=verify-ca&${trust(at)}`)(at), expected: "encrypted" },
  {
    what: "verify-ca, another CA",
    given: (at) => toTls(`?sslmode=verify-ca&sslrootcert=${at.tls.file("other-ca.crt")}`)(at),
    expected: /^TLS with sslmode=verify-ca failed: .*Set PGSSLROOTCERT/,
  },
  {
    what: "require with a file of CAs checks as verify-ca",
    given: (at) => toTls(`?sslmode=require&sslrootcert=${at.tls.file("other-ca.crt")}`)(at),
    expected: /^TLS with sslmode=require failed/,
  },
  {
    what: "verify-full",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}`, local)(at),
    expected: "encrypted",
  },
  {
    what: "verify-full, a name that the certificate has not",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}`)(at),
    expected: /altnames.*Connect by a name/,
  },
  {
    what: "verify-full, the address beside the name",
    given: (at) => toTls(`?sslmode=verify-full&${trust(at)}&hostaddr=127.0.0.1`, local)(at),
    expected: "encrypted",
  },
  {
    what: "verify-full without a file trusts the system's CAs",
    given: toTls("?sslmode=verify-full", local),
    expected: /self.signed certificate.*Set PGSSLROOTCERT/,
  },
  {
    what: "system's CAs",
    given: toTls("?sslrootcert=system", local),
    expected: /self.signed certificate/,
    psql: null,
  },
  {
    what: "system's CAs and a weaker mode",
    given: toTls("?sslrootcert=system&sslmode=require", local),
    expected: /^DATABASE_URL: sslmode: expected verify-full, as sslrootcert is system/,
    psql: null,
  },
  {
    what: "a file of CAs that is not there",
    given: toTls("?sslmode=verify-full&sslrootcert=/no/such.crt", local),
    expected: /^the file \/no\/such.crt of sslrootcert cannot be read \(ENOENT\)/,
  },
  // Authentication.
  {
    what: "Neon: bound to TLS",
    given: toTls("?sslmode=require&channel_binding=require"),
    expected: "encrypted",
  },
  {
    what: "bound to TLS, a server without",
    given: toPlain("?channel_binding=require"),
    expected: /channel_binding is require/,
  },
  {
    what: "bound to TLS, where the server asks for md5",
    given: toTls("?channel_binding=require", "by_md5:secret@127.0.0.1"),
    expected: /channel_binding is require/,
  },
  { what: "not bound", given: toTls("?channel_binding=disable"), expected: "encrypted" },
  { what: "md5", given: toTls("", "by_md5:secret@127.0.0.1"), expected: "encrypted" },
  { what: "a password as it is", given: toTls("", "by_password:secret@127.0.0.1"), expected: "encrypted" },
  { what: "nothing asked", given: toTls("", "by_trust@127.0.0.1"), expected: "encrypted" },
  {
    what: "nothing asked, where that is not accepted",
    given: toTls("?require_auth=scram-sha-256", "by_trust@127.0.0.1"),
    expected: /asks for no authentication, which require_auth does not accept/,
    psql: null,
  },
  {
    what: "md5 is not accepted",
    given: toTls("?require_auth=!md5", "by_md5:secret@127.0.0.1"),
    expected: /asks for authentication by md5/,
    psql: null,
  },
  {
    what: "a certificate",
    given: (at) =>
      toTls(
        `?sslcert=${at.tls.file("client.crt")}&sslkey=${at.tls.file("client.key")}`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: "encrypted",
  },
  {
    what: "a certificate whose key is locked",
    given: (at) =>
      toTls(
        `?sslcert=${at.tls.file("locked.crt")}&sslkey=${at.tls.file("locked.key")}&sslpassword=keyword`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: "encrypted",
  },
  {
    what: "a certificate that is kept back",
    given: (at) =>
      toTls(
        `?sslcertmode=disable&sslcert=${at.tls.file("client.crt")}&sslkey=${at.tls.file("client.key")}`,
        "by_certificate@127.0.0.1",
      )(at),
    expected: /certificate/,
    psql: null,
  },
  {
    what: "no password, where one is asked for",
    given: toTls("", "by_scram@127.0.0.1"),
    expected: /asks for a password, and none is set/,
  },
  {
    what: "a wrong password",
    given: toTls("", "by_scram:wrong@127.0.0.1"),
    expected: /^password authentication failed/,
  },
  {
    what: "a password file",
    given: (at) => toTls(`?passfile=${at.tls.socketFolder}/passwords`, "by_scram@127.0.0.1")(at),
    expected: "encrypted",
  },
  {
    what: "a password file that all may read",
    given: (at) => toTls(`?passfile=${at.tls.socketFolder}/open-passwords`, "by_scram@127.0.0.1")(at),
    expected: /asks for a password/,
  },
  // Where it is.
  {
    what: "IPv6 in a URL",
    given: ({ tls }) =>
      `postgres://by_scram:secret@[::1]:${tls.port}/by_scram?sslmode=verify-full&${trust({ tls, plain })}`,
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOST",
    given: variables(() => ({ PGHOST: "::1" })),
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOST, in brackets",
    given: variables(() => ({ PGHOST: "[::1]" })),
    expected: "encrypted",
    psql: null,
    needsIpv6: true,
  },
  {
    what: "IPv6 in PGHOSTADDR",
    given: variables(() => ({ PGHOSTADDR: "::1" })),
    expected: "encrypted",
    needsIpv6: true,
  },
  {
    what: "a socket in PGHOST",
    given: variables(({ tls }) => ({ PGHOST: tls.socketFolder, PGSSLMODE: "require" })),
    expected: "in the clear",
  },
  {
    what: "a socket in a URL's host",
    given: ({ tls }) =>
      `postgres://by_scram:secret@${encodeURIComponent(tls.socketFolder)}:${tls.port}/by_scram`,
    expected: "in the clear",
  },
  {
    what: "a socket in a URL's parameters",
    given: ({ tls }) => `postgresql://by_scram:secret@/by_scram?host=${tls.socketFolder}&port=${tls.port}`,
    expected: "in the clear",
  },
  {
    what: "several hosts, the first is down",
    given: ({ tls }) => `postgres://by_scram:secret@127.0.0.1:1,localhost:${tls.port}/by_scram`,
    expected: "encrypted",
  },
  {
    what: "several hosts in PGHOST and PGPORT",
    given: variables(({ tls }) => ({ PGHOST: "127.0.0.1,localhost", PGPORT: `1,${tls.port}` })),
    expected: "encrypted",
  },
  {
    what: "several hosts, all down",
    given: () => "postgres://a:b@127.0.0.1:1,[::1]:1/c",
    expected: /^none of the hosts serves: 127.0.0.1:1: .*; \[::1\]:1: /,
  },
  {
    what: "several hosts, one that takes no writes is passed",
    given: ({ tls, plain }) =>
      `postgres://by_scram:secret@127.0.0.1:${plain.port},127.0.0.1:${tls.port}/by_scram?options=-c%20default_transaction_read_only%3Doff`,
    expected: "in the clear",
  },
  {
    what: "a standby, where there is none",
    given: toTls("?target_session_attrs=standby"),
    expected: /a server that takes writes, and target_session_attrs is standby/,
  },
  {
    what: "read-write, a role that only reads",
    given: toTls("?target_session_attrs=read-write&options=-c%20default_transaction_read_only%3Don"),
    expected: /read-only, and target_session_attrs is read-write/,
  },
  {
    what: "rather a standby, where there is none",
    given: toTls("?target_session_attrs=prefer-standby"),
    expected: "encrypted",
  },
  {
    what: "more ports than hosts",
    given: variables(() => ({ PGPORT: "1,2" })),
    expected: /^PGPORT: expected one port, or one for each of the 1 hosts/,
  },
  {
    what: "a port that is none",
    given: variables(() => ({ PGPORT: "54x" })),
    expected: /^PGPORT: expected a whole number from 1 to 65535/,
  },
  // How it is written.
  {
    what: "words, as Azure and RDS write them",
    given: ({ tls }) =>
      `host=localhost port=${tls.port} dbname=by_scram user=by_scram password='secret' sslmode=verify-full sslrootcert='${tls.file("ca.crt")}'`,
    expected: "encrypted",
  },
  {
    what: "a password with every sign, encoded",
    given: ({ tls }) =>
      `postgres://by_password:${encodeURIComponent("secret")}@127.0.0.1:${tls.port}/by_scram`,
    expected: "encrypted",
  },
  {
    what: "a lone % in a password",
    given: toTls("", "by_scram:50%off@127.0.0.1"),
    expected: /^DATABASE_URL: there is a lone % in its password: write %25 for it$/,
  },
  {
    what: "a % that is no UTF-8",
    given: toTls("", "by_scram:%E4@127.0.0.1"),
    expected: /^DATABASE_URL: what stands behind a % in its password is not UTF-8$/,
    psql: /./,
  },
  {
    what: "a lone % in a parameter",
    given: toTls("?application_name=100%"),
    expected: /^DATABASE_URL: there is a lone % in application_name/,
  },
  { what: "IPv6 without brackets", given: () => "postgres://a:b@::1:5432/c", expected: /brackets/ },
  { what: "JDBC: ssl=true", given: toTls("?ssl=true"), expected: "encrypted" },
  { what: "other clients: ssl=false", given: toTls("?ssl=false"), expected: "in the clear", psql: null },
  {
    what: "Prisma: sslaccept=strict",
    given: toTls("?sslaccept=strict&sslmode=require", local),
    expected: /self.signed certificate/,
    psql: null,
  },
  {
    what: "Prisma and poolers",
    given: toTls("?pgbouncer=true&schema=public&connection_limit=1&pool_timeout=0&statement_cache_size=0"),
    expected: "encrypted",
    psql: null,
  },
  {
    what: "keepalives",
    given: toTls(
      "?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=5000",
    ),
    expected: "encrypted",
  },
  {
    what: "names of its own, a timeout, settings",
    given: toTls(
      "?application_name=mine&connect_timeout=10&options=-c%20statement_timeout%3D5s&gssencmode=disable",
    ),
    expected: "encrypted",
  },
  {
    what: "a mode that is none",
    given: toTls("?sslmode=on"),
    expected: /^DATABASE_URL: sslmode: expected disable, .*, and not "on"$/,
  },
  {
    what: "a slip in what keeps it safe",
    given: toTls("?sslmod=require"),
    expected: /^DATABASE_URL: sslmod cannot be honoured: no such parameter is known$/,
  },
  {
    what: "encryption by Kerberos",
    given: toTls("?gssencmode=require"),
    expected: /^DATABASE_URL: gssencmode: encryption by Kerberos cannot be honoured/,
  },
  {
    what: "TLS at once",
    given: toTls("?sslmode=require&sslnegotiation=direct"),
    expected: "encrypted",
    psql: null,
  },
  {
    what: "TLS at once, a weak mode",
    given: toTls("?sslnegotiation=direct"),
    expected: /^DATABASE_URL: sslnegotiation: expected sslmode to be require/,
    psql: null,
  },
  {
    what: "a version of TLS",
    given: toTls("?sslmode=require&ssl_min_protocol_version=TLSv1.3"),
    expected: "encrypted",
  },
  // Variables alone, and beside a URL.
  { what: "PG* alone", given: variables(() => ({})), expected: "encrypted" },
  {
    what: "a private CA by variables",
    given: variables(({ tls }) => ({ PGSSLMODE: "verify-full", PGSSLROOTCERT: tls.file("ca.crt") })),
    expected: "encrypted",
  },
  {
    what: "another CA by variables",
    given: variables(({ tls }) => ({ PGSSLMODE: "verify-full", PGSSLROOTCERT: tls.file("other-ca.crt") })),
    expected: /^TLS with sslmode=verify-full failed/,
  },
  {
    what: "variables of a certificate",
    given: variables(({ tls }) => ({
      PGUSER: "by_certificate",
      PGPASSWORD: "",
      PGSSLCERT: tls.file("client.crt"),
      PGSSLKEY: tls.file("client.key"),
    })),
    expected: "encrypted",
  },
  {
    what: "variables fill in what a URL does not say",
    given: ({ tls }) => ({
      DATABASE_URL: `postgres://by_scram@localhost/by_scram`,
      PGPORT: String(tls.port),
      PGPASSWORD: "secret",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: tls.file("ca.crt"),
    }),
    expected: "encrypted",
  },
  {
    what: "a URL goes before variables",
    given: ({ tls }) => ({
      DATABASE_URL: `postgres://${scram}:${tls.port}/by_scram?sslmode=disable`,
      PGHOST: "nowhere.invalid",
      PGSSLMODE: "verify-full",
      PGUSER: "nobody",
    }),
    expected: "in the clear",
  },
  {
    what: "the database is the user's where a URL names none",
    given: ({ tls }) => `postgres://${scram}:${tls.port}`,
    expected: "encrypted",
  },
  {
    what: "PGPASSFILE",
    given: variables(({ tls }) => ({ PGPASSWORD: "", PGPASSFILE: join(tls.socketFolder, "passwords") })),
    expected: "encrypted",
  },
  {
    what: "a service",
    given: variables(() => ({ PGSERVICE: "mine" })),
    expected: /^PGSERVICE: service cannot be honoured: service files are not read/,
    psql: /./,
  },
  {
    what: "PGREQUIREPEER",
    given: variables(() => ({ PGREQUIREPEER: "postgres" })),
    expected: /^PGREQUIREPEER: requirepeer cannot be honoured/,
    psql: null,
  },
  {
    what: "PGTARGETSESSIONATTRS=any, which postgres.js does not know",
    given: variables(() => ({ PGTARGETSESSIONATTRS: "any" })),
    expected: "encrypted",
  },
];

const settingsOf = (given: DatabaseSettings | string): DatabaseSettings =>
  typeof given === "string" ? { DATABASE_URL: given } : given;

/** Connects, and gives what the server says of the connection, or the error and its remedy as one text. */
async function connectBy(settings: DatabaseSettings): Promise<string> {
  let sql: ReturnType<typeof connect> | undefined;
  try {
    sql = connect(settings, { max: 1, name: "ways", fetchTypes: false });
    const rows = await sql.unsafe<{ ssl: boolean }[]>(
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    return onlyRow(rows).ssl ? "encrypted" : "in the clear";
  } catch (error) {
    const { message, remedy = "" } = error as Error & { remedy?: string };
    return `${message} ${remedy}`.trim();
  } finally {
    await sql?.end({ timeout: 1 });
  }
}

for (const { what, given, expected, needsIpv6 } of ways) {
  test.skipIf(needsIpv6 === true && !hasIpv6)(`${what}: ${String(expected)}`, async () => {
    const said = await connectBy(settingsOf(given({ tls, plain })));
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
}

const psql = Bun.which("psql");
test.skipIf(psql === null)("psql connects by the same ways, and is refused by the same", async () => {
  const differing: string[] = [];
  for (const { what, given, expected, psql: theirs = expected, needsIpv6 } of ways) {
    if (theirs === null || (needsIpv6 === true && !hasIpv6)) continue;
    const { DATABASE_URL, ...env } = settingsOf(given({ tls, plain }));
    const child = Bun.spawn(
      [
        psql ?? "psql",
        "-w",
        "-X",
        "-At",
        ...(DATABASE_URL === undefined ? [] : [DATABASE_URL]),
        "-c",
        "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
      ],
      {
        env: { PATH: process.env["PATH"] ?? "", HOME: tls.socketFolder, ...(env as Record<string, string>) },
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const [output, error] = [
      await new Response(child.stdout).text(),
      await new Response(child.stderr).text(),
    ];
    const said =
      (await child.exited) === 0 ? (output.trim() === "t" ? "encrypted" : "in the clear") : "refused";
    const wanted = typeof theirs === "string" ? theirs : "refused";
    if (said !== wanted) differing.push(`${what}: ${said} ${error}`);
  }
  expect(differing).toEqual([]);
});

test("what is left out is named, with the reason", () => {
  const query =
    "?pgbouncer=true&schema=x&supa=base&statement_timeout=1&keepalives_count=3&client_encoding=utf8";
  const { leftOut } = readTarget({ DATABASE_URL: `postgres://a@b/c${query}`, PGTZ: "UTC" });
  expect(leftOut.map((text) => text.split(" ")[0]).sort()).toEqual([
    "PGTZ",
    "keepalives_count",
    "pgbouncer",
    "schema",
    "statement_timeout",
    "supa",
  ]);
});

test("a name of one's own and settings of the server are those of the session", async () => {
  const url = `postgres://${scram}:${tls.port}/by_scram?application_name=mine&options=-c%20statement_timeout%3D5s%20-c%20DateStyle%3DGerman`;
  const sql = connect({ DATABASE_URL: url }, { max: 1, name: "ways" });
  const rows =
    await sql`select current_setting('application_name') as name, current_setting('statement_timeout') as limit, current_setting('DateStyle') as style`;
  await sql.end();
  expect([...rows]).toEqual([{ name: "mine", limit: "5s", style: "ISO, MDY" }]);
});

test("a pool that is ended while it connects leaves no session and nothing waiting", async () => {
  const held: { end: () => void }[] = [];
  using silent = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void held.push(socket), data: () => {} },
  });
  const sql = connect({ DATABASE_URL: `postgres://a@127.0.0.1:${silent.port}/b` }, { max: 1, name: "ways" });
  const asked = sql`select 1`.catch((error: Error & { code?: string }) => error.code);
  await until("it connects", () => held.length === 1);
  await sql.end({ timeout: 0 });
  expect(await asked).toBe("CONNECTION_DESTROYED");
});
