/** The jobs that a worker has claimed and not yet settled. */
export type HeldJobs = {
  readonly add: (id: string) => void;
  readonly remove: (id: string) => void;
  readonly ids: () => string[];
  /** Resolves as soon as no job is held. */
  readonly whenNone: () => Promise<void>;
};

/** Gives an empty set of held jobs. */
export function createHeldJobs(): HeldJobs {
  const held = new Set<string>();
  let none: PromiseWithResolvers<void> | undefined;
  return {
    add: (id) => {
      held.add(id);
    },
    remove: (id) => {
      held.delete(id);
      if (held.size > 0) return;
      none?.resolve();
      none = undefined;
    },
    ids: () => [...held],
    whenNone: () => {
      if (held.size === 0) return Promise.resolve();
      none ??= Promise.withResolvers<void>();
      return none.promise;
    },
  };
}
