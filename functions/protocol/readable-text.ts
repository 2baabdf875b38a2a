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

/** How deep a message may lie in a body: `{ "error": { "message": … } }` is usual. */
const deepest = 4;

/**
 * Gives the `error` or `message` of a JSON body as readable text, or undefined where neither says anything.
 *
 * Words come before what a program reads: `{ "error": true, "message": … }` and `{ "error": 402, "message": … }` are usual too.
 */
export function reportedMessage(body: unknown): string | undefined {
  return (
    wordsWithin(body, deepest) ??
    valuesOf(body)
      .map(codeOf)
      .find((code) => code !== undefined)
  );
}

function valuesOf(body: unknown): unknown[] {
  if (typeof body !== "object" || body === null) return [];
  return ["error", "message"].map((name) => Reflect.get(body, name));
}

function wordsWithin(body: unknown, depth: number): string | undefined {
  return valuesOf(body)
    .map((value) => {
      if (typeof value === "string") return readableText(value) || undefined;
      return depth === 0 ? undefined : wordsWithin(value, depth - 1);
    })
    .find((words) => words !== undefined);
}

/** Gives what stands in place of words, as JSON; true and false say nothing. */
function codeOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "object" && value !== null ? readableText(JSON.stringify(value)) : undefined;
}

/** How deep a JSON text may be nested that a stranger sends: reading brackets alone takes a hundred times as long as reading words. */
const deepestJson = 1_000;

/** Gives the value of a JSON text, or undefined where it is none, or is nested more than 1,000 deep. */
export function parseJson(text: string): unknown {
  if (isNestedDeeper(text, deepestJson)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Gives why `parseJson` gave nothing for a text. */
export function jsonFault(text: string): string {
  return isNestedDeeper(text, deepestJson) ? "is nested more than 1,000 deep" : "is not JSON";
}

const [quote, backslash] = [34, 92];
const opening = new Set([91, 123]);
const closing = new Set([93, 125]);

/** Tells whether brackets stand deeper than `limit` in a JSON text, by one look at each character. */
function isNestedDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) isQuoted = !isQuoted;
    else if (isQuoted) at += code === backslash ? 1 : 0;
    else if (opening.has(code)) depth += 1;
    else if (closing.has(code)) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}
