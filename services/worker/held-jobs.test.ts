import { expect, test } from "bun:test";
import { createHeldJobs } from "./held-jobs.ts";

test("a job that is claimed again while its earlier request is open is held until both are over", async () => {
  const held = createHeldJobs();
  held.add("1");
  held.add("1");
  held.remove("1");
  expect(held.ids()).toEqual(["1"]);
  let isNone = false;
  const none = held.whenNone().then(() => {
    isNone = true;
  });
  await Promise.resolve();
  expect(isNone).toBe(false);
  held.remove("1");
  await none;
  expect(held.ids()).toEqual([]);
});
