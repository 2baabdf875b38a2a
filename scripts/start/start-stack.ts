import { startAdminApi } from "../../services/admin-api/start-admin-api.ts";
import type { Environment } from "../../services/config/read-settings.ts";
import type { Log } from "../../services/log/log.ts";
import { startMailbox } from "../../services/mailbox/start-mailbox.ts";
import type { LocalStackSettings } from "./settings.ts";
import { addSample, type StackDatabase, startDatabase } from "./start-database.ts";
import { startFunctions } from "./start-functions.ts";
import { startJobs } from "./start-jobs.ts";

/** What starting the stack uses. */
export type StackOptions = {
  readonly settings: LocalStackSettings;
  /** The environment of whoever started it; a part's own settings in it hold for that part. */
  readonly env: Environment;
  /** Whether to begin with an empty database. */
  readonly isFresh: boolean;
  /** Whether a database that is not the stack's own may get the queue and the sample. */
  readonly maySeed: boolean;
  readonly log: Log;
  /** Told of each part as it comes up. */
  readonly onUp: (name: string, address: string) => void;
  /** Given what stops each part that is up; with `true` it waits for no request. */
  readonly onStop: (stop: (now: boolean) => Promise<void>) => void;
};

/** Addresses of the stack's parts. */
export type StackAddresses = {
  readonly database: StackDatabase;
  readonly adminApi: string;
  readonly mailbox: string;
};

/** Key between the functions and the mailbox of one machine; it guards nothing. */
const mailboxKey = "local-key";

/**
 * Starts every part of the local stack in this process, one after the other.
 *
 * @throws StartError or ConfigError in one message. What is up by then was given to onStop.
 */
export async function startStack(options: StackOptions): Promise<StackAddresses> {
  const { settings, onUp, onStop, log } = options;
  const database = await startDatabase(options);

  const adminApi = await startAdminApi({
    ...database,
    ADMIN_API_PORT: settings.ADMIN_API_PORT,
    ADMIN_API_HOST: "127.0.0.1",
  });
  onStop(() => adminApi.stop(true));
  const adminUrl = `http://localhost:${adminApi.port}`;
  await addSample(database, adminUrl);
  onUp("admin GraphQL API", `${adminUrl}/graphql`);

  const mailbox = startMailbox(
    { MAILBOX_PORT: settings.MAILBOX_PORT, MAILBOX_HOST: "127.0.0.1", MAILBOX_API_KEY: mailboxKey },
    { log: log.with({ part: "mailbox" }) },
  );
  onStop(() => mailbox.stop(true));
  const mailboxUrl = `http://localhost:${mailbox.port}`;
  onUp("mailbox", mailboxUrl);

  const urls = await startFunctions(options, {
    GRAPHQL_URL: `http://127.0.0.1:${adminApi.port}/graphql`,
    META_GRAPHQL_URL: `http://127.0.0.1:${adminApi.port}/graphql`,
    GRAPHQL_HOST_HEADER: "private.localhost",
    META_GRAPHQL_HOST_HEADER: "private.localhost",
    LOCAL_APP_PORT: settings.LOCAL_APP_PORT,
    MAILGUN_API_KEY: mailboxKey,
    MAILGUN_KEY: mailboxKey,
    MAILGUN_DOMAIN: "mg.localhost.example",
    MAILGUN_FROM: "no-reply@mg.localhost.example",
    MAILGUN_REPLY: "support@mg.localhost.example",
    MAILGUN_BASE_URL: `http://127.0.0.1:${mailbox.port}`,
    EMAIL_SEND_USE_SMTP: "false",
  });
  await startJobs(options, database, urls);
  return { database, adminApi: adminUrl, mailbox: mailboxUrl };
}
