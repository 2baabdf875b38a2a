import type { Fetch } from "../kit/fetch.ts";
import type { SendEmailLinkSettings } from "./config.ts";
import { type Ask, createAsk } from "./graphql.ts";
import { readInviter, userDocuments } from "./inviter.ts";
import { readSite, type Site, siteDocuments } from "./site.ts";

/** Where a look-up belongs: tenant, settings, and when to give up. */
type LookUpOptions = {
  readonly databaseId: string;
  readonly env: SendEmailLinkSettings;
  readonly signal: AbortSignal;
};

/** What send-email-link reads over GraphQL. Both throw JobErrors of one line. */
export type LookUp = {
  readonly site: (options: LookUpOptions) => Promise<Site>;
  readonly inviter: (userId: string, options: LookUpOptions) => Promise<string | undefined>;
};

/** Gives the two look-ups, which share what they learn of a server's dialect. */
export function createLookUp(fetch: Fetch): LookUp {
  const ask: Ask = createAsk(fetch);
  return {
    site: async ({ databaseId, env, signal }) => {
      const data = await ask(
        { url: env.META_GRAPHQL_URL ?? env.GRAPHQL_URL, headers: metaHeaders(env) },
        {
          operation: "GetDatabaseInfo",
          documents: siteDocuments,
          variables: { databaseId },
          databaseId,
          signal,
        },
      );
      return readSite(data, databaseId);
    },
    inviter: async (userId, { databaseId, env, signal }) => {
      const data = await ask(
        { url: env.GRAPHQL_URL, headers: tenantHeaders(env, databaseId) },
        { operation: "GetUser", documents: userDocuments, variables: { userId }, databaseId, signal },
      );
      return readInviter(data);
    },
  };
}

function metaHeaders(env: SendEmailLinkSettings): Record<string, string> {
  return {
    "X-Meta-Schema": "true",
    ...(env.META_GRAPHQL_HOST_HEADER === undefined ? {} : { Host: env.META_GRAPHQL_HOST_HEADER }),
    ...bearer(env),
  };
}

function tenantHeaders(env: SendEmailLinkSettings, databaseId: string): Record<string, string> {
  return {
    "X-Database-Id": databaseId,
    ...(env.GRAPHQL_HOST_HEADER === undefined ? {} : { Host: env.GRAPHQL_HOST_HEADER }),
    ...(env.GRAPHQL_API_NAME === undefined ? {} : { "X-Api-Name": env.GRAPHQL_API_NAME }),
    ...(env.GRAPHQL_SCHEMATA === undefined ? {} : { "X-Schemata": env.GRAPHQL_SCHEMATA }),
    ...bearer(env),
  };
}

function bearer({ GRAPHQL_AUTH_TOKEN: token }: SendEmailLinkSettings): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
