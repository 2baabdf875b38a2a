/** One reader of what others send, and an input made for it. */
export type ParserCase = {
  readonly name: string;
  /** Gives the worst input that is known, of about so many bytes. */
  readonly make: (bytes: number) => string;
  /** Reads it. A refusal is an answer: what counts is how long it takes. */
  readonly parse: (input: string) => unknown;
};
