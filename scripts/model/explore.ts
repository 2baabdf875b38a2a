import { nameOf, type Step } from "./action.ts";
import type { Model } from "./database.ts";
import { encode } from "./encode.ts";
import { type Invariant, invariants, isQuiet, liveness } from "./invariants.ts";
import { next } from "./next.ts";
import { firstState, type State } from "./state.ts";

/** What came of an exploration. */
export type Explored = {
  readonly states: number;
  readonly moves: number;
  /** The most steps that a state is away from the first. */
  readonly depth: number;
  /** The first invariant that broke, with the shortest way there; null where all hold everywhere. */
  readonly broken: { readonly sentence: string; readonly trace: readonly string[] } | null;
};

type Options = {
  /** The invariants to look at; all where not given. */
  readonly only?: readonly Invariant[];
  readonly checksLiveness?: boolean;
};

type Graph = {
  /** Each state by its text, with its number; they are numbered as they are found, so by their distance. */
  readonly known: Map<string, number>;
  readonly parents: number[];
  readonly quiet: number[];
  /** Moves that are no fault, from and to, one after the other. */
  readonly edges: number[];
};

/**
 * Explores every state that can be reached, nearest first, and checks the invariants on every move.
 *
 * What is returned as broken is therefore a shortest counterexample. Liveness is checked at the end, backwards from the quiet
 * states over the moves that are no faults: a state that none of these ways meets could never come to rest.
 */
export function explore(model: Model, { only = invariants, checksLiveness = true }: Options = {}): Explored {
  const first = firstState(model.configuration);
  const graph: Graph = { known: new Map([[encode(first), 0]]), parents: [-1], quiet: [], edges: [] };
  const depths = [0];
  let level: { id: number; state: State }[] = [{ id: 0, state: first }];
  let moves = 0;
  const result = (broken: Explored["broken"]): Explored => ({
    states: graph.known.size,
    moves,
    depth: depths.length - 1,
    broken,
  });

  while (level.length > 0) {
    const following: typeof level = [];
    for (const { id, state: before } of level) {
      if (isQuiet(before)) graph.quiet.push(id);
      for (const step of next(before, model)) {
        moves += 1;
        const fault = only.find((invariant) => !invariant.holds({ ...step, before }, model));
        if (fault !== undefined)
          return result({
            sentence: fault.sentence,
            trace: [...traceTo(id, graph, model), nameOf(step.action)],
          });
        const to = visit(step, id, { graph, following });
        if (!step.isFault) graph.edges.push(id, to);
      }
    }
    if (following.length > 0) depths.push(following.length);
    level = following;
  }
  const stuck = checksLiveness ? findStuck(graph) : null;
  return result(stuck === null ? null : { sentence: liveness, trace: traceTo(stuck, graph, model) });
}

type Visit = { readonly graph: Graph; readonly following: { id: number; state: State }[] };

function visit({ state }: Step, from: number, { graph, following }: Visit): number {
  const text = encode(state);
  const found = graph.known.get(text);
  if (found !== undefined) return found;
  const id = graph.known.size;
  graph.known.set(text, id);
  graph.parents.push(from);
  following.push({ id, state });
  return id;
}

/** Gives the nearest state from which no quiet one can be reached, or null. */
function findStuck({ known, quiet, edges }: Graph): number | null {
  const starts = new Int32Array(known.size + 1);
  for (let n = 1; n < edges.length; n += 2) count(starts, (edges[n] ?? 0) + 1);
  for (let n = 1; n < starts.length; n++) starts[n] = (starts[n] ?? 0) + (starts[n - 1] ?? 0);
  const places = starts.slice();
  const sources = new Int32Array(edges.length / 2);
  for (let n = 0; n < edges.length; n += 2) {
    const to = edges[n + 1] ?? 0;
    sources[places[to] ?? 0] = edges[n] ?? 0;
    count(places, to);
  }
  const reaches = new Uint8Array(known.size);
  const waiting = [...quiet];
  for (const id of quiet) reaches[id] = 1;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
    for (const source of sources.subarray(starts[id], starts[id + 1])) {
      if (reaches[source] === 1) continue;
      reaches[source] = 1;
      waiting.push(source);
    }
  const stuck = reaches.indexOf(0);
  return stuck === -1 ? null : stuck;
}

function count(counts: Int32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

/** Gives the actions that lead to a state, by going the way again on which it was first found. */
function traceTo(id: number, { known, parents }: Graph, model: Model): string[] {
  const way: number[] = [];
  for (let at = id; at > 0; at = parents[at] ?? -1) way.unshift(at);
  const texts = new Map<number, string>();
  const wanted = new Set(way);
  for (const [text, number] of known) if (wanted.has(number)) texts.set(number, text);
  let state = firstState(model.configuration);
  return way.map((at) => {
    const step = next(state, model).find((one) => encode(one.state) === texts.get(at));
    if (step === undefined)
      throw new Error(`Cannot show the way to a state: step to ${texts.get(at)} is gone.`);
    state = step.state;
    return nameOf(step.action);
  });
}
