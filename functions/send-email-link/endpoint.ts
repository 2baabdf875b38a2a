import { JobError } from "../kit/job-error.ts";
import { type RuntimeName, runtimeOf } from "../kit/runtime.ts";
import { parseUrl } from "../protocol/parse-url.ts";
import type { SendEmailLinkSettings } from "./config.ts";

/** Where to ask, and as whom. */
export type Endpoint = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Gives where databases and sites are known. */
export function metaEndpoint(env: SendEmailLinkSettings): Endpoint {
  const { META_GRAPHQL_URL, META_GRAPHQL_HOST_HEADER: host, GRAPHQL_URL } = env;
  const headers = { "X-Meta-Schema": "true", ...bearer(env) };
  return withHost({ url: META_GRAPHQL_URL ?? GRAPHQL_URL, headers }, { host, by: env.JOBS_GRAPHQL_HOST_BY });
}

/** Gives where a tenant's users are known. */
export function tenantEndpoint(env: SendEmailLinkSettings, databaseId: string): Endpoint {
  const headers = {
    "X-Database-Id": databaseId,
    ...(env.GRAPHQL_API_NAME === undefined ? {} : { "X-Api-Name": env.GRAPHQL_API_NAME }),
    ...(env.GRAPHQL_SCHEMATA === undefined ? {} : { "X-Schemata": env.GRAPHQL_SCHEMATA }),
    ...bearer(env),
  };
  const { GRAPHQL_URL: url, GRAPHQL_HOST_HEADER: host, JOBS_GRAPHQL_HOST_BY: by } = env;
  return withHost({ url, headers }, { host, by });
}

/** How a server is told which host is meant. */
export type HostOptions = {
  readonly host: string | undefined;
  readonly by?: "host" | "forwarded" | "url" | undefined;
  readonly runtime?: RuntimeName;
};

/**
 * Gives an endpoint that is told which host is meant, by the way chosen: the Host header, X-Forwarded-Host, or the URL itself.
 *
 * Only Bun sends a Host given to fetch; Node 20, Deno 2.9 and workerd drop it without a word
 * (`runtime-tests/host-header.test.ts`). Unless a way is chosen, it is the first that this runtime has.
 *
 * @throws JobError where the way chosen does not work here.
 */
export function withHost(endpoint: Endpoint, { host, by, runtime = runtimeOf() }: HostOptions): Endpoint {
  if (host === undefined) return endpoint;
  const { url, headers } = endpoint;
  const way = by ?? (runtime === "bun" ? "host" : "forwarded");
  if (way === "forwarded") return { url, headers: { ...headers, "X-Forwarded-Host": host } };
  if (way === "url") return { url: urlAt(url, host), headers };
  if (runtime === "bun") return { url, headers: { ...headers, Host: host } };
  throw new JobError(
    "Cannot send GRAPHQL_HOST_HEADER as Host: this runtime drops it. Set JOBS_GRAPHQL_HOST_BY to forwarded or url",
  );
}

/** The port stays, unless the host names its own. */
function urlAt(url: string, host: string): string {
  const moved = parseUrl(url);
  const wanted = parseUrl(`http://${host}`);
  if (moved !== undefined && wanted !== undefined && wanted.pathname === "/" && wanted.search === "") {
    moved.hostname = wanted.hostname;
    if (wanted.port !== "") moved.port = wanted.port;
    return moved.href;
  }
  throw new JobError(
    `Cannot put GRAPHQL_HOST_HEADER into the URL: it is no host name (${JSON.stringify(host)}). Set JOBS_GRAPHQL_HOST_BY to forwarded`,
  );
}

function bearer({ GRAPHQL_AUTH_TOKEN: token }: SendEmailLinkSettings): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
