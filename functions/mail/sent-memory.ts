/** What is known of a mail's sending: the id that it was sent with, or the addresses that have it while others have not. */
export type Sent = { readonly id: string } | { readonly reached: ReadonlySet<string> };

/** Remembers for a while what was sent, in this process alone. */
export type SentMemory = {
  readonly find: (key: string) => Sent | undefined;
  readonly add: (key: string, sent: Sent) => void;
};

/** How long and how much is remembered. */
export type SentMemoryOptions = { readonly now?: () => number; readonly limit?: number };

/** A day: a job whose answers get lost is retried for hours, the waits growing to six. */
const keptMs = 86_400_000;

/** About 2 MB at most. */
const defaultLimit = 10_000;

/** Gives an empty memory; the oldest entries go where there are more than `limit` (10,000), each address counting as one. */
export function createSentMemory({
  now = Date.now,
  limit = defaultLimit,
}: SentMemoryOptions = {}): SentMemory {
  const kept = new Map<string, { readonly sent: Sent; readonly at: number }>();
  let weight = 0;
  const drop = (key: string) => {
    const found = kept.get(key);
    if (found !== undefined) weight -= weightOf(found.sent);
    kept.delete(key);
  };
  return {
    find: (key) => {
      const found = kept.get(key);
      if (found !== undefined && now() - found.at > keptMs) drop(key);
      return kept.get(key)?.sent;
    },
    add: (key, sent) => {
      drop(key);
      for (const oldest of kept.keys()) {
        if (weight + weightOf(sent) <= limit) break;
        drop(oldest);
      }
      kept.set(key, { sent, at: now() });
      weight += weightOf(sent);
    },
  };
}

function weightOf(sent: Sent): number {
  return "id" in sent ? 1 : 1 + sent.reached.size;
}
