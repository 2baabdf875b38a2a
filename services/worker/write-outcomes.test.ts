import { expect, test } from "bun:test";
import type { Failure, Lease } from "#db/jobs";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { createSettler } from "./settle.ts";

const log = createLog({ level: "error", format: "json", write: () => {}, now: () => new Date() });
const lease = (jobId: string): Lease => ({ jobId, leaseToken: "00000000-0000-4000-8000-000000000002" });
const idsOf = (leases: readonly Lease[]) => new Set(leases.map(({ jobId }) => jobId));

class DatabaseError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`database error ${code}`);
    this.code = code;
  }
}

type Fault = (leases: readonly (Lease | Failure)[]) => string | null;

/** A settler on a database that fails with the SQL state that `fault` names, and what that has taken. */
function withDatabaseThat(fault: Fault) {
  const taken: string[] = [];
  const take = async (kind: string, leases: readonly Lease[]) => {
    const code = fault(leases);
    if (code !== null) throw new DatabaseError(code);
    for (const { jobId } of leases) taken.push(`${kind} ${jobId}`);
    return idsOf(leases);
  };
  const settler = createSettler({
    jobs: {
      completeJobs: (leases) => take("complete", leases),
      failJobs: (failures) => take(failures.map(({ kind }) => kind).join(), failures),
      acceptJobs: (leases) => take("accept", leases),
      heldLeases: async () => new Set(),
    },
    callbackSeconds: 60,
    unreachableLimitSeconds: 60,
    log,
  });
  return { settler, taken };
}

test("a job in other hands keeps no other outcome waiting, and is written when it is free", async () => {
  let isHeld = true;
  const taken: string[] = [];
  const settler = createSettler({
    jobs: {
      completeJobs: async (leases) => {
        const free = leases.filter(({ jobId }) => !isHeld || jobId !== "7");
        taken.push(...free.map(({ jobId }) => jobId));
        return idsOf(free);
      },
      failJobs: async () => new Set(),
      acceptJobs: async () => new Set(),
      heldLeases: async (leases) => idsOf(leases.filter(({ jobId }) => jobId === "7")),
    },
    callbackSeconds: 60,
    unreachableLimitSeconds: 60,
    log,
  });
  const settled = Array.from({ length: 20 }, (_, id) =>
    settler.settle(lease(String(id)), { kind: "complete" }),
  );
  await until("the others are written", () => taken.length === 19);
  // What a claim has brought in vain is brought again too, and what has passed on is told apart from it.
  const late = [settler.settle(lease("late"), { kind: "retry", message: "no", delaySeconds: null })];
  expect(await Promise.all(late)).toEqual([false]);
  isHeld = false;
  expect(await Promise.all(settled)).not.toContain(false);
});

test("completions that a failed claim took along are written apart, and the next claims take none", async () => {
  const { settler, taken } = withDatabaseThat(() => null);
  const first = settler.settle(lease("1"), { kind: "complete" });
  const second = settler.settle(lease("2"), { kind: "complete" });
  const completed = settler.takeCompleted();
  completed.putBack();
  expect(settler.takeCompleted().leases).toEqual([]);
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(taken.toSorted()).toEqual(["complete 1", "complete 2"]);
});

test("an outcome that waits too long for something of the user's own keeps no other outcome waiting, and is written when it is free", async () => {
  let isHeld = true;
  const { settler, taken } = withDatabaseThat((leases) =>
    isHeld && idsOf(leases).has("7") ? "55P03" : null,
  );
  const settled = Array.from({ length: 20 }, (_, id) =>
    settler.settle(lease(String(id)), { kind: "complete" }),
  );
  await until("the others are written", () => taken.length === 19);
  expect(await settler.settle(lease("later"), { kind: "accepted" })).toBe(true);
  isHeld = false;
  expect(await Promise.all(settled)).not.toContain(false);
});

test("an outcome that the database refuses, and what stands for it too, is not forgotten, and holds up no other", async () => {
  let refusals = 0;
  const { settler, taken } = withDatabaseThat((leases) =>
    idsOf(leases).has("bad") && ++refusals < 4 ? "23514" : null,
  );
  const bad = settler.settle(lease("bad"), { kind: "complete" });
  const good = settler.settle(lease("good"), { kind: "complete" });
  expect(await good).toBe(true);
  expect(await bad).toBe(false);
  expect(taken.toSorted()).toEqual(["complete good", "retry bad"]);
});

test("what is not written when the leases are lost is given up, what waits for a row too", async () => {
  const { settler, taken } = withDatabaseThat(() => "55P03");
  const settled = ["1", "2", "3"].map((id) => settler.settle(lease(id), { kind: "complete" }));
  settler.abandon();
  expect(await Promise.all(settled)).toEqual([false, false, false]);
  expect(taken).toEqual([]);
});
