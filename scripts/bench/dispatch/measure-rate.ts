import type { BenchDatabase } from "../host/bench-server.ts";
import { postgresCpuUs, processCpuUs } from "../host/count-cpu.ts";
import type { Program } from "../host/run-program.ts";
import type { FunctionServer } from "../host/start-function-server.ts";

/** What one contender is measured with. */
export type Stage = {
  readonly database: BenchDatabase;
  readonly fn: FunctionServer;
  readonly count: number;
  readonly inFlight: number;
};

/** Jobs a second from the first tenth on, and the CPU that each took meanwhile, in microseconds. */
export type Rate = {
  readonly perSecond: number;
  /** Of the contender's own process. */
  readonly programCpu: number;
  readonly postgresCpu: number;
  readonly functionCpu: number;
};

/** Measures by the calls that reach the function. */
export async function measureCalls(stage: Stage, program: Program): Promise<Rate> {
  const { fn, count } = stage;
  let from: Sample | null = null;
  for (;;) {
    const { calls, startedAt, endedAt } = await fn.calls({ of: count });
    if (startedAt !== null) from ??= await sample(stage, program, calls);
    if (from !== null && startedAt !== null && endedAt !== null) {
      const perSecond = ((count - 1 - Math.floor(count / 10)) / (endedAt - startedAt)) * 1000;
      return rateOf(perSecond, from, await sample(stage, program, calls));
    }
    await Bun.sleep(20);
  }
}

/** Measures a program that calls no function: it prints `tenth`, and the jobs a second at its end. */
export async function measurePrinted(stage: Stage, program: Program): Promise<Rate> {
  await program.line(/^tenth$/);
  const from = await sample(stage, program, Math.floor(stage.count / 10));
  const perSecond = Number(await program.line(/^\d+$/));
  return rateOf(perSecond, from, await sample(stage, program, stage.count));
}

type Sample = {
  readonly jobs: number;
  readonly program: number;
  readonly postgres: number;
  readonly fn: number;
};

async function sample({ database, fn }: Stage, program: Program, jobs: number): Promise<Sample> {
  const [own, postgres, called] = await Promise.all([
    processCpuUs(program.pid),
    postgresCpuUs(database.sql),
    processCpuUs(fn.pid),
  ]);
  return { jobs, program: own, postgres, fn: called };
}

function rateOf(perSecond: number, from: Sample, to: Sample): Rate {
  const each = (us: number) => us / Math.max(1, to.jobs - from.jobs);
  return {
    perSecond,
    programCpu: each(to.program - from.program),
    postgresCpu: each(to.postgres - from.postgres),
    functionCpu: each(to.fn - from.fn),
  };
}
