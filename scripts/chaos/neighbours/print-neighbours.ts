import { median } from "../../bench/host/percentile.ts";
import type { NeighbourReport } from "./run-neighbours.ts";

const head = [
  "neighbour".padEnd(26),
  "start delay".padStart(19),
  "bound".padStart(9),
  "enqueuing".padStart(19),
  "beside".padStart(9),
  "cores".padStart(11),
  " tries",
].join("");

/** The head of the lines of printNeighbour. */
export const neighbourHead = `99th percentiles in ms, undisturbed > beside the neighbour\n${head}`;

/** Gives a neighbour's line. */
export function neighbourLine({ name, isMet, fault, judgement, tries }: NeighbourReport): string {
  const verdict = isMet ? "met" : "not met";
  if (judgement === null) return `${name.padEnd(26)} ${verdict}: ${fault}`;
  const { undisturbed, disturbed, beside, boundMs, missing } = judgement;
  const cores = (of: "undisturbed" | "disturbed") => median(tries.map((one) => one.cores[of])).toFixed(2);
  const notes = [
    ...(judgement.verdict === "machine full" ? ["the machine was full"] : []),
    ...(missing > 0 ? [`${missing} never started`] : []),
    ...(fault === null ? [] : [fault]),
  ];
  return [
    name.padEnd(26),
    `${ms(undisturbed.startMs)} > ${ms(disturbed.startMs)}`.padStart(19),
    ms(boundMs).padStart(9),
    `${ms(undisturbed.enqueueMs)} > ${ms(disturbed.enqueueMs)}`.padStart(19),
    ms(beside.startMs).padStart(9),
    `${cores("undisturbed")} > ${cores("disturbed")}`.padStart(13),
    String(tries.length).padStart(4),
    `  ${verdict}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`,
  ].join("");
}

function ms(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
