import { type Invariant, isClaim, livesOf, shown } from "./invariants.ts";
import { type History, stateOf } from "./make-history.ts";
import type { Change, JobRow } from "./record-history.ts";

/**
 * A serial queue's jobs are claimed by priority, run_at and id: none is claimed while another of its queue that comes first was
 * committed, waiting and due from before the claim began until after it ended.
 *
 * A change counts from the answer to its commit, and until the next change's commit was asked for: in between it may be
 * either way, so nothing is said about it.
 */
export const queuesKeepTheirOrder: Invariant = (history) => {
  const jobs = [...livesOf(history).values()].map((life) => periodsOf(life, history));
  return history.changes.filter(isClaim).flatMap((claim) => {
    const window = history.transactions.get(claim.call.transaction);
    const { old } = claim;
    if (window === undefined || old === null || old.queue === null) return [];
    const overtaken = jobs
      .flat()
      .find(
        ({ row, from, until }) =>
          row.queue === old.queue &&
          stateOf(row) === "waiting" &&
          row.runAt <= claim.at &&
          comesBefore(row, old) &&
          from < window.began &&
          until > window.ended,
      );
    return overtaken === undefined ? [] : [shown(claim, `overtakes job ${overtaken.row.id}`)];
  });
};

type Period = { readonly row: JobRow; readonly from: number; readonly until: number };

function periodsOf(life: readonly Change[], { transactions }: History): Period[] {
  return life.flatMap((change, n) => {
    const next = life[n + 1];
    const from = transactions.get(change.call.transaction)?.ended ?? Number.POSITIVE_INFINITY;
    const until = next && (transactions.get(next.call.transaction)?.ending ?? next.seq);
    return change.new === null ? [] : [{ row: change.new, from, until: until ?? Number.POSITIVE_INFINITY }];
  });
}

function comesBefore(a: JobRow, b: JobRow): boolean {
  return (
    a.priority - b.priority < 0 ||
    (a.priority === b.priority && (a.runAt < b.runAt || (a.runAt === b.runAt && a.id < b.id)))
  );
}
