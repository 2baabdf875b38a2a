import { defineJob, type Job, type JobTools } from "../kit/define-job.ts";
import { addressDomain } from "../mail/address.ts";
import { createDeliver, type Letter, type SendBySmtp } from "../mail/deliver.ts";
import { htmlToText } from "../mail/html-to-text.ts";
import { everyRecipientOf } from "../mail/mail.ts";
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
      run: async ({ cc, bcc, ...mail }, { env, signal, log, idempotencyKey }) => {
        const plain = mail.text ?? (mail.html === undefined ? undefined : htmlToText(mail.html));
        const letter: Letter = { ...mail, text: plain, cc: listOf(cc), bcc: listOf(bcc) };
        if (env.SIMPLE_EMAIL_DRY_RUN) {
          const recipients = [env.MAILGUN_DEV_EMAIL ?? everyRecipientOf(letter)].flat();
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

function listOf(addresses: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof addresses === "string" ? [addresses] : addresses;
}

/** The function simple-email. */
export const simpleEmail: Job = createSimpleEmail();
