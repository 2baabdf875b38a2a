import type { z } from "zod";
import { parseUrl } from "#protocol/parse-url";
import { duration, host, httpUrl, port, seconds } from "./kinds.ts";

/** A URL that a token is added to, and that functions on every runtime can send to: fetch takes no password in a URL. */
const callbackUrl = () =>
  httpUrl().superRefine((text, context) => {
    const url = parseUrl(text);
    if (url === undefined) return;
    const add = (message: string) => context.addIssue({ code: "custom", message });
    if (url.username !== "" || url.password !== "")
      add(
        "expected a URL without user name and password: functions cannot send to one, and it carries a token of its own",
      );
    if (text.includes("#"))
      add("expected a URL without #: what follows it is not sent, and so the token would be lost");
    if (url.searchParams.has("token"))
      add("expected a URL without ?token=: the token of each job goes there");
    if (/\s/.test(text)) add("expected a URL without white space");
  });

/** Where functions reach the callback server. */
export const callbackUrlSettings = {
  INTERNAL_JOBS_CALLBACK_URL: callbackUrl()
    .optional()
    .describe("URL of the callback server as functions reach it, sent to them as X-Callback-Url."),
  JOBS_CALLBACK_HOST: host()
    .optional()
    .describe("Host for that URL where INTERNAL_JOBS_CALLBACK_URL is not set: `http://HOST:PORT/callback`."),
  JOBS_CALLBACK_BIND: host()
    .optional()
    .describe(
      "Address that the callback server binds; all by default. The local stack binds 127.0.0.1, unless this, JOBS_CALLBACK_HOST or INTERNAL_JOBS_CALLBACK_URL is set.",
    ),
  INTERNAL_JOBS_CALLBACK_PORT: port()
    .default(12_345)
    .describe("Port of the callback server; 0 takes a free one. The local stack and compose set 8080."),
};

/** The settings of outcomes, shared by what records them: worker and callback server. */
export const outcomeSettings = {
  JOBS_CALLBACK_TIMEOUT_SECONDS: seconds(0.05, 2_592_000)
    .default(3600)
    .describe("How long a function that answered 202 may take until its next callback, in seconds."),
  JOBS_RETRY_AFTER_MAX_SECONDS: seconds(0, 2_592_000)
    .default(3600)
    .describe("Longest wait that a function's Retry-After is granted, in seconds."),
  JOBS_KEEP_COMPLETED: duration(1, 31_622_400)
    .optional()
    .describe(
      "How long completed jobs are kept in `completed_jobs`, with a unit: `36h`, `7d`; cleared by the day. Not set, a completed job is gone, which is faster.",
    ),
};

/** Gives the URL that functions call back at; a host alone is completed with the port and `/callback`. */
export function callbackUrlOf(settings: z.infer<z.ZodObject<typeof callbackUrlSettings>>): string {
  const {
    INTERNAL_JOBS_CALLBACK_URL,
    JOBS_CALLBACK_HOST = "localhost",
    INTERNAL_JOBS_CALLBACK_PORT,
  } = settings;
  return INTERNAL_JOBS_CALLBACK_URL ?? `http://${JOBS_CALLBACK_HOST}:${INTERNAL_JOBS_CALLBACK_PORT}/callback`;
}
