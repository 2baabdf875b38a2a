import type { Fetch } from "../kit/fetch.ts";
import type { SendEmailLinkSettings } from "./config.ts";
import { metaEndpoint, tenantEndpoint } from "./endpoint.ts";
import { type Ask, createAsk, UnfitQuestionError } from "./graphql.ts";
import { type IdType, idTypesOf, readInviter, userDocuments } from "./inviter.ts";
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

/** Gives the two look-ups, which share what they learn of a server's dialect, and of the type that its users' ids have. Sites are kept for a while, users are not. */
export function createLookUp(fetch: Fetch): LookUp {
  const ask: Ask = createAsk(fetch);
  const cached = createSiteCache();
  const typeAt = new Map<string, IdType>();
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
      const endpoint = tenantEndpoint(env, databaseId);
      const types = idTypesOf(userId);
      const known = typeAt.get(endpoint.url);
      const first = known !== undefined && types.includes(known) ? [known] : [];
      let unfit: unknown;
      for (const type of new Set([...first, ...types])) {
        const variables = { userId: type === "Int" ? Number(userId) : userId };
        const question = {
          operation: "GetUser",
          documents: userDocuments(type),
          variables,
          databaseId,
          signal,
        };
        try {
          const data = await ask(endpoint, question);
          typeAt.set(endpoint.url, type);
          return readInviter(data);
        } catch (thrown) {
          if (!(thrown instanceof UnfitQuestionError)) throw thrown;
          unfit = thrown;
        }
      }
      throw unfit;
    },
  };
}
