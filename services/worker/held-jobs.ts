/** The jobs that a worker has claimed and not yet settled. */
export type HeldJobs = {
  readonly add: (id: string) => void;
  readonly remove: (id: string) => void;
  readonly ids: () => string[];
  /** Resolves as soon as no job is held. */
  readonly whenNone: () => Promise<void>;
};

/**
 * Gives an empty set of held jobs.
 *
 * A job may be held twice: its lease was ended elsewhere, by a callback or an operator, and it is claimed again while its earlier
 * request is still open. It is held until both are over.
 */
export function createHeldJobs(): HeldJobs {
  const held = new Map<string, number>();
  let none: PromiseWithResolvers<void> | undefined;
  return {
    add: (id) => {
      held.set(id, (held.get(id) ?? 0) + 1);
    },
    remove: (id) => {
      const left = (held.get(id) ?? 0) - 1;
      if (left > 0) held.set(id, left);
      else held.delete(id);
      if (held.size > 0) return;
      none?.resolve();
      none = undefined;
    },
    ids: () => [...held.keys()],
    whenNone: () => {
      if (held.size === 0) return Promise.resolve();
      none ??= Promise.withResolvers<void>();
      return none.promise;
    },
  };
}
