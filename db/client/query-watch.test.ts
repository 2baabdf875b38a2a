import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { until } from "../../services/testing/until.ts";
import { throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { withProxy } from "../../services/testing/with-proxy.ts";
import { openPool } from "./open-pool.ts";

/**
 * A database behind a proxy that leads the first `count` connections to a server that takes them and says nothing; once woken, it
 * passes on what they said and say.
 */
async function withSilentStarts(count: number) {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await withDatabase("empty"));
  const databasePort = Number(new URL(database.url).port);
  const silent = new Map<Socket, Uint8Array>();
  let asked = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    // What the proxy takes from now on is for the database.
    socket.once("data", (said: Uint8Array) => {
      silent.set(socket, said);
      socket.pause();
      asked += 1;
      if (asked === count) proxy.turnTo(databasePort);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  parts.defer(async () => {
    for (const socket of silent.keys()) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The silent server has no port.");
  const proxy = parts.use(await withProxy(address.port));
  const replaced: Error[] = [];
  const pool = openPool(throughPort(database, proxy.port), {
    max: count + 1,
    name: "pool",
    querySeconds: 30,
    onReplaced: (reason) => replaced.push(reason),
  });
  parts.defer(() => pool.end(0));
  const all = parts.move();
  const isSilent = (connections: number) => asked === connections;
  const wake = () => {
    for (const [socket, said] of silent) {
      const onward = connect(databasePort, "127.0.0.1");
      onward.on("error", () => socket.destroy());
      onward.write(said);
      socket.pipe(onward).pipe(socket);
    }
  };
  return {
    pool,
    sql: database.sql,
    replaced,
    isSilent,
    wake,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const add = "select nextval('calls')::int as call, $1::text as said";

test("a statement whose connection says nothing when it opens goes by one that is open, and once", async () => {
  await using silence = await withSilentStarts(1);
  const { pool } = silence;
  const tied = pool.unsafe<{ call: number; said: string }>(add, ["tied" as never]);
  const answer = Promise.resolve(tied).then((rows) => rows[0]);
  await until("the first connection stands in start-up", () => silence.isSilent(1));
  await pool.unsafe("create sequence calls");
  expect(await answer).toEqual({ call: 1, said: "tied" });
  expect((await pool.unsafe<{ call: number }>(add, ["next" as never]))[0]?.call).toBe(2);
  expect(silence.replaced).toEqual([]);
});

test("a statement that went by another connection is not executed again by the one that opens after all", async () => {
  await using silence = await withSilentStarts(1);
  const { pool, sql, wake } = silence;
  const answer = Promise.resolve(pool.unsafe(add, ["tied" as never]));
  await until("the first connection stands in start-up", () => silence.isSilent(1));
  await pool.unsafe("create sequence calls");
  expect(await answer).toMatchObject([{ call: 1 }]);
  wake();
  await until("both connections have been asked for something, and are idle", async () => {
    const idle = await sql`
      select from pg_stat_activity where application_name = 'pool' and state = 'idle' and query <> ''`;
    return idle.length === 2;
  });
  expect([...(await sql`select last_value::int as calls from calls`)]).toEqual([{ calls: 1 }]);
});

test("a statement that is alone opens further connections while those before say nothing", async () => {
  await using silence = await withSilentStarts(2);
  expect(await silence.pool.unsafe("select 1 as one")).toHaveLength(1);
  expect(silence.replaced).toEqual([]);
});

test("statements that found every connection in use are answered in their order, and once", async () => {
  await using database = await withDatabase("empty");
  const pool = openPool(database.settings, { max: 1, name: "pool", querySeconds: 30 });
  await using _ = { [Symbol.asyncDispose]: () => pool.end(0) };
  await pool.unsafe("create sequence calls");
  const long = Promise.resolve(pool.unsafe("select pg_sleep(2.5)"));
  const words = ["a", "b", "c"];
  const calls = words.map((word) =>
    Promise.resolve(pool.unsafe<{ call: number; said: string }>(add, [word as never])).then(
      (rows) => rows[0],
    ),
  );
  await long;
  expect(await Promise.all(calls)).toEqual(words.map((said, place) => ({ call: place + 1, said })));
});
