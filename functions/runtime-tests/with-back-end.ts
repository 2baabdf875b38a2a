import { addSampleRows, createSampleTables } from "../../services/admin-api/load-sample.ts";
import { startAdminApi } from "../../services/admin-api/start-admin-api.ts";
import { createLog } from "../../services/log/log.ts";
import type { Message } from "../../services/mailbox/message.ts";
import { startMailbox } from "../../services/mailbox/start-mailbox.ts";
import { withDatabase } from "../../services/testing/with-database.ts";

/** What stands behind the function: real PostGraphile over the sample rows, and the mailbox in Mailgun's place. */
export async function withBackEnd() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await withDatabase("empty"));
  await createSampleTables(database.sql);
  await addSampleRows(database.sql, "http://localhost:3001");
  const host = "127.0.0.1";
  const api = await startAdminApi({ ...database.settings, ADMIN_API_PORT: 0, ADMIN_API_HOST: host });
  stack.defer(() => api.stop(true));
  const mailbox = startMailbox(
    { MAILBOX_PORT: 0, MAILBOX_HOST: host, MAILBOX_API_KEY: "local-key" },
    { log: createLog({ level: "error", format: "json", write: () => {}, now: () => new Date() }) },
  );
  stack.defer(() => mailbox.stop(true));
  const messages = `http://${host}:${mailbox.port}/messages`;
  return {
    settings: {
      GRAPHQL_URL: `http://${host}:${api.port}/graphql`,
      LOCAL_APP_PORT: "3000",
      MAILGUN_API_KEY: "local-key",
      MAILGUN_DOMAIN: "mg.acme.test",
      MAILGUN_FROM: "no-reply@mg.acme.test",
      MAILGUN_BASE_URL: `http://${host}:${mailbox.port}`,
      PORT: "0",
    },
    /** Gives the mails that came since the last call, without the mailbox's own id and time. */
    takeMails: async (): Promise<readonly Message[]> => {
      const mails: Message[] = await (await fetch(messages)).json();
      await fetch(messages, { method: "DELETE" });
      return mails.map((mail) => ({ ...mail, id: "", receivedAt: "" }));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
