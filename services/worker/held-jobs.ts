/** The jobs that a worker has claimed and not yet settled. */
export type HeldJobs = {
  readonly ids: () => string[];
  /** Holds a job while `work` runs. */
  readonly during: (id: string, work: () => Promise<void>) => Promise<void>;
  /** Resolves as soon as no job is held. */
  readonly whenNone: () => Promise<void>;
};

/** Gives an empty set of held jobs. */
export function createHeldJobs(): HeldJobs {
  const held = new Set<string>();
  let none = Promise.withResolvers<void>();
  none.resolve();
  return {
    ids: () => [...held],
    during: async (id, work) => {
      if (held.size === 0) none = Promise.withResolvers<void>();
      held.add(id);
      try {
        await work();
      } finally {
        held.delete(id);
        if (held.size === 0) none.resolve();
      }
    },
    whenNone: () => none.promise,
  };
}
