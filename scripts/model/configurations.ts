import type { Configuration } from "./state.ts";

const small = { runs: 2, maxAttempts: 2, faults: 1, operations: 1 } as const;
const outright = { answers: ["complete", "retry", "dead"], reports: [] } as const;
const serial = { queue: "serial" };
const keyed = { key: "key" };

/** What the tests explore, in seconds. Each goes deep where the others are narrow. */
export const shortConfigurations = {
  response: {
    ...small,
    ...outright,
    name: "one job, answered at once",
    jobs: [{}],
    operators: ["cancel", "retry", "discard", "drain"],
  },
  callback: {
    ...small,
    name: "one job, answered 202 and by callback",
    jobs: [{}],
    operations: 0,
    answers: ["accepted", "retry"],
    reports: ["complete", "progress"],
    operators: [],
  },
  both: {
    ...small,
    name: "one job, answered at once and by callback",
    jobs: [{}],
    maxAttempts: 1,
    answers: ["accepted", "complete", "retry"],
    reports: ["complete", "retry"],
    operators: ["drain", "cancel"],
  },
  serial: {
    ...small,
    name: "two jobs of one serial queue",
    jobs: [serial, serial],
    operations: 0,
    answers: ["complete", "retry"],
    reports: [],
    operators: [],
  },
  key: {
    ...small,
    name: "two jobs of one key",
    jobs: [keyed, keyed],
    faults: 0,
    answers: ["complete", "retry"],
    reports: [],
    operators: ["retry", "drain"],
  },
} as const satisfies Record<string, Configuration>;

/** What `bun run model` explores: more workers, jobs, faults and calls of operators. */
export const longConfigurations: readonly Configuration[] = [
  { ...shortConfigurations.response, faults: 3 },
  { ...shortConfigurations.response, operations: 2 },
  { ...shortConfigurations.response, name: "one job, answered at once, three workers", runs: 3, faults: 2 },
  { ...shortConfigurations.callback, operations: 1, operators: ["cancel", "drain"] },
  { ...shortConfigurations.both, maxAttempts: 2 },
  { ...shortConfigurations.both, faults: 2 },
  { ...shortConfigurations.serial, maxAttempts: 1, operations: 1, operators: ["cancel", "drain"] },
  { ...shortConfigurations.serial, name: "three jobs of one serial queue", jobs: [serial, serial, serial] },
  {
    ...shortConfigurations.serial,
    name: "two jobs of one serial queue and a free one",
    jobs: [serial, serial, {}],
    maxAttempts: 1,
    answers: ["complete"],
  },
  { ...shortConfigurations.key, faults: 1, answers: ["retry"], operators: ["retry"] },
];
