import type { DatabaseSettings } from "#db/connect";
import { startListener } from "#db/listen";
import type { Log } from "../log/log.ts";
import type { Reach } from "./await-database.ts";

/** What a service that waits for work listens to, and how. */
export type EarOptions = Reach & {
  /** By channel: called for each notification, and whenever listening begins again, or ends: who sleeps till told has to look. */
  readonly onNotify: Readonly<Record<string, () => void>>;
  readonly log: Log;
};

/** A service's way to hear of work; where it hears nothing, the service looks by itself. */
export type Ear = {
  readonly isListening: () => boolean;
  /** Resolves when it is known whether it can listen, or when it is stopped. */
  readonly settled: Promise<void>;
  readonly stop: () => Promise<void>;
};

const deaf: Ear = {
  isListening: () => false,
  settled: Promise.resolve(),
  stop: () => Promise.resolve(),
};

/**
 * Listens where that is possible: over JOBS_LISTEN_URL if it is set, else over the database's own connection. Through a pooler
 * it does not even try: in transaction mode LISTEN would stay behind in a session that others use.
 */
export function listenOrPoll(
  settings: DatabaseSettings & { readonly JOBS_LISTEN_URL?: string | undefined },
  { isPooled, isQuiet, onNotify, log }: EarOptions,
): Ear {
  const url = settings.JOBS_LISTEN_URL;
  if (isPooled && url === undefined) {
    log.info("a connection pooler stands before the database: polling; JOBS_LISTEN_URL may lead past it");
    return deaf;
  }
  if (isQuiet) {
    log.info("the database notifies nobody (jobs.notify = 'never'): polling");
    return deaf;
  }
  const settled = Promise.withResolvers<void>();
  const listener = startListener({
    settings: url === undefined ? settings : { ...settings, DATABASE_URL: url },
    channels: Object.keys(onNotify),
    onNotify: (channel) => onNotify[channel]?.(),
    onState: (listening, reason) => {
      settled.resolve();
      if (listening || reason === undefined) return;
      log.warn("not listening; polling meanwhile", { error: reason });
      for (const tell of Object.values(onNotify)) tell();
    },
  });
  return {
    isListening: listener.isListening,
    settled: settled.promise,
    stop: async () => {
      settled.resolve();
      await listener.stop();
    },
  };
}
