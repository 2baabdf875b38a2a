import { expect, test } from "bun:test";
import { createHealthApp } from "./create-health-app.ts";

const answer = async (path: string, fault: () => string | null | Promise<string | null>) => {
  const response = await createHealthApp(() => [{ name: "database", fault }]).request(path);
  return [response.status, await response.json()];
};

test("a living process is healthy whatever its checks say", async () => {
  expect(await answer("/healthz", () => "away")).toEqual([200, { status: "alive" }]);
});

test("a service whose checks pass is ready", async () => {
  expect(await answer("/readyz", () => null)).toEqual([200, { status: "ready" }]);
});

test("a service that is not ready says why", async () => {
  expect(await answer("/readyz", () => "connection refused")).toEqual([
    503,
    { status: "not ready", faults: ["database: connection refused"] },
  ]);
});

test("a service that is ready tells what is to be known all the same", async () => {
  const check = { name: "worker", fault: () => null, note: () => "nobody takes these due tasks: paint" };
  const response = await createHealthApp(() => [check]).request("/readyz");
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: "ready", notes: ["worker: nobody takes these due tasks: paint"] },
  ]);
});

test("a check that throws means not ready", async () => {
  const failing = () => Promise.reject(new Error("no route"));
  expect(await answer("/readyz", failing)).toEqual([
    503,
    { status: "not ready", faults: ["database: no route"] },
  ]);
});
