const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/uy;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;

/** Where a text stops being JSON, and what would have gone on there. */
export type JsonFault = { readonly offset: number; readonly expected: string };

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
  }
}

/** Gives the first place where a text is not JSON (RFC 8259), or null. Bun's JSON.parse does not tell the place. */
export function findJsonFault(text: string): JsonFault | null {
  try {
    const end = skip(text, value(text, skip(text, 0)));
    return end === text.length ? null : { offset: end, expected: "the end" };
  } catch (error) {
    if (error instanceof Fault) return { offset: error.offset, expected: error.message };
    if (error instanceof RangeError) return { offset: 0, expected: "fewer nested arrays and objects" };
    throw error;
  }
}

function value(text: string, at: number): number {
  if (text[at] === "{") return members(text, at, { close: "}", one: member });
  if (text[at] === "[") return members(text, at, { close: "]", one: value });
  if (text[at] === '"') return quotedText(text, at);
  const end = match(number, text, at) ?? match(word, text, at);
  if (end === null)
    throw new Fault(at, "a value: an object, array, text in double quotes, number, true, false or null");
  return end;
}

type Members = { readonly close: string; readonly one: (text: string, at: number) => number };

function members(text: string, open: number, { close, one }: Members): number {
  let at = skip(text, open + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = skip(text, one(text, at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") throw new Fault(at, `"," or "${close}"`);
    at = skip(text, at + 1);
  }
}

function member(text: string, at: number): number {
  if (text[at] !== '"') throw new Fault(at, "a name in double quotes");
  const colon = skip(text, quotedText(text, at));
  if (text[colon] !== ":") throw new Fault(colon, '":"');
  return value(text, skip(text, colon + 1));
}

function quotedText(text: string, at: number): number {
  const end = match(string, text, at);
  if (end === null) throw new Fault(at, "a text that ends with a double quote, without raw line breaks");
  return end;
}

function skip(text: string, at: number): number {
  return match(space, text, at) ?? at;
}

function match(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
