import type { Change, JobRow } from "../../../db/tests/history/record-history.ts";
import type { Model } from "../database.ts";
import { encode } from "../encode.ts";
import { next } from "../next.ts";
import { firstState, type State } from "../state.ts";

/** Says whether a life, what a job's tables have shown one after the other, is one that the model allows. */
export type Acceptor = {
  /** Gives null, or how far the model could follow. */
  readonly refuse: (life: readonly string[]) => string | null;
};

/** All states in which the model may be after what was seen so far. */
type Node = { readonly states: readonly State[]; readonly following: Map<string, Node> };

/**
 * Gives an acceptor for the lives of single jobs. The model must have one job; a life of it is one of every job, whatever the
 * others do meanwhile.
 *
 * What cannot be seen, such as requests, answers and crashes, is whatever makes the next thing possible: after each thing seen it
 * keeps all states that may have been reached.
 */
export function createAcceptor(model: Model): Acceptor {
  const root = nodeOf([firstState(model.configuration)], model);
  const follow = (node: Node, seen: string): Node => {
    const known = node.following.get(seen);
    if (known !== undefined) return known;
    const reached = node.states.flatMap((state) => next(state, model).map((step) => step.state));
    const found = nodeOf(
      reached.filter((state) => shownOf(state) === seen),
      model,
    );
    node.following.set(seen, found);
    return found;
  };
  return {
    refuse: (life) => {
      let node = root;
      for (const [n, seen] of life.entries()) {
        node = follow(node, seen);
        if (node.states.length === 0) return `${life.slice(0, n).join(", ")}; then not ${seen}`;
      }
      return null;
    },
  };
}

/** Gives the node of these states and of all that can be reached from them unseen. */
function nodeOf(starts: readonly State[], model: Model): Node {
  const known = new Map<string, State>();
  const waiting: State[] = [];
  const add = (state: State) => {
    const text = encode(state);
    if (known.has(text)) return;
    known.set(text, state);
    waiting.push(state);
  };
  for (const state of starts) add(state);
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    const shown = shownOf(state);
    for (const step of next(state, model)) if (shownOf(step.state) === shown) add(step.state);
  }
  return { states: [...known.values()], following: new Map() };
}

/** Gives what the tables show of the model's only job. */
function shownOf({ jobs: [job] }: State): string {
  if (!job || job.enqueue === "pending") return "not there";
  const { row, letter } = job;
  if (row === null) return letter === null ? "gone" : `dead after ${letter.attempts}`;
  const { lease, attempts, token } = row;
  if (lease === null) return `waiting after ${attempts}, ${token === null ? "no token" : "token kept"}`;
  return `leased for attempt ${attempts}, ${lease.run === null ? "by the clock" : "by beats"}`;
}

/** Gives the life of one job from its changes in jobs and dead_jobs, in their order, in the same words. */
export function lifeOf(changes: readonly Change[]): string[] {
  const rows: Record<Change["place"], JobRow | null> = { jobs: null, dead_jobs: null };
  const life: string[] = [];
  for (const change of changes) {
    rows[change.place] = change.new;
    const shown = shownOfRows(rows.jobs, rows.dead_jobs);
    if (shown !== null && shown !== life.at(-1)) life.push(shown);
  }
  return life;
}

/** Null in the middle of a statement that moves a job. */
function shownOfRows(row: JobRow | null, letter: JobRow | null): string | null {
  if (row === null) return letter === null ? "gone" : `dead after ${letter.attempts}`;
  if (letter !== null) return null;
  if (row.isLeased)
    return `leased for attempt ${row.attempts}, ${row.isAccepted ? "by the clock" : "by beats"}`;
  if (row.attempts >= row.maxAttempts) return null;
  return `waiting after ${row.attempts}, ${row.token === null ? "no token" : "token kept"}`;
}
