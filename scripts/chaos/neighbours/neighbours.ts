import { bulkNeighbours } from "./bulk-neighbours.ts";
import { functionNeighbours } from "./function-neighbours.ts";
import type { Neighbour } from "./neighbour.ts";
import { transactionNeighbours } from "./transaction-neighbours.ts";
import { waitingNeighbours } from "./waiting-neighbours.ts";

/** All neighbours by their names on the command line. */
export const neighbours = {
  ...waitingNeighbours,
  ...transactionNeighbours,
  ...functionNeighbours,
  ...bulkNeighbours,
} as const satisfies Readonly<Record<string, Neighbour>>;

/** The name of a neighbour. */
export type NeighbourName = keyof typeof neighbours;

/** The names of all. */
export const neighbourNames = Object.keys(neighbours).filter(
  (name): name is NeighbourName => name in neighbours,
);
