import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { until } from "../../services/testing/until.ts";
import { hasIpv6, type PostgresWays, withPostgresWays } from "../../services/testing/with-postgres-ways.ts";
import { connect, type DatabaseSettings, onlyRow } from "../client/connect.ts";
import { readTarget } from "../client/connection/read-target.ts";
import { authenticationWays } from "./connections/authentication-ways.ts";
import { encryptionWays } from "./connections/encryption-ways.ts";
import { placeWays } from "./connections/place-ways.ts";
import { variableWays } from "./connections/variable-ways.ts";
import { scram } from "./connections/way.ts";
import { writingWays } from "./connections/writing-ways.ts";

// Every way to say how to connect that psql takes, or that a provider or a framework hands out, against a server with TLS (`tls`) and one
// without (`plain`). Whether a connection is encrypted is told by the server itself. Where psql is installed it is asked the same.

let tls: PostgresWays;
let plain: PostgresWays;
beforeAll(async () => {
  [tls, plain] = await Promise.all([withPostgresWays({ tls: true }), withPostgresWays({ tls: false })]);
  const lines = `127.0.0.1:*:*:nobody:wrong\n# a remark\n*:${tls.port}:by\\_scram:by_scram:secret\n`;
  await writeFile(tls.file("passwords"), lines, { mode: 0o600 });
  await writeFile(tls.file("open-passwords"), lines);
});
afterAll(async () => {
  await tls?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});

const ways = [...encryptionWays, ...authenticationWays, ...placeWays, ...writingWays, ...variableWays];

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

const psql = Bun.which("psql") ?? "";

/** Asks psql to connect, with nothing of this machine's home, and gives how it did. */
async function connectByPsql({ DATABASE_URL: url, ...variables }: DatabaseSettings): Promise<string> {
  const statement = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: tls.socketFolder,
    ...(variables as Record<string, string>),
  };
  const child = Bun.spawn([psql, "-wXAt", ...(url === undefined ? [] : [url]), "-c", statement], {
    env,
    stdout: "pipe",
    stderr: "ignore",
  });
  const answer = (await new Response(child.stdout).text()).trim();
  if ((await child.exited) !== 0) return "refused";
  return answer === "t" ? "encrypted" : "in the clear";
}

test.skipIf(psql === "")(
  "psql connects by the same ways, and is refused by the same",
  async () => {
    const known = ways.filter(({ psql, needsIpv6 }) => psql !== null && (needsIpv6 !== true || hasIpv6));
    const waiting = [...known];
    const said = new Map<string, string>();
    const ask = async () => {
      for (let way = waiting.pop(); way !== undefined; way = waiting.pop())
        said.set(way.what, await connectByPsql(settingsOf(way.given({ tls, plain }))));
    };
    await Promise.all(Array.from({ length: 8 }, ask));
    const wanted = known.map(({ what, expected, psql = expected }) => [
      what,
      typeof psql === "string" ? psql : "refused",
    ]);
    expect(known.map(({ what }) => [what, said.get(what)])).toEqual(wanted);
  },
  240_000,
);

test("what is left out is named, with the reason", () => {
  const query =
    "?pgbouncer=true&schema=x&supa=base&statement_timeout=1&keepalives_count=3&client_encoding=utf8";
  const { leftOut } = readTarget({ DATABASE_URL: `postgres://a@b/c${query}`, PGTZ: "UTC" });
  expect(leftOut.map((text) => text.split(" ")[0]).toSorted((a = "", b = "") => (a < b ? -1 : 1))).toEqual([
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
