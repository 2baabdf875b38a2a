/** What a command talks to: the environment, and the person or program that reads it. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a line of the answer, to stdout. */
  readonly print: (line: string) => void;
  /** Writes a remark for a person, to stderr. */
  readonly note: (line: string) => void;
  /** Gives all of stdin. */
  readonly readInput: () => Promise<Uint8Array>;
  /** Columns of the terminal; null where stdout is none. */
  readonly width: number | null;
};
