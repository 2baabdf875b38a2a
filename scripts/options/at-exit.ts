import { exitOnSignal } from "./exit-on-signal.ts";

const actions = new Set<() => void>();
let isListening = false;

/**
 * Does this when the process ends before the work is over, by a signal too: nothing that it started or wrote stays. What is done
 * must not wait. Gives what takes it back.
 */
export function atExit(action: () => void): () => void {
  if (!isListening) {
    isListening = true;
    exitOnSignal();
    process.once("exit", () => {
      for (const one of [...actions].toReversed()) one();
    });
  }
  actions.add(action);
  return () => {
    actions.delete(action);
  };
}
