import type { Job } from "../kit/define-job.ts";
import { readFolder } from "../serve/read-folder.ts";
import { sendBySmtp } from "../serve/smtp.ts";
import { createSendEmailLink } from "./index.ts";
import { createOwnTemplates } from "./own-templates.ts";

/** The function send-email-link with what only a container has: SMTP, and templates from a folder. */
export const sendEmailLinkContainer: Job = createSendEmailLink({
  smtp: sendBySmtp,
  templates: createOwnTemplates(readFolder),
});
