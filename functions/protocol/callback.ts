import * as z from "zod";
import { type HeaderSource, header, headerSays, headerSaysOnly } from "./headers.ts";
import { jsonFault, parseJson, quoteLimit, readableText, reportedMessage } from "./readable-text.ts";
import { type RetryAfterLimits, retryAfterSeconds } from "./retry-after.ts";

/** What a function reports by callback (protocol §4). */
export type CallbackReport =
  | { readonly kind: "success" }
  | {
      readonly kind: "failure";
      readonly message: string;
      /** False: failed for good. */
      readonly retry: boolean;
      readonly retryAfterSeconds?: number;
    }
  | {
      readonly kind: "progress";
      /** Share of the work that is done, 0 to 1. */
      readonly progress?: number;
      readonly message?: string;
    }
  /** Neither: it changes nothing, and the caller is told why. */
  | { readonly kind: "invalid"; readonly reason: string };

/** A callback request, its body read within the server's limit. */
export type CallbackRequest = { readonly headers: HeaderSource; readonly body: string };

const statusBody = z.looseObject({ status: z.unknown() });
const runningBody = z.looseObject({
  progress: z.number().min(0).max(1).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/**
 * Gives what a callback request reports.
 *
 * The header `X-Job-Error: true` makes a failure whatever the body is, and a failure may have none; the body's status `error` or
 * `failed` does too. Without them, an empty body, or a JSON body of any other status, is a success; a body that is not JSON is
 * invalid, since a heartbeat cut short would otherwise complete its job.
 */
export function readCallbackReport(
  { headers, body }: CallbackRequest,
  limits: RetryAfterLimits,
): CallbackReport {
  const json = parseJson(body);
  const said = statusBody.safeParse(json).data?.status;
  const status = typeof said === "string" ? said.trim().toLowerCase() : said;
  const reportsError = headerSays(headers, header.jobError, "true");
  if (reportsError || status === "error" || status === "failed")
    return failure({ headers, body }, json, limits);
  if (status === "running") return progress(json);
  if (body.trim() !== "" && json === undefined)
    return { kind: "invalid", reason: `The body ${jsonFault(body)}` };
  return { kind: "success" };
}

function failure(request: CallbackRequest, json: unknown, limits: RetryAfterLimits): CallbackReport {
  const { headers, body } = request;
  const wait = retryAfterSeconds(headers.get(header.retryAfter), limits);
  const quote = json === undefined ? readableText(body, quoteLimit) : "";
  return {
    kind: "failure",
    message:
      reportedMessage(json) ??
      (quote === ""
        ? "The function reported an error without a message"
        : `The function reported an error: ${quote}`),
    retry: !headerSaysOnly(headers, header.jobRetry, "false"),
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  };
}

function progress(json: unknown): CallbackReport {
  const { progress, message } = runningBody.parse(json);
  return {
    kind: "progress",
    ...(progress === undefined ? {} : { progress }),
    ...(message === undefined ? {} : { message: readableText(message, quoteLimit) }),
  };
}
