/** Exit codes of the command line; 0 is success. */
export const exitCodes = { failed: 1, usage: 2, nothingMatched: 3, unreachable: 4 } as const;

/** Why a command could not do what it was asked to, in one line for a person, and the code to exit with. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
