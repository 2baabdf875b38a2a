import { runProgram } from "./run-program.ts";

/** What a counting function has seen. Times are in ms, by its own clock. */
export type Calls = {
  /** Calls since it started. */
  readonly calls: number;
  readonly at: number;
  readonly lastAt: number;
  /** From the enqueuing of each job called since the last question until its call. */
  readonly lateness: readonly number[];
};

/** A function that answers at once and counts its calls. */
export type CountingFunction = AsyncDisposable & {
  readonly url: string;
  /** Asks what it has seen; by "count" without the lateness, which stays for the next question. */
  readonly calls: (only?: "count") => Promise<Calls>;
};

/** Starts a function that counts its calls, in a process of its own. */
export async function startFunction(): Promise<CountingFunction> {
  const program = runProgram("scripts/bench/host/counting-function.ts", {});
  const url = `http://127.0.0.1:${await program.line(/^\d+$/)}`;
  return {
    url,
    calls: async (only) => {
      const response = await fetch(only === undefined ? url : `${url}/${only}`);
      const answer: Calls = await response.json();
      return answer;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
