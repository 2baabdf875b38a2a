import { askHealth } from "../../functions/serve/ask-health.ts";
import { runCommand } from "./run-command.ts";

// The program of the image that stands in for what a machine of one's own lacks: the admin API, its sample, and a mailbox.

await runCommand({
  "admin-api": () => import("../../services/admin-api/main.ts"),
  sample: () => import("./load-sample.ts"),
  mailbox: () => import("../../services/mailbox/main.ts"),
  health,
});

/** Asks the part named, whose port its own setting says. */
async function health(): Promise<void> {
  const [part] = process.argv.slice(2);
  const { ADMIN_API_PORT = "3001", MAILBOX_PORT = "8083" } = process.env;
  process.exit(await askHealth(part === "mailbox" ? MAILBOX_PORT : ADMIN_API_PORT));
}
