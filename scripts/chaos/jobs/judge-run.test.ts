import { expect, test } from "bun:test";
import type { Fault } from "./create-fault-log.ts";
import { type Evidence, judgeRun } from "./judge-run.ts";
import type { Call } from "./ledger-function.ts";

const call = (n: number, at: number, rest: Partial<Call> = {}): Call => ({
  n,
  worker: "w",
  // Each under a lease of its own, and a later call is a later attempt.
  attempt: at,
  lease: `${n} at ${at}`,
  at,
  said: "success",
  saidAt: at + 1,
  ...rest,
});
const fault = (kind: Fault["kind"], worker: string | null, at = 20): Fault => ({
  kind,
  worker,
  from: at,
  to: at,
});

const end = (n: number, attempt: number) => ({ n, how: "gone", attempt, worker: "w", at: 10_000 });
const waiting = (n: number, attempt: number) => ({ ...end(n, attempt), worker: null });
const good: Evidence = {
  jobs: [0, 1].map((n) => ({ n, task: "steady", queue: "serial", script: [] })),
  answeredAt: new Map([
    [0, 1],
    [1, 1],
  ]),
  enqueued: [0, 1],
  ended: [end(0, 10), end(1, 20)],
  left: 0,
  calls: [call(0, 10), call(1, 20)],
  faults: [],
  limits: { leaseMs: 3_000, timeoutMs: 3_000 },
  fallen: [],
};

test("a run in which all went well breaks no promise", () => {
  expect(judgeRun(good)).toEqual({ repeats: {}, broken: [] });
});

test("a callback may end a job that waits for its next attempt", () => {
  const calls = [call(0, 10), call(1, 20, { callback: "taken", callbackAt: 25 })];
  expect(judgeRun({ ...good, calls, ended: [end(0, 10), waiting(1, 20)] }).broken).toEqual([]);
});

test.each<[string, Partial<Evidence>]>([
  ["a lost job", { calls: [call(0, 10)] }],
  ["a job whose commit was answered and that is not there", { enqueued: [0], calls: [call(0, 10)] }],
  ["a call of a job that was not committed", { enqueued: [0], answeredAt: new Map([[0, 1]]) }],
  ["a job that ended twice", { ended: [...good.ended, end(1, 20)] }],
  ["a job that never ended", { ended: good.ended.slice(1) }],
  ["a completion that its function never said", { calls: [call(0, 10), call(1, 20, { said: "failure" })] }],
  ["a success that ended dead", { ended: good.ended.map((end) => ({ ...end, how: "dead" })) }],
  ["a second call without a reason", { calls: [...good.calls, call(1, 30)] }],
  ["a completion under another attempt's lease", { ended: [end(0, 10), { ...end(1, 20), attempt: 21 }] }],
  ["a completion under another worker's lease", { ended: [end(0, 10), { ...end(1, 20), worker: "v" }] }],
  ["a completion before its call said so", { ended: [end(0, 10), { ...end(1, 20), at: -200 }] }],
  ["a completion while nobody had the job, without a callback", { ended: [end(0, 10), waiting(1, 20)] }],
  [
    "a completion while nobody had the job, by an earlier attempt's callback",
    { ended: [end(0, 10), waiting(1, 21)], calls: [call(0, 10), call(1, 20, { callback: "taken" })] },
  ],
  ["a lease that was lost without a cause", { faults: [fault("lease lost", "v", 20)] }],
  [
    "a second request of a lease that was answered 500",
    {
      calls: [
        ...good.calls,
        call(2, 30, { said: "failure" }),
        call(2, 40, { lease: "2 at 30" }),
        call(2, 50),
      ],
      jobs: [0, 1, 2].map((n) => ({ n, task: "steady", queue: null, script: [] })),
      enqueued: [0, 1, 2],
      ended: [...good.ended, end(2, 50)],
    },
  ],
  ["a serial queue out of order", { calls: [call(1, 10, { attempt: 20 }), call(0, 20, { attempt: 10 })] }],
  ["two jobs of a serial queue at once", { calls: [call(0, 10, { saidAt: 30 }), call(1, 20)] }],
  ["a lease that is left", { left: 1 }],
  ["a process that ended by itself", { fallen: ["w"] }],
])("%s is found", (_, fault) => {
  expect(judgeRun({ ...good, ...fault }).broken).not.toEqual([]);
});

test("an enqueuing without an answer whose jobs are not there is no loss", () => {
  const lost = {
    answeredAt: new Map([[0, 1]]),
    enqueued: [0],
    calls: [call(0, 10)],
    ended: [end(0, 10)],
  };
  expect(judgeRun({ ...good, ...lost }).broken).toEqual([]);
});

test("a job may be late in its serial queue when its request was lost, but not for a loss before it was enqueued", () => {
  const calls = [call(1, 1_100, { attempt: 20 }), call(0, 1_200, { attempt: 10 })];
  const lost = (at: number): Fault => ({ kind: "function", worker: null, from: at, to: at + 5 });
  const answeredAt = new Map([
    [0, 1_050],
    [1, 1_050],
  ]);
  expect(judgeRun({ ...good, calls, answeredAt, faults: [lost(1_060)] }).broken).toEqual([]);
  expect(judgeRun({ ...good, calls, answeredAt, faults: [lost(10)] }).broken).not.toEqual([]);
});

type Explained = {
  readonly when: string;
  readonly reason: string;
  readonly happened: Fault;
  readonly causes?: readonly Fault[];
  readonly rest?: Partial<Call>;
};

test.each<Explained>([
  { when: "its worker was killed", reason: "worker killed", happened: fault("killed", "w") },
  { when: "its worker was frozen", reason: "worker frozen", happened: fault("frozen", "w") },
  {
    when: "its worker lost its lease",
    reason: "lease lost",
    happened: fault("lease lost", "w"),
    causes: [fault("database", null, 15)],
  },
  { when: "its answer was cut off", reason: "answer lost", happened: fault("function", null) },
  {
    when: "its callback reached nobody",
    reason: "callback lost",
    happened: fault("callback", null),
    rest: { callback: "lost" },
  },
  {
    when: "its callback came after the limit",
    reason: "callback lost",
    happened: fault("callback", null),
    rest: { callback: "refused", callbackAt: 3_500 },
  },
  {
    when: "it answered after the limit",
    reason: "answered too late",
    happened: fault("database", null),
    rest: { saidAt: 3_020 },
  },
])("a second call is counted and explained when $when", ({ reason, happened, causes = [], rest = {} }) => {
  const calls = [call(0, 10), call(1, 20, rest), call(1, 4_000, { worker: "v" })];
  const repeats = { [reason]: 1 };
  const faults = [happened, ...causes];
  expect(judgeRun({ ...good, calls, faults })).toEqual({ repeats, broken: [] });
});

test("a second call is not explained by a callback that was refused in time, or taken before", () => {
  for (const callback of ["refused", "taken"] as const) {
    const calls = [call(0, 10), call(1, 20, { callback, callbackAt: 50 }), call(1, 4_000)];
    expect(judgeRun({ ...good, calls }).broken).not.toEqual([]);
  }
});

test.each<[string, Fault]>([
  ["another worker was killed", fault("killed", "v")],
  ["its worker was killed long after it had answered", fault("killed", "w", 3_500)],
  ["Postgres was away and no lease was lost", fault("database", null)],
  ["a connection was cut before it was called", fault("function", null, -1_000)],
])("a second call is not explained when %s", (_, happened) => {
  const calls = [...good.calls, call(1, 4_000)];
  expect(judgeRun({ ...good, calls, faults: [happened] }).broken).not.toEqual([]);
});
