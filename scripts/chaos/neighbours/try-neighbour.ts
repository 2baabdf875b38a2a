import type { Try } from "./judge-neighbour.ts";
import { measureWindow } from "./measure-window.ts";
import { createTools, type Neighbour } from "./neighbour.ts";
import type { House, Site } from "./site.ts";

/** How to try a neighbour. */
export type TryPlan = {
  readonly site: Site;
  /** A job service that no neighbour comes to. */
  readonly beside: House;
  readonly perSecond: number;
  readonly undisturbedSeconds: number;
  readonly disturbedSeconds: number;
  /** What to multiply the neighbour's numbers by. */
  readonly scale: number;
};

/** What a try measured, and how busy Postgres and job service were. */
export type TriedNeighbour = Try & {
  readonly cores: { readonly undisturbed: number; readonly disturbed: number };
};

/** Measures innocent jobs on a new job service, first undisturbed and then beside the neighbour. */
export async function tryNeighbour(neighbour: Neighbour, plan: TryPlan): Promise<TriedNeighbour> {
  const { beside, perSecond, undisturbedSeconds, disturbedSeconds } = plan;
  await using house = await plan.site.open(neighbour.env);
  const undisturbed = await measureWindow(house, {
    seconds: undisturbedSeconds,
    perSecond,
    warmingSeconds: 1,
  });
  await using tools = await createTools(house, plan.scale);
  await neighbour.begin(tools);
  const [disturbed, besideDisturbed] = await Promise.all([
    measureWindow(house, {
      seconds: disturbedSeconds,
      perSecond,
      onOver: async () => {
        await tools[Symbol.asyncDispose]();
      },
    }),
    measureWindow(beside, { seconds: disturbedSeconds, perSecond }),
  ]);
  const fallen = house.fallen();
  if (fallen !== null) throw new Error(`The job service fell: ${fallen}`);
  return {
    undisturbed,
    disturbed,
    beside: besideDisturbed,
    missing: disturbed.missing,
    cores: { undisturbed: undisturbed.cores, disturbed: disturbed.cores },
  };
}
