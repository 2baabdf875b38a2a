/** Remembers for a while what was sent, in this process alone. */
export type SentMemory = {
  /** Gives the id that a mail was sent with, or undefined. */
  readonly find: (key: string) => string | undefined;
  readonly add: (key: string, id: string) => void;
};

/** How long and how much is remembered. */
export type SentMemoryOptions = { readonly now?: () => number; readonly limit?: number };

/** A day: a job whose answers get lost is retried for hours, the waits growing to six. */
const keptMs = 86_400_000;

/** About 2 MB at most. */
const defaultLimit = 10_000;

/** Gives an empty memory; the oldest entry goes when one more than `limit` (10,000) comes. */
export function createSentMemory({
  now = Date.now,
  limit = defaultLimit,
}: SentMemoryOptions = {}): SentMemory {
  const sent = new Map<string, { readonly id: string; readonly at: number }>();
  return {
    find: (key) => {
      const found = sent.get(key);
      if (found === undefined || now() - found.at <= keptMs) return found?.id;
      sent.delete(key);
      return undefined;
    },
    add: (key, id) => {
      const [oldest] = sent.size >= limit ? sent.keys() : [];
      if (oldest !== undefined) sent.delete(oldest);
      sent.set(key, { id, at: now() });
    },
  };
}
