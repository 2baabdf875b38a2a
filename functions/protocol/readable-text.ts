/** Longest message that is kept of a failed attempt, in characters; more is no help to a reader. */
export const messageLimit = 2000;

/** Longest piece of a function's raw answer that a message quotes, in characters. */
export const quoteLimit = 500;

/**
 * Gives a text that a person can read in one line and that Postgres can store: no NUL, control characters or lone
 * surrogates, white space joined, at most `limit` characters.
 */
export function readableText(text: string, limit: number = messageLimit): string {
  // Cut first, so that a long text costs no more than its limit; white space shrinks, so with some room.
  const start = text.slice(0, limit * 4).toWellFormed();
  const line = start.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return shorten(line, limit);
}

/** Gives a text of at most `limit` characters, its end marked where it was cut. No surrogate pair is split. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text
    .slice(0, limit - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}

/** How deep a message may lie in a body: `{ "error": { "message": … } }` is usual, and a body of brackets alone exhausts the stack. */
const deepest = 4;

/** Gives the `error` or `message` of a JSON body as readable text, or undefined where it has neither. */
export function reportedMessage(body: unknown): string | undefined {
  return messageWithin(body, deepest);
}

function messageWithin(body: unknown, depth: number): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const told = ["error", "message"]
    .map((name) => messageOf(Reflect.get(body, name), depth))
    .find((value) => value !== undefined);
  return told === "" ? undefined : told;
}

function messageOf(value: unknown, depth: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return readableText(value);
  const inner = depth === 0 ? undefined : messageWithin(value, depth - 1);
  return inner ?? readableText(jsonText(value));
}

/** Gives a value of JSON as its text, or nothing where it lies too deep to be written. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}

/** Gives the value of a JSON text, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
