/** What reading a JSON text gives: its value, or why it is none that a function takes. */
export type ExactJson =
  | {
      readonly value: unknown;
      /** Numbers that stand in `value` as their text, since a JavaScript number would round them and a bigint has no fraction. */
      readonly asText: ReadonlySet<string>;
    }
  | { readonly fault: string };

/** Deepest nesting that is read: what is deeper exhausts the stack of whatever walks through it. */
const deepest = 1000;

/** Longest number that is read as a number; a longer one stays text, since making a bigint of it takes more than linear time. */
const longestNumber = 1000;

/** So many characters can hold no number that is rounded, unless it has an exponent: any fifteen digits are exact. */
const surelyExact = 15;

const numberForm = /^-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const mayRound = /\d[\d.]{15}|\d[eE]/;

/**
 * Gives the value of a JSON text without rounding any of its numbers, which `JSON.parse` does silently: 9007199254740993, an ordinary
 * bigint of a database, becomes another row's id.
 *
 * A whole number that a JavaScript number cannot hold is a bigint, and any other number that would be rounded is its text. One is
 * rounded where the double nearest to it, written with as many digits, is another number: 0.1 and 1e21 are not, 1e400 is.
 */
export function readExactJson(text: string): ExactJson {
  const { depth, rounded } =
    text.length > deepest || mayRound.test(text) ? scan(text) : { depth: 0, rounded: [] };
  if (depth > deepest) return { fault: `is nested more than ${deepest.toLocaleString("en")} deep` };
  try {
    return rounded.length === 0
      ? { value: JSON.parse(text) as unknown, asText: new Set() }
      : parseAround(text, rounded);
  } catch {
    return { fault: "is not JSON" };
  }
}

/** Where a number stands in a text. */
type Span = { readonly start: number; readonly end: number };

const quote = 0x22;
const backslash = 0x5c;

/** Walks once through a JSON text, strings as a whole; where the text is no JSON, what it gives means nothing. */
function scan(text: string): { readonly depth: number; readonly rounded: readonly Span[] } {
  const rounded: Span[] = [];
  let open = 0;
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const start = at;
    at += 1;
    if (code === quote) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth = Math.max(depth, ++open);
    else if (code === 0x5d || code === 0x7d) open -= 1;
    else if (code === 0x2d || isDigit(code)) {
      while (at < text.length && isNumberPart(text.charCodeAt(at))) at += 1;
      if (wouldBeRounded(text.slice(start, at))) rounded.push({ start, end: at });
    }
  }
  return { depth, rounded };
}

function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    at += code === backslash ? 2 : 1;
  }
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Digits, and what may stand between them: `.`, `e`, `E`, `+`, `-`. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d;
}

/** Tells whether JSON.parse would make another number of this one. What is no JSON number is left to JSON.parse, which refuses it. */
function wouldBeRounded(source: string): boolean {
  if (source.length <= surelyExact && !/[eE]/.test(source)) return false;
  const [, whole, fraction, exponent] = numberForm.exec(source) ?? [];
  if (whole === undefined) return false;
  if (source.length > longestNumber) return true;
  const value = Number(source);
  if (!Number.isFinite(value)) return true;
  if (fraction === undefined && exponent === undefined) return BigInt(value) !== BigInt(source);
  const written = decimal(source);
  if (written.digits === "") return false;
  if (written.digits.length > 100) return true;
  const kept = decimal(Math.abs(value).toPrecision(written.digits.length));
  return kept.digits !== written.digits || kept.exponent !== written.exponent;
}

/** Gives a number's digits without zeros around them, and the power of ten of the last one: 1.50 is 15 and -1. */
function decimal(source: string): { readonly digits: string; readonly exponent: number } {
  const [, whole = "", fraction = "", exponent = "0"] = numberForm.exec(source) ?? [];
  const all = whole + fraction;
  let start = 0;
  while (all[start] === "0") start += 1;
  let end = all.length;
  while (end > start && all[end - 1] === "0") end -= 1;
  return { digits: all.slice(start, end), exponent: Number(exponent) - fraction.length + (all.length - end) };
}

/**
 * Parses a text whose numbers at these places would be rounded: each stands as a marked string while JSON.parse reads. (Its reviver is
 * told the source of a number by newer runtimes alone; Node has it since 21.) The mark is one that nobody who wrote the text can know.
 */
function parseAround(text: string, rounded: readonly Span[]): ExactJson {
  const mark = `${crypto.randomUUID()}:`;
  const pieces: string[] = [];
  let end = 0;
  for (const span of rounded) {
    pieces.push(text.slice(end, span.start), `"${mark}${text.slice(span.start, span.end)}"`);
    end = span.end;
  }
  const asText = new Set<string>();
  const value: unknown = JSON.parse(pieces.join("") + text.slice(end), (key, found: unknown) => {
    if (key.startsWith(mark)) throw new SyntaxError("a number in place of a name");
    if (typeof found !== "string" || !found.startsWith(mark)) return found;
    const source = found.slice(mark.length);
    if (source.length <= longestNumber && /^-?\d+$/.test(source)) return BigInt(source);
    asText.add(source);
    return source;
  });
  return { value, asText };
}
