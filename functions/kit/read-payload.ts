import type { z } from "zod";
import { jsonFault, parseJson } from "../protocol/readable-text.ts";
import { JobError } from "./job-error.ts";

/** Largest payload that a function reads. Ten times the largest that the queue is tested with. */
const payloadLimitBytes = 10 * 1024 * 1024;

/**
 * Gives a job's payload, parsed by its schema.
 *
 * @throws JobError, for good: 400 for what is no JSON object or does not fit the schema.
 */
export function parsePayload<P>(body: string, schema: z.ZodType<P>): P {
  // A mark of the byte order is no part of JSON, yet some editors write one.
  const text = body.replace(/^\ufeff/, "");
  if (text.trim() === "") throw refused("The payload is empty; expected a JSON object");
  const payload = parseJson(text);
  if (payload === undefined) throw refused(`The payload ${jsonFault(text)}`);
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw refused(`The payload is not a JSON object but ${kindOf(payload)}`);
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  throw refused(payloadFault(result.error.issues, payload));
}

/**
 * Gives in one line what is wrong with a payload: the first field that is missing, or every field that is wrong, never its value.
 * Null and the empty text count as missing.
 */
function payloadFault(issues: readonly z.core.$ZodIssue[], payload: object): string {
  const missing = issues.find((issue) => isMissing(issue, payload));
  if (missing !== undefined) return `Missing required field: ${missing.path.join(".")}`;
  return issues
    .map((issue) => `Invalid field: ${issue.path.join(".") || "payload"}: ${issue.message}`)
    .join("; ");
}

function isMissing(issue: z.core.$ZodIssue, payload: object): boolean {
  if (issue.path.length === 0) return false;
  let value: unknown = payload;
  for (const key of issue.path)
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return value === undefined || value === null || value === "";
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
