import { expect, test } from "bun:test";
import { mayShareWork, runtimeOf } from "./runtime.ts";

test.each([
  ["Bun/1.4.5", "bun"],
  ["Node.js/24", "node"],
  ["Deno/2.9.6", "deno"],
  ["Cloudflare-Workers", "workerd"],
  ["Mozilla/5.0", "other"],
] as const)("%s is %s", (agent, name) => {
  expect(runtimeOf(agent)).toBe(name);
});

test("this is Bun, where requests may share work; in workerd they may not", () => {
  expect([runtimeOf(), mayShareWork(), mayShareWork("workerd")]).toEqual(["bun", true, false]);
});
