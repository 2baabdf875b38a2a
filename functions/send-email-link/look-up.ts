import type { Fetch } from "../kit/fetch.ts";
import type { SendEmailLinkSettings } from "./config.ts";
import { metaEndpoint, tenantEndpoint } from "./endpoint.ts";
import { type Ask, createAsk } from "./graphql.ts";
import { readInviter, userDocuments } from "./inviter.ts";
import { readSite, type Site, siteDocuments } from "./site.ts";
import { createSiteCache } from "./site-cache.ts";

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

/** Gives the two look-ups, which share what they learn of a server's dialect. Sites are kept for a while, users are not. */
export function createLookUp(fetch: Fetch): LookUp {
  const ask: Ask = createAsk(fetch);
  const cached = createSiteCache();
  return {
    site: async ({ databaseId, env, signal }) => {
      const endpoint = metaEndpoint(env);
      const key = JSON.stringify([endpoint, databaseId]);
      const operation = "GetDatabaseInfo";
      return cached({ key, seconds: env.JOBS_EMAIL_SITE_CACHE_SECONDS, signal }, async (signal) => {
        const variables = { databaseId };
        const question = { operation, documents: siteDocuments, variables, databaseId, signal };
        return readSite(await ask(endpoint, question), databaseId);
      });
    },
    inviter: async (userId, { databaseId, env, signal }) => {
      const data = await ask(tenantEndpoint(env, databaseId), {
        operation: "GetUser",
        documents: userDocuments,
        variables: { userId },
        databaseId,
        signal,
      });
      return readInviter(data);
    },
  };
}
