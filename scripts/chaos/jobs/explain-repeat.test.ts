import { expect, test } from "bun:test";
import type { Fault } from "./create-fault-log.ts";
import { explainRepeat, type Reason } from "./explain-repeat.ts";
import { findBaselessLosses } from "./find-baseless-losses.ts";
import type { Call } from "./ledger-function.ts";

const limits = { leaseMs: 3_000, timeoutMs: 3_000 };
const first: Call = {
  n: 1,
  worker: "w",
  attempt: 1,
  lease: "a",
  at: 10_000,
  said: "success",
  saidAt: 10_010,
};
/** Another worker's call, when the first one's lease is over. */
const again: Call = { n: 1, worker: "v", attempt: 2, lease: "b", at: 13_500 };
type Span = readonly [from: number, to: number];
const fault = (kind: Fault["kind"], worker: string | null, at: number | Span): Fault => {
  const [from, to] = typeof at === "number" ? [at, at] : at;
  return { kind, worker, from, to };
};

type Row = {
  readonly what: string;
  readonly first?: Partial<Call>;
  readonly again?: Partial<Call>;
  readonly faults: readonly Fault[];
  readonly reason?: Reason;
};

const killed = fault("killed", "w", [10_100, 11_000]);
const frozen = fault("frozen", "w", [10_100, 15_000]);
const stale = { worker: "w", attempt: 0, lease: "z" };

test.each<Row>([
  { what: "a kill after the answer", faults: [killed], reason: "worker killed" },
  { what: "a kill before the request", faults: [fault("killed", "w", [9_000, 9_400])] },
  { what: "a kill when the outcome was written", faults: [fault("killed", "w", 12_100)] },
  {
    what: "a kill while the outcome waited for Postgres",
    faults: [fault("killed", "w", 12_100), fault("database", null, [10_000, 12_000])],
    reason: "worker killed",
  },
  { what: "a kill, and the same worker's call", again: { worker: "w" }, faults: [killed] },
  { what: "a kill, and a call before the lease could end", again: { at: 10_900 }, faults: [killed] },
  {
    what: "a kill, and a soon call after Postgres was away",
    again: { at: 10_900 },
    faults: [killed, fault("database", null, [8_000, 9_000])],
    reason: "worker killed",
  },
  { what: "a kill, and a call of the same attempt", again: { attempt: 1 }, faults: [killed] },
  { what: "a kill, and a call of the same lease", again: { attempt: 1, lease: "a" }, faults: [killed] },
  { what: "another worker's kill", faults: [fault("killed", "v", 10_100)] },
  { what: "a frozen worker", faults: [frozen], reason: "worker frozen" },
  { what: "a frozen worker, and a call before the lease could end", again: { at: 10_900 }, faults: [frozen] },
  {
    what: "an earlier lease's request, of a worker as it wakes",
    again: stale,
    faults: [fault("frozen", "w", [9_000, 13_400]), fault("lease lost", "w", 13_490)],
    reason: "worker frozen",
  },
  {
    what: "an earlier lease's request, of a worker that woke and knew",
    again: stale,
    faults: [fault("frozen", "w", [9_000, 13_400]), fault("lease lost", "w", 13_450)],
  },
  {
    what: "an earlier lease's request, long after its worker woke",
    again: stale,
    faults: [fault("frozen", "w", [9_000, 12_900]), fault("lease lost", "w", 13_490)],
  },
  {
    what: "an earlier lease's request, of a worker that lost its lease",
    again: stale,
    faults: [fault("lease lost", "w", 13_400)],
  },
  {
    what: "a later lease's request, of a worker as it wakes",
    faults: [fault("frozen", "v", [9_000, 13_400])],
  },
  { what: "a lost lease", faults: [fault("lease lost", "w", 11_900)], reason: "lease lost" },
  { what: "a lease lost when the outcome was written", faults: [fault("lease lost", "w", 12_100)] },
  { what: "a cut connection", faults: [fault("function", null, 10_400)], reason: "answer lost" },
  { what: "a connection cut when the answer was there", faults: [fault("function", null, 10_600)] },
  {
    what: "a request sent once more, after its connection was cut",
    again: { attempt: 1, lease: "a", at: 10_200 },
    faults: [fault("function", null, 10_100)],
    reason: "answer lost",
  },
  { what: "a late answer", first: { saidAt: 12_600 }, faults: [], reason: "answered too late" },
  {
    what: "a late answer, and a call before the limit",
    first: { saidAt: 12_600 },
    again: { at: 12_400 },
    faults: [],
  },
  {
    what: "a stall that made the answer late",
    faults: [fault("stalled", null, [10_020, 12_700])],
    reason: "run stalled",
  },
  { what: "a stall too short to make it late", faults: [fault("stalled", null, [10_020, 12_000])] },
  { what: "a fault of Postgres", faults: [fault("database", null, [9_000, 12_000])] },
  { what: "nothing", faults: [] },
])("$what explains a repeat as: $reason", ({ faults, reason, ...row }) => {
  const repeat = { first: { ...first, ...row.first }, again: { ...again, ...row.again } };
  expect(explainRepeat(repeat, { faults, limits })).toBe(reason);
});

test.each<[string, readonly Fault[], number]>([
  ["Postgres was away", [fault("database", null, [9_000, 9_500])], 0],
  ["Postgres had been away long before", [fault("database", null, [1_000, 4_900])], 1],
  ["it was frozen", [fault("frozen", "w", [5_000, 9_900])], 0],
  ["another worker was frozen", [fault("frozen", "v", [5_000, 9_900])], 1],
  ["a function was out of reach", [fault("function", null, [9_000, 9_500])], 1],
  ["nothing was wrong", [], 1],
])("a lease lost when %s has to be explained itself or not", (_, causes, count) => {
  const faults = [...causes, fault("lease lost", "w", 10_000)];
  expect(findBaselessLosses({ faults, limits })).toHaveLength(count);
});
