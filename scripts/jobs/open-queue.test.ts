import { expect, test } from "bun:test";
import { commandSettings } from "./open-queue.ts";

test("without a host the local stack's database is used, with what else is set", () => {
  expect(commandSettings({ PGHOST: " ", PGDATABASE: "mine" })).toMatchObject({
    PGHOST: "127.0.0.1",
    PGPORT: "54329",
    PGUSER: "postgres",
    PGPASSWORD: "postgres",
    PGDATABASE: "mine",
  });
});

test("with a host or a URL nothing of the local stack is used", () => {
  expect(commandSettings({ PGHOST: "db.example" })).toMatchObject({ PGHOST: "db.example" });
  expect(commandSettings({ PGHOST: "db.example" }).PGPORT).toBeUndefined();
  expect(commandSettings({ PGHOST: "db.example" }).PGPASSWORD).toBeUndefined();
  expect(commandSettings({ DATABASE_URL: "postgres://a@b/c" }).PGHOST).toBeUndefined();
});
