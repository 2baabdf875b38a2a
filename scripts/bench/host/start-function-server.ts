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
};

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
  };
}
