import { z } from "zod";
import { signingSecrets } from "#protocol/signing-secrets";
import { yesOrNo } from "#protocol/yes-or-no";
import { callbackUrlSettings, outcomeSettings } from "../config/callback-settings.ts";
import { checkDatabases, databaseSettings } from "../config/database-settings.ts";
import { httpUrl, list, port, seconds, wholeNumber } from "../config/kinds.ts";
import { logSettings } from "../config/log-settings.ts";
import { pollSettings } from "../config/poll-settings.ts";
import { type CrossCheck, withCrossChecks } from "../config/with-cross-checks.ts";
import { proxyUrl } from "./http/proxies.ts";

const gatewayUrl = () =>
  z.string().refine((text) => URL.canParse(text.replaceAll("{task}", "task")) && /^https?:/.test(text), {
    error: "expected an http:// or https:// URL, which may contain {task}",
  });

const proxy = (schemes: readonly string[], error: string) =>
  z.string().refine((text) => isProxy(text, schemes), { error });

function isProxy(text: string, schemes: readonly string[]): boolean {
  if (!/^(?:[a-z][a-z\d+.-]*:\/\/)?[^\s/?#]+\/?$/i.test(text)) return false;
  try {
    return schemes.includes(proxyUrl(text).protocol);
  } catch {
    return false;
  }
}

const taskUrls = z
  .string()
  .transform((text, context) => {
    try {
      return z.record(z.string(), httpUrl()).parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: "custom", message: "expected a JSON object from task identifier to URL" });
      return z.NEVER;
    }
  })
  .default({});

/** The settings of claiming and dispatching. */
export const dispatchSettings = {
  KNATIVE_SERVICE_URL: gatewayUrl()
    .optional()
    .describe(
      "Base URL of the functions: a job goes to `${KNATIVE_SERVICE_URL}/${task_identifier}`, or to where `{task}` stands.",
    ),
  INTERNAL_GATEWAY_URL: gatewayUrl().optional().describe("Used where KNATIVE_SERVICE_URL is not set."),
  INTERNAL_GATEWAY_DEVELOPMENT_MAP: taskUrls.describe(
    "JSON object from task identifier to the full URL of its function; comes before the base URL.",
  ),
  HTTP_PROXY: proxy(["http:", "https:"], "expected the http:// or https:// URL of a proxy, or HOST:PORT")
    .optional()
    .meta({ smallLetters: true })
    .describe(
      "Proxy for requests to functions with http:// URLs, but for the hosts in NO_PROXY. Each of the three is read in small letters too, and first.",
    ),
  HTTPS_PROXY: proxy(
    ["http:"],
    "expected the http:// URL of a proxy, or HOST:PORT; a proxy that is itself spoken to by https cannot carry https",
  )
    .optional()
    .meta({ smallLetters: true })
    .describe("Proxy for requests to functions with https:// URLs, which it is asked for a tunnel to."),
  NO_PROXY: z
    .string()
    .default("")
    .meta({ smallLetters: true })
    .describe(
      "Hosts that are reached without a proxy, as in curl: names with all below them, addresses, networks such as 10.0.0.0/8, or `*`.",
    ),
  JOBS_SUPPORT_ANY: yesOrNo()
    .default(true)
    .describe("Whether to claim every task; `false` keeps to JOBS_SUPPORTED."),
  JOBS_SUPPORTED: list()
    .default([])
    .describe("Comma-separated tasks to claim when JOBS_SUPPORT_ANY is false."),
  JOBS_CONCURRENCY: wholeNumber(1, 10_000).default(32).describe("Requests in flight at most, per worker."),
  JOBS_LEASE_SECONDS: seconds(0.5, 3600)
    .default(30)
    .describe("How long after its worker's last beat a job is taken back, in seconds."),
  JOBS_DRAIN_SECONDS: seconds(0, 3600)
    .default(25)
    .describe(
      "How long a stopping worker lets requests finish, in seconds; below the 30 that Kubernetes grants by default.",
    ),
  JOBS_TIMEOUT_SECONDS: seconds(0.05, 86_400)
    .default(290)
    .describe("How long a function may take to answer, in seconds; below the 300 of a Knative revision."),
  JOBS_SIGNING_SECRETS: signingSecrets().describe(
    "Secrets of Standard Webhooks, with commas between them: each signs every request to a function. None by default: requests are not signed.",
  ),
  ...outcomeSettings,
  ...callbackUrlSettings,
  JOBS_UNREACHABLE_HOURS: seconds(0, 8760)
    .default(72)
    .describe(
      "How long a function may be out of reach before tries count as attempts, in hours; a long weekend.",
    ),
};

/** What dispatching needs to know, parsed. */
export type DispatchSettings = z.infer<z.ZodObject<typeof dispatchSettings>>;

/** Finds what only shows between settings: no function URL at all, or no task that may be claimed. */
export const checkDispatch: CrossCheck<DispatchSettings> = (settings, add) => {
  const { KNATIVE_SERVICE_URL, INTERNAL_GATEWAY_URL, INTERNAL_GATEWAY_DEVELOPMENT_MAP: overrides } = settings;
  const hasUrl = KNATIVE_SERVICE_URL !== undefined || INTERNAL_GATEWAY_URL !== undefined;
  if (!hasUrl && overrides !== undefined && Object.keys(overrides).length === 0)
    add(
      "KNATIVE_SERVICE_URL",
      "expected the base URL of the functions, such as http://functions.example.svc.cluster.local",
    );
  if (settings.JOBS_SUPPORT_ANY === false && settings.JOBS_SUPPORTED?.length === 0)
    add("JOBS_SUPPORTED", "expected at least one task, as JOBS_SUPPORT_ANY is false");
};

/** All settings of a worker that runs on its own. */
export const workerSettings = withCrossChecks(
  z.object({
    ...databaseSettings,
    ...logSettings,
    ...pollSettings,
    ...dispatchSettings,
    JOBS_WORKER_PORT: port()
      .default(0)
      .describe("Port of the stand-alone worker's /healthz and /readyz; 0 takes a free one."),
  }),
  checkDispatch,
  checkDatabases,
  ({ INTERNAL_JOBS_CALLBACK_URL, JOBS_CALLBACK_HOST }, add) => {
    if (INTERNAL_JOBS_CALLBACK_URL === undefined && JOBS_CALLBACK_HOST === undefined)
      add(
        "INTERNAL_JOBS_CALLBACK_URL",
        "expected the URL at which functions reach the callback server, such as http://callback:12345",
      );
  },
);
