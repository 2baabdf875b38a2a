import type { z } from "zod";
import { shorten } from "../protocol/readable-text.ts";
import { readExactJson } from "./exact-json.ts";
import { JobError } from "./job-error.ts";

/** Largest payload that a function reads: what the queue takes (db/migrations/0008_jobs_triggers.sql). */
const payloadLimitBytes = 16 * 1024 * 1024;

/** Most faults that one message names. */
const namedFaults = 10;

/** Longest list of a payload's own names in a message, and longest name: who enqueues may choose both. */
const namedFields = 5;
const nameLimit = 60;

/** How often a payload is parsed anew for a schema that wants a bigint: each stage of a schema tells its wishes once those before it fit. */
const bigintRounds = 8;

/**
 * Gives a job's payload, parsed by its schema.
 *
 * **Numbers.** None is rounded: a whole number that a JavaScript number cannot hold is a bigint, any other one that would be rounded is
 * its text, and a schema that wants a number refuses both in words. `z.bigint()` gets every whole number, small ones too.
 *
 * @throws JobError, for good: 400 for what is no JSON object or does not fit the schema.
 */
export function parsePayload<P>(body: string, schema: z.ZodType<P>): P {
  // A mark of the byte order is no part of JSON, yet some editors write one.
  const text = body.replace(/^\ufeff/, "");
  if (text.trim() === "") throw refused("The payload is empty; expected a JSON object");
  const json = readExactJson(text);
  if ("fault" in json) throw refused(`The payload ${json.fault}`);
  const { value: payload, asText } = json;
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw refused(`The payload is not a JSON object but ${kindOf(payload)}`);
  let result = schema.safeParse(payload);
  for (let round = 0; round < bigintRounds && !result.success; round += 1) {
    if (!giveBigints(result.error.issues, payload)) break;
    result = schema.safeParse(payload);
  }
  if (result.success) return result.data;
  throw refused(payloadFault(result.error.issues, payload, asText));
}

type Issue = z.core.$ZodIssue;

/**
 * Makes bigints of the whole numbers that a schema wants as such, JSON having one kind of number for both. Gives whether there was one.
 */
function giveBigints(
  issues: readonly Issue[],
  payload: object,
  within: readonly PropertyKey[] = [],
): boolean {
  let given = false;
  for (const issue of issues) {
    const path = within.length === 0 ? issue.path : [...within, ...issue.path];
    if (issue.code === "invalid_union")
      for (const branch of issue.errors) given = giveBigints(branch, payload, path) || given;
    else if (issue.code === "invalid_type" && issue.expected === "bigint")
      given = makeBigint(payload, path) || given;
  }
  return given;
}

function makeBigint(payload: object, path: readonly PropertyKey[]): boolean {
  const holder = valueAt(payload, path.slice(0, -1));
  const name = path.at(-1);
  if (typeof holder !== "object" || holder === null || name === undefined) return false;
  const number: unknown = Reflect.get(holder, name);
  if (typeof number !== "number" || !Number.isInteger(number)) return false;
  const kept = { configurable: true, enumerable: true, writable: true };
  return Reflect.defineProperty(holder, name, { ...kept, value: BigInt(number) });
}

/**
 * Gives in one line what is wrong with a payload: the first field that is missing, or every field that is wrong, never its value.
 * Null and the empty text count as missing.
 */
function payloadFault(issues: readonly Issue[], payload: object, asText: ReadonlySet<string>): string {
  const missing = issues.find((issue) => isMissing(issue, payload));
  if (missing !== undefined) return `Missing required field: ${missing.path.join(".")}`;
  const named = issues.slice(0, namedFaults).map((issue) => issueText(issue, payload, asText));
  const more = issues.length > namedFaults ? [`and ${issues.length - namedFaults} more`] : [];
  return [...named, ...more].join("; ");
}

function issueText(issue: Issue, payload: object, asText: ReadonlySet<string>): string {
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys
      .slice(0, namedFields)
      .map((name) => shorten([...issue.path, name].join("."), nameLimit));
    const more = issue.keys.length > namedFields ? ` and ${issue.keys.length - namedFields} more` : "";
    const said = issue.message.startsWith("Unrecognized") ? "" : `: ${issue.message}`;
    return `Unknown field: ${names.join(", ")}${more}${said}`;
  }
  const where = `Invalid field: ${issue.path.join(".") || "payload"}`;
  const value = valueAt(payload, issue.path);
  const isRounded = typeof value === "bigint" || (typeof value === "string" && asText.has(value));
  if (isRounded && (issue.code === "invalid_type" || issue.code === "invalid_union"))
    return `${where}: a JavaScript number would round this one. Its schema can take it exactly, a whole number by z.bigint() or exactId(), another as text; or send it as text`;
  return `${where}: ${issue.message}`;
}

function isMissing(issue: Issue, payload: object): boolean {
  if (issue.path.length === 0) return false;
  const value = valueAt(payload, issue.path);
  return value === undefined || value === null || value === "";
}

function valueAt(payload: object, path: readonly PropertyKey[]): unknown {
  let value: unknown = payload;
  for (const key of path)
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

function refused(message: string, status = 400): JobError {
  return new JobError(message, { status, retry: false });
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

/**
 * Gives a request's body as text, every byte of it: what is signed.
 *
 * @throws JobError, for good: 413 over the limit, 400 for what is not UTF-8. Not for good where the body breaks off.
 */
export async function readBody(request: Request): Promise<string> {
  if (Number(request.headers.get("Content-Length") ?? 0) > payloadLimitBytes) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(request.body)) {
      bytes += chunk.byteLength;
      if (bytes > payloadLimitBytes) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (cause) {
    if (cause instanceof JobError) throw cause;
    if (cause instanceof TypeError) throw refused("The payload is not UTF-8 text");
    throw new JobError("The payload could not be read to its end", { status: 400, cause });
  }
}

// A reader and no `for await` over the stream itself: not every runtime's stream is iterable.
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function tooLarge(): JobError {
  return refused(`The payload is larger than ${payloadLimitBytes / 1024 / 1024} MiB`, 413);
}
