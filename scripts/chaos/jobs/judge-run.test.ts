import { expect, test } from "bun:test";
import { type Evidence, judgeRun } from "./judge-run.ts";
import type { Call } from "./ledger-function.ts";

const call = (n: number, at: number, said: Call["said"] = "success"): Call => ({
  n,
  worker: "w",
  at,
  said,
  saidAt: at + 1,
});
const good: Evidence = {
  jobs: [0, 1].map((n) => ({ n, task: "steady", queue: "serial", script: [] })),
  enqueued: [0, 1],
  ended: [
    { n: 0, how: "gone" },
    { n: 1, how: "gone" },
  ],
  left: 0,
  calls: [call(0, 10), call(1, 20)],
  disturbed: [],
  fallen: [],
};

test("a run in which all went well breaks no promise", () => {
  expect(judgeRun(good)).toEqual({ duplicates: 0, broken: [] });
});

test.each<[string, Partial<Evidence>]>([
  ["a lost job", { calls: [call(0, 10)] }],
  ["a job that ended twice", { ended: [...good.ended, { n: 1, how: "gone" }] }],
  ["a job that never ended", { ended: good.ended.slice(1) }],
  ["a completion that its function never said", { calls: [call(0, 10), call(1, 20, "failure")] }],
  ["a success that ended dead", { ended: good.ended.map((end) => ({ ...end, how: "dead" })) }],
  ["a second call without a reason", { calls: [...good.calls, call(1, 30)] }],
  ["a serial queue out of order", { calls: [call(1, 10), call(0, 20)] }],
  ["two jobs of a serial queue at once", { calls: [{ ...call(0, 10), saidAt: 30 }, call(1, 20)] }],
  ["a lease that is left", { left: 1 }],
  ["a worker that ended by itself", { fallen: ["w"] }],
])("%s is found", (_, fault) => {
  expect(judgeRun({ ...good, ...fault }).broken).not.toEqual([]);
});

test("a second call is counted and explained while its worker was killed", () => {
  const disturbed = [{ name: "kill", from: 15, to: 25, explains: { worker: "w" } }];
  const calls = [...good.calls, call(1, 30)];
  expect(judgeRun({ ...good, calls, disturbed })).toEqual({ duplicates: 1, broken: [] });
});
