import { livesOf } from "./invariants.ts";
import type { History } from "./make-history.ts";
import type { Change, JobRow } from "./record-history.ts";

/** A row of job_attempts, as far as it can be foreseen. */
export type AttemptRecord = {
  readonly jobId: number;
  readonly attempt: number;
  readonly outcome: string;
  readonly tries: number;
};

/** Adds what is recorded next of a job; what uses up no attempt and comes again counts up the latest row. */
export function recordAttempt(
  records: readonly AttemptRecord[],
  next: Omit<AttemptRecord, "tries">,
): AttemptRecord[] {
  const latest = records.at(-1);
  const isAgain =
    (next.outcome === "unreachable" || next.outcome === "released") &&
    latest?.outcome === next.outcome &&
    latest.attempt === next.attempt;
  return isAgain
    ? [...records.slice(0, -1), { ...latest, tries: latest.tries + 1 }]
    : [...records, { ...next, tries: 1 }];
}

/** The history of a job that is dead at the end is what happened to it, and what ended otherwise has left none. */
export function attemptsAreRecorded(history: History): string[] {
  const recorded = Map.groupBy(history.attempts, ({ jobId }) => jobId);
  const ids = new Set([...recorded.keys(), ...history.dead]);
  return [...ids].flatMap((id) => {
    const life = livesOf(history).get(id) ?? [];
    const expected = history.dead.includes(id) ? life.reduce(afterChange, []) : [];
    const rows = recorded.get(id) ?? [];
    return JSON.stringify(rows) === JSON.stringify(expected)
      ? []
      : [`job ${id} has the attempts ${JSON.stringify(rows)}, expected ${JSON.stringify(expected)}`];
  });
}

/** A lease that an update ended is an attempt; an operator's end is one more row. */
function afterChange(records: AttemptRecord[], change: Change): AttemptRecord[] {
  const { old, new: now, call } = change;
  if (old === null || now === null) return records;
  const of = { jobId: old.id, attempt: old.attempts };
  const ended = old.isLeased && (!now.isLeased || now.token !== old.token);
  const after = ended ? recordAttempt(records, { ...of, outcome: outcomeOf(call.kind, old) }) : records;
  return call.kind === "permanentlyFail" && !now.isLeased
    ? recordAttempt(after, { ...of, outcome: "operator" })
    : after;
}

/** How the end of a lease by such a call is recorded. */
function outcomeOf(kind: string, old: JobRow): string {
  if (kind === "retry" || kind === "dead" || kind === "unreachable") return kind;
  if (kind === "failPlain") return "retry";
  if (kind === "release" || kind === "releasePlain") return "released";
  return old.isAccepted ? "overdue" : "lost";
}
