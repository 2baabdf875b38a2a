import { defineJob, type Job, type JobTools } from "../kit/define-job.ts";
import { addressDomain } from "../mail/address.ts";
import { createDeliver, type Letter, type SendBySmtp } from "../mail/deliver.ts";
import { htmlToText } from "../mail/html-to-text.ts";
import { simpleEmailSettings } from "./config.ts";
import { simpleEmailPayload } from "./payload.ts";

/** What simple-email uses of the world, besides the kit's. */
export type SimpleEmailTools = JobTools & { readonly smtp?: SendBySmtp };

/** Gives the function simple-email: one mail, as its payload has it. */
export function createSimpleEmail(tools: SimpleEmailTools = {}): Job {
  const deliver = createDeliver({ fetch: tools.fetch ?? fetch, smtp: tools.smtp });
  return defineJob(
    {
      name: "simple-email",
      payload: simpleEmailPayload,
      env: simpleEmailSettings,
      run: async ({ to, subject, html, text, from, replyTo }, { env, signal, log, idempotencyKey }) => {
        const plain = text ?? (html === undefined ? undefined : htmlToText(html));
        const letter: Letter = { to, subject, html, text: plain, from, replyTo };
        if (env.SIMPLE_EMAIL_DRY_RUN) {
          const recipients = [env.MAILGUN_DEV_EMAIL ?? to].flat();
          log.info("mail not sent: dry run", {
            recipientDomain: addressDomain(recipients[0] ?? ""),
            recipients: recipients.length,
          });
          return { dryRun: true };
        }
        await deliver(letter, { settings: env, signal, idempotencyKey });
        return {};
      },
    },
    tools,
  );
}

/** The function simple-email. */
export const simpleEmail: Job = createSimpleEmail();
