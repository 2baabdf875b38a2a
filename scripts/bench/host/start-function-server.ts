import { z } from "zod";
import { type Program, runProgram } from "./run-program.ts";

/** What the function has seen since it was last told to forget. Times are in ms, by its own clock. */
export type Calls = {
  readonly calls: number;
  readonly at: number;
  readonly lastAt: number;
  /** From the enqueuing of each job called since this was last asked for until its call. */
  readonly lateness: readonly number[];
  /** When a tenth of as many calls as were asked about had come, and all of them. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
};

/** What to ask the function beside how many calls came. */
export type Question = { readonly of?: number; readonly lateness?: boolean };

/** The function of a bench, in a process of its own; see function-server.ts for what its URL answers. */
export type FunctionServer = Program & {
  readonly url: string;
  /** Asks what it has seen. */
  readonly calls: (question?: Question) => Promise<Calls>;
  /** Makes it forget what it has seen, and note from now on when each job's call came. */
  readonly noteArrivals: () => Promise<void>;
  /** Gives when the calls came since then, by the numbers in their payloads, in ms since 1970. */
  readonly arrivals: () => Promise<ReadonlyMap<number, number>>;
};

const arrivalList = z.array(z.tuple([z.number(), z.number()]));

/** Starts the function, with the words that function-server.ts takes. */
export async function startFunctionServer(...words: readonly string[]): Promise<FunctionServer> {
  const program = runProgram("scripts/bench/host/function-server.ts", {}, words);
  const url = `http://127.0.0.1:${await program.line(/^\d+$/)}`;
  return {
    ...program,
    url,
    calls: async ({ of = 0, lateness = false } = {}) => {
      const answer: Calls = await (await fetch(`${url}?of=${of}${lateness ? "&lateness=true" : ""}`)).json();
      return answer;
    },
    noteArrivals: async () => {
      await fetch(`${url}?keep=true`, { method: "DELETE" });
    },
    arrivals: async () => {
      const list = arrivalList.parse(await (await fetch(`${url}?arrivals=true`)).json());
      // The first call of each counts.
      return new Map(list.toReversed());
    },
  };
}
