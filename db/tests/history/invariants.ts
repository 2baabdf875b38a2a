import { type History, stateOf } from "./make-history.ts";
import type { Change, JobRow } from "./record-history.ts";

/** Gives what of a history breaks an invariant, a line each; nothing where it holds. */
export type Invariant = (history: History) => string[];

/** Each job that was enqueued and committed has one life, which ends once: done, or as a dead letter. */
export const noJobIsLost: Invariant = (history) => {
  const lives = livesOf(history);
  const faults = history.enqueued.filter((id) => !lives.has(id)).map((id) => `job ${id} was never there`);
  for (const [id, life] of lives) {
    life.forEach((change, n) => {
      const before = life[n - 1]?.new ?? null;
      if (JSON.stringify(change.old) !== JSON.stringify(before))
        faults.push(shown(change, "does not follow"));
      const isDeath = stateOf(change.old) === "dead";
      if (change.new === null && !isDeath && !endings.has(change.call.kind))
        faults.push(shown(change, "removes a job"));
    });
    if (history.left.includes(id) || life.at(-1)?.new !== null) faults.push(`job ${id} is left at the end`);
  }
  return faults;
};

const endings = new Set(["complete", "getJobs", "completePlain", "completeJobs", "lastComplete"]);

/** A job that dies is a dead letter in the same call, and one that is back no longer is: it is never both, and never neither. */
export const theDeadMove: Invariant = (history) => {
  const letters = Map.groupBy(history.letters, (letter) => (letter.new ?? letter.old)?.id ?? 0);
  const faults: string[] = [];
  for (const [id, life] of livesOf(history)) {
    const own = letters.get(id) ?? [];
    const written = own.filter((letter) => letter.new !== null).map(({ call }) => call.call);
    const taken = own.filter((letter) => letter.new === null);
    const isBack = (letter: Change) => letter.call.kind !== "discardDead";
    const died = life.filter(({ old, new: now }) => now === null && stateOf(old) === "dead");
    const returned = life.slice(1).filter(({ old }) => old === null);
    const isMoved =
      String(written) === String(died.map(({ call }) => call.call)) &&
      String(taken.filter(isBack).map(({ call }) => call.call)) ===
        String(returned.map(({ call }) => call.call));
    if (!isMoved) faults.push(`job ${id} died, or came back, without its letter`);
    if (history.dead.includes(id) !== written.length > taken.length) faults.push(`letter ${id} is lost`);
    life.forEach((change, n) => {
      const next = life[n + 1];
      if (stateOf(change.new) === "dead" && (next?.new !== null || next.call.call !== change.call.call))
        faults.push(shown(change, "stays among the living"));
    });
  }
  return faults;
};

/** A claim takes a job that waits and is due, and gives it a token that no other lease of the job, and no other claim, had. */
export const claimsTakeFreeJobs: Invariant = ({ changes }) => {
  const calls = new Map<string, number>();
  return changes.flatMap((change) => {
    if (!isClaim(change)) return [];
    const { old, new: claimed } = change;
    const isFree = stateOf(old) === "waiting" && (old?.runAt ?? 0) <= change.at;
    const token = claimed?.token ?? "";
    const isNew =
      token !== "" && token !== old?.token && (calls.get(token) ?? change.call.call) === change.call.call;
    calls.set(token, change.call.call);
    return isFree && isNew ? [] : [shown(change, "takes what is not free")];
  });
};

/** A lease ends by its own token, by its own worker's word, or because it was over. */
export const leasesEndByRight: Invariant = (history) =>
  history.changes.flatMap((change) => {
    const { old, new: now, call } = change;
    if (!old?.isLeased || (now?.isLeased && now.token === old.token)) return [];
    const isPlain = old.run === null && !old.isAccepted;
    const isOver = old.run === null ? (old.leaseSeconds ?? 0) < 0 : history.endedRuns.has(old.run);
    const rights: Record<string, boolean> = {
      complete: old.token === call.token,
      getJobs: old.token === call.token,
      retry: old.token === call.token,
      dead: old.token === call.token,
      unreachable: old.token === call.token,
      completePlain: isPlain && old.lockedBy === call.worker,
      failPlain: isPlain && old.lockedBy === call.worker,
      releasePlain: isPlain && old.lockedBy === call.worker,
      release: old.run === call.run,
      rescue: isOver,
      getJob: isOver,
      reschedule: isOver,
      permanentlyFail: isOver,
      cancel: true,
      completeJobs: isOver,
      lastComplete: true,
    };
    return rights[call.kind] === true ? [] : [shown(change, "ends a lease that holds")];
  });

/** Whoever reports an outcome hears that it was taken exactly when the job changed. */
export const reportsAreTrue: Invariant = ({ changes, reports }) => {
  const changed = new Set(changes.filter((change) => !isClaim(change)).map(({ call }) => call.call));
  return [...reports].flatMap(([call, taken]) =>
    taken === changed.has(call) ? [] : [`call ${call} was told ${taken ? "taken" : "not taken"}, wrongly`],
  );
};

/** The attempts of a job rise by one with each claim, come back only as promised, and never pass its limit. */
export const attemptsAreCounted: Invariant = ({ changes }) =>
  changes.flatMap((change) => {
    const { old, new: now } = change;
    if (now === null) return [];
    const isRight =
      now.attempts <= now.maxAttempts && now.attempts >= 0 && expectedAttempts(change, now, old);
    return isRight ? [] : [shown(change, "miscounts attempts")];
  });

function expectedAttempts(change: Change, now: JobRow, old: JobRow | null): boolean {
  const { kind } = change.call;
  if (old === null) return now.attempts === 0;
  if (isClaim(change)) return now.attempts === old.attempts + 1;
  if (kind === "add") return now.attempts === (old.isLeased ? old.attempts : 0);
  if (now.attempts === now.maxAttempts && old.superseded) return true;
  if (kind === "dead" || kind === "permanentlyFail" || kind === "cancel")
    return now.attempts === old.maxAttempts;
  if (kind === "unreachable" || kind === "release" || kind === "releasePlain")
    return now.attempts === old.attempts - 1;
  return now.attempts === old.attempts || (kind === "reschedule" && now.attempts === 0);
}

/** Of two leases in one serial queue, one has ended before the other begins. */
export const queuesRunOneAtATime: Invariant = ({ changes }) => {
  const running = new Map<string, number>();
  return changes.flatMap((change) => {
    const { old, new: now } = change;
    const queue = now?.queue ?? old?.queue ?? null;
    if (queue === null) return [];
    const holder = running.get(queue);
    if (now?.isLeased) running.set(queue, now.id);
    else if (holder === old?.id) running.delete(queue);
    return now?.isLeased && holder !== undefined && holder !== now.id
      ? [shown(change, `runs beside job ${holder}`)]
      : [];
  });
};

/** A job's key is its own within its tenant, and enqueuing for one tenant changes nothing of another's. */
export const keysAreTheTenants: Invariant = ({ changes }) => {
  const holders = new Map<string, number>();
  return changes.flatMap((change) => {
    const { old, new: now, call } = change;
    const faults: string[] = [];
    if (old?.key) holders.delete(`${old.tenant} ${old.key}`);
    if (now?.key) {
      const name = `${now.tenant} ${now.key}`;
      if (holders.has(name)) faults.push(shown(change, "has a key that is taken"));
      holders.set(name, now.id);
    }
    const tenant = (now ?? old)?.tenant ?? "";
    if (call.tenants !== undefined && !call.tenants.includes(tenant))
      faults.push(shown(change, "changes another tenant's job"));
    return faults;
  });
};

/** Whether a change is a claim: get_job may take back and claim the same job in one call. */
export function isClaim({ call, old, new: now }: Change): boolean {
  return (
    (call.kind === "getJobs" || call.kind === "getJob") && now?.isLeased === true && old?.token !== now.token
  );
}

/** Gives the changes of each job, in their order. */
export function livesOf({ changes }: History): Map<number, Change[]> {
  return Map.groupBy(changes, (change) => (change.new ?? change.old)?.id ?? 0);
}

/** Gives a change as a line for a person. */
export function shown({ call, old, new: now, seq }: Change, fault: string): string {
  const words = (row: JobRow | null) =>
    row === null
      ? "absent"
      : `${stateOf(row)} ${row.attempts}/${row.maxAttempts} ${row.queue ?? "free"} p${row.priority}`;
  return `#${seq} ${call.kind} of job ${(now ?? old)?.id}, ${words(old)} → ${words(now)}: ${fault}`;
}
