import { runService } from "../run/run-service.ts";
import { mailboxSettings } from "./settings.ts";
import { startMailbox } from "./start-mailbox.ts";

await runService({
  what: "the mailbox",
  settings: mailboxSettings,
  start: (settings, log) => {
    const server = startMailbox(settings, { log });
    return {
      ready: Promise.resolve(`mailbox ready on http://${settings.MAILBOX_HOST}:${server.port}`),
      drain: () => server.stop(true),
    };
  },
});
