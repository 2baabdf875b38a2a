import { beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { attemptsAreRecorded } from "./history/attempt-records.ts";
import * as invariants from "./history/invariants.ts";
import { type History, makeHistory } from "./history/make-history.ts";
import { queuesKeepTheirOrder } from "./history/serial-order.ts";
import { plans } from "./history/steps.ts";

// Several actors, each with a connection of its own, enqueue, claim, report, release, crash and operate at the same time, in
// transactions that stay open for a while and sometimes roll back. The database keeps a history of what was committed; each
// test below holds one invariant against all of it.

const size = { histories: 6, actors: 6, acts: 60 };

/** To repeat what failed, write the seed here that the failure names; how the actors interleave is chance all the same. */
const seed = Math.floor(Math.random() * 2 ** 31);

const histories: History[] = [];

beforeAll(async () => {
  const drawn = fc.sample(plans(size), { seed, numRuns: size.histories });
  for (const [n, plan] of drawn.entries())
    histories.push(await makeHistory(`seed ${seed}, history ${n}`, plan));
});

function faults(find: invariants.Invariant): string[] {
  return histories.flatMap((history) => find(history).map((fault) => `${history.name}: ${fault}`));
}

test.each([
  ["no committed job is lost: each ends once, done or dead", invariants.noJobIsLost],
  ["a job that dies or comes back moves in one call, to or from the dead letters", invariants.theDeadMove],
  ["no job is claimed twice under leases that hold at the same time", invariants.claimsTakeFreeJobs],
  ["a lease ends only by its token, by its worker's word, or once it is over", invariants.leasesEndByRight],
  ["a report is said to be taken exactly when it changed the job", invariants.reportsAreTrue],
  [
    "attempts count claims, come back as promised and never exceed max_attempts",
    invariants.attemptsAreCounted,
  ],
  ["two jobs of one serial queue are never leased at a time", invariants.queuesRunOneAtATime],
  [
    "jobs of a serial queue are claimed by priority, run_at and id among those committed",
    queuesKeepTheirOrder,
  ],
  ["a key is unique per tenant and touches nothing of another tenant", invariants.keysAreTheTenants],
  ["the history of a job is what happened to it, and goes when it completes", attemptsAreRecorded],
  ["a serial queue's bounds never hide a waiting job", (history: History) => [...history.hidden]],
  ["no call fails but for a lost lease or a circle of locks", (history: History) => [...history.surprises]],
])("whatever happens at once, %s", (_, invariant) => {
  expect(faults(invariant)).toEqual([]);
});
