import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { withProxy } from "../../services/testing/with-proxy.ts";
import { connect } from "./connect.ts";

// Where these fail, postgres.js throws an uncaught TypeError, which bun reports as an error of the test.

const faultOf = (begun: Promise<unknown>) => begun.then(() => "none", String);

test("a transaction whose connection is lost while it works rejects, and its later statements throw", async () => {
  await using database = await withDatabase("empty");
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using sql = disposable(connect(throughPort(database, proxy.port), { max: 1, name: "test" }));
  const closed = Promise.withResolvers<void>();
  const begun = sql.pool.begin(async (tx) => {
    await tx`select 1`;
    proxy.cut();
    await closed.promise;
    await tx`select 2`;
  });
  expect(await faultOf(begun)).toContain("CONNECTION_CLOSED");
  closed.resolve();
  proxy.mend();
  expect(await sql.pool`select 3 as n`).toMatchObject([{ n: 3 }]);
});

test("a transaction whose statement is lost sends no rollback after it", async () => {
  await using database = await withDatabase("empty");
  await using sql = disposable(connect(database.settings, { max: 1, name: "victim" }));
  const end = database.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`;
  const begun = sql.pool.begin(async (tx) => {
    await tx`select 1`;
    await Promise.all([tx`select pg_sleep(60)`, end]);
  });
  expect(await faultOf(begun)).not.toBe("none");
  // postgres.js tells the next statement of the connection what ended the last one.
  const again = await until("it connects again", () => sql.pool`select 3 as n`.catch(() => null));
  expect(again).toMatchObject([{ n: 3 }]);
});

test("a transaction that fails is rolled back, and one that succeeds gives its value", async () => {
  await using database = await withDatabase("empty");
  const { sql } = database;
  await sql`create table notes (n int primary key)`;
  const failed = sql.begin(async (tx) => {
    await tx`insert into notes values (1)`;
    await tx`insert into notes values (1)`;
  });
  expect(await faultOf(failed)).toContain("duplicate key");
  const given = await sql.begin("isolation level serializable", async (tx) => {
    await tx.unsafe("insert into notes values ($1)", [2]);
    return "kept";
  });
  expect(given).toBe("kept");
  expect(await sql`select n from notes`).toMatchObject([{ n: 2 }]);
});

function disposable(pool: ReturnType<typeof connect>) {
  return { pool, [Symbol.asyncDispose]: () => pool.end({ timeout: 1 }) };
}
