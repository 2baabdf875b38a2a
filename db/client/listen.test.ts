import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { withProxy } from "../../services/testing/with-proxy.ts";
import { startListener } from "./listen.ts";

const channels = ["jobs:insert"];

test("a listener hears a notification", async () => {
  await using database = await withDatabase();
  let heard = 0;
  const listener = startListener({ settings: database.settings, channels, onNotify: () => heard++ });
  await until("it listens", () => listener.isListening());
  const before = heard;
  await database.sql.notify("jobs:insert", "");
  await until("the notification is heard", () => heard > before);
  await listener.stop();
  expect(listener.isListening()).toBe(false);
});

test("a listener whose connections are cut listens again, and tells that something may have been missed", async () => {
  await using database = await withDatabase();
  const states: boolean[] = [];
  let heard = 0;
  const listener = startListener({
    settings: database.settings,
    channels,
    onNotify: () => heard++,
    onState: (listening) => states.push(listening),
  });
  await until("it listens", () => listener.isListening());
  const before = heard;
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'jobs-listen' and datname = current_database()`;
  await until("it has lost and found the connection", () => states.join() === "true,false,true");
  await until("the listener was woken", () => heard > before);
  await listener.stop();
});

test("a listener whose connection is open and dead says so and finds another", async () => {
  await using database = await withDatabase();
  await using proxy = await withProxy(Number(new URL(database.url).port));
  const states: string[] = [];
  const listener = startListener({
    settings: throughPort(database, proxy.port),
    channels,
    onNotify: () => {},
    onState: (listening, reason) => states.push(listening ? "listening" : (reason?.message ?? "stopped")),
    probeEveryMs: 20,
    probePatienceMs: 200,
  });
  await until("it listens", () => listener.isListening());
  proxy.freeze();
  await until("it has noticed", () => !listener.isListening());
  proxy.mend();
  await until("it listens again", () => listener.isListening());
  await listener.stop();
  expect(states).toEqual([
    "listening",
    "the connection is open but heard nothing for 200 ms",
    "listening",
    "stopped",
  ]);
});

test("a listener without a database stops when told to", async () => {
  const settings = { PGHOST: "127.0.0.1", PGPORT: 1, PGUSER: "nobody", PGDATABASE: "nowhere" };
  const listener = startListener({ settings, channels, onNotify: () => {} });
  expect(listener.isListening()).toBe(false);
  await listener.stop();
});
