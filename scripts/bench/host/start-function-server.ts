import { type Program, runProgram } from "./run-program.ts";

/** The function of a bench, in a process of its own; see function-server.ts for what its URL answers. */
export type FunctionServer = Program & { readonly url: string };

/** Starts the function, with the words that function-server.ts takes. */
export async function startFunctionServer(...words: readonly string[]): Promise<FunctionServer> {
  const program = runProgram("scripts/bench/host/function-server.ts", {}, words);
  return { ...program, url: `http://127.0.0.1:${await program.line(/^\d+$/)}` };
}
