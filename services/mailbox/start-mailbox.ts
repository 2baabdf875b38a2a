import { createHealthApp } from "../health/create-health-app.ts";
import { type Server, serve } from "../http/serve.ts";
import type { Log } from "../log/log.ts";
import { createMailboxApp } from "./create-mailbox-app.tsx";
import { createMessageStore } from "./message.ts";

/** What a mailbox needs to know, parsed. */
export type MailboxSettings = {
  readonly MAILBOX_PORT: number;
  readonly MAILBOX_HOST: string;
  readonly MAILBOX_API_KEY: string;
};

/**
 * Starts the local mailbox.
 *
 * @throws StartError when the port cannot be used.
 */
export function startMailbox(settings: MailboxSettings, { log }: { readonly log: Log }): Server {
  const app = createHealthApp(() => []).route(
    "/",
    createMailboxApp({ store: createMessageStore(), apiKey: settings.MAILBOX_API_KEY, log }),
  );
  return serve(app, {
    port: settings.MAILBOX_PORT,
    host: settings.MAILBOX_HOST,
    variable: "MAILBOX_PORT",
    what: "the mailbox",
  });
}
