import { mayShareWork } from "../kit/runtime.ts";
import { createSharedWork } from "../kit/share-work.ts";
import type { Site } from "./site.ts";

/** Which site, for how long it may be kept, and when its asker gives up. */
export type SiteQuestion = {
  readonly key: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
};

/** Gives a site from memory, or by `read`, whose signal is the one to obey. */
export type SiteCache = (
  question: SiteQuestion,
  read: (signal: AbortSignal) => Promise<Site>,
) => Promise<Site>;

/** What the cache uses of the world. */
export type SiteCacheTools = { readonly now?: () => number; readonly isShared?: boolean };

/** Sites kept at most: some 1 KB each. */
const limit = 1000;

/**
 * Gives a memory of sites, so that a thousand mails of one database make one query. Faults are not kept.
 *
 * Requests that ask at once wait for one query where the runtime allows it. That query obeys no asker's deadline, only its own
 * time limit: who gives up leaves it to the others.
 */
export function createSiteCache({
  now = Date.now,
  isShared = mayShareWork(),
}: SiteCacheTools = {}): SiteCache {
  const kept = new Map<string, { readonly site: Site; readonly until: number }>();
  const share = createSharedWork<Site>(isShared);

  return async ({ key, seconds, signal }, read) => {
    if (seconds === 0) return read(signal);
    const found = kept.get(key);
    if (found !== undefined && now() < found.until) return found.site;
    kept.delete(key);
    return share(key, signal, async (signal) => {
      const site = await read(signal);
      const [oldest] = kept.size >= limit ? kept.keys() : [];
      if (oldest !== undefined) kept.delete(oldest);
      kept.set(key, { site, until: now() + seconds * 1000 });
      return site;
    });
  };
}
