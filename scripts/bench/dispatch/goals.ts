/** What ours must reach, as a share of another contender in the same run. */
export type Goal = { readonly of: string; readonly atLeast: number };

/** How one width did against a goal. */
export type Verdict = {
  readonly inFlight: number;
  readonly of: string;
  readonly atLeast: number;
  readonly ratio: number;
  readonly isMet: boolean;
};

const goals: readonly Goal[] = [
  { of: "plain fetch", atLeast: 0.5 },
  { of: "the published service (Node)", atLeast: 40 },
  { of: "graphile-worker, fetch (Node)", atLeast: 6 },
  { of: "graphile-worker, node:http (Node)", atLeast: 6 },
  { of: "graphile-worker, fetch (Bun)", atLeast: 6 },
  { of: "graphile-worker, nothing (Node)", atLeast: 1 },
  { of: "graphile-worker, nothing (Bun)", atLeast: 1 },
];

/** Gives what became of each goal whose two sides were measured at one width. */
export function judgeGoals(
  inFlight: number,
  ours: string,
  perSecond: ReadonlyMap<string, number>,
): Verdict[] {
  const own = perSecond.get(ours);
  return goals.flatMap(({ of, atLeast }) => {
    const other = perSecond.get(of);
    if (own === undefined || other === undefined) return [];
    const ratio = Number((own / other).toFixed(2));
    return [{ inFlight, of, atLeast, ratio, isMet: ratio >= atLeast }];
  });
}
