import { CommandError, exitCodes } from "./command-error.ts";
import type { Terminal } from "./terminal.ts";

/** Which jobs a command was to change, and which it has. */
export type Change = {
  readonly verb: string;
  readonly ids: readonly string[];
  readonly done: readonly { readonly id: string }[];
  /** What the others may be. */
  readonly otherwise: string;
};

/**
 * Tells which jobs were left as they were.
 *
 * @throws CommandError when all were.
 */
export function tellLeft(terminal: Terminal, { verb, ids, done, otherwise }: Change): void {
  const found = new Set(done.map(({ id }) => id));
  const left = ids.filter((id) => !found.has(String(BigInt(id))));
  if (left.length === 0) return;
  const reason = `${otherwise}: ${left.join(", ")}.`;
  if (done.length > 0) return terminal.note(`Left as they were; ${reason}`);
  const remedy = '"jobs list" and "jobs list --dead" show what there is.';
  throw new CommandError(exitCodes.nothingMatched, `Cannot ${verb} any of these jobs: ${reason} ${remedy}`);
}
