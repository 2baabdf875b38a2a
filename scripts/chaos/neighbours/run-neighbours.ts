import { type Judgement, judgeNeighbour } from "./judge-neighbour.ts";
import type { Neighbour } from "./neighbour.ts";
import { type NeighbourName, neighbours } from "./neighbours.ts";
import { startSite } from "./site.ts";
import { type TriedNeighbour, tryNeighbour } from "./try-neighbour.ts";

/** Which neighbours to run, and how. */
export type NeighbourPlan = {
  readonly names: readonly NeighbourName[];
  /** Innocent jobs a second. */
  readonly perSecond: number;
  readonly undisturbedSeconds: number;
  readonly disturbedSeconds: number;
  /** What to multiply the neighbours' numbers by. */
  readonly scale: number;
  /** Told of each as soon as it is judged. */
  readonly tell: (report: NeighbourReport) => void;
};

/** What a neighbour did to innocent jobs. */
export type NeighbourReport = {
  readonly name: NeighbourName;
  readonly does: string;
  /** Whether they came in time, or were late for want of a machine that this neighbour may use up. */
  readonly isMet: boolean;
  /** Why it could not be measured to the end, or null. */
  readonly fault: string | null;
  readonly judgement: Judgement | null;
  readonly tries: readonly TriedNeighbour[];
};

/** So many tries of those before tell what is undisturbed. */
const earlierTries = 4;

/** Runs neighbours one after the other, each beside a job service and a database of its own. */
export async function runNeighbours(plan: NeighbourPlan): Promise<NeighbourReport[]> {
  await using site = await startSite();
  await using besideSite = await startSite();
  await using beside = await besideSite.open();
  const reports: NeighbourReport[] = [];
  const earlier: TriedNeighbour[] = [];
  for (const name of plan.names) {
    const neighbour: Neighbour = neighbours[name];
    const tries: TriedNeighbour[] = [];
    let judgement: Judgement | null = null;
    let fault: string | null = null;
    while (judgement?.isSettled !== true && fault === null) {
      try {
        tries.push(await tryNeighbour(neighbour, { ...plan, site, beside }));
        judgement = judgeNeighbour(tries, earlier.slice(-earlierTries));
      } catch (error) {
        fault = error instanceof Error ? error.message : String(error);
      }
    }
    earlier.push(...tries);
    const { does, mayFillMachine = false } = neighbour;
    const isHeld = judgement?.verdict === "met" || (mayFillMachine && judgement?.verdict === "machine full");
    const report = { name, does, isMet: isHeld && fault === null, fault, judgement, tries };
    plan.tell(report);
    reports.push(report);
  }
  return reports;
}
