import type { Fetch } from "../kit/fetch.ts";
import { JobError } from "../kit/job-error.ts";
import { devRecipient } from "./address.ts";
import type { MailgunSettings } from "./config.ts";
import { createMailgun, type Mail, type MailError } from "./mailgun.ts";

/** A mail before the settings have their say: who sends it is left to them. */
export type Letter = Omit<Mail, "from"> & { readonly from?: string | undefined };

/** What delivering uses. */
export type DeliverTools = {
  readonly settings: MailgunSettings;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
};

/**
 * Sends a letter with Mailgun, to MAILGUN_DEV_EMAIL where that is set, and gives its id.
 *
 * @throws JobError that says how to go on: for good where the next attempt would fare the same (a wrong key, a refused mail), not
 * now on 429, and a failed attempt where Mailgun has a fault or was not reached.
 */
export async function deliver(letter: Letter, { settings, fetch, signal }: DeliverTools): Promise<string> {
  const mailgun = createMailgun({
    apiKey: settings.MAILGUN_API_KEY ?? settings.MAILGUN_KEY ?? "",
    domain: settings.MAILGUN_DOMAIN ?? "",
    baseUrl: settings.MAILGUN_BASE_URL,
    fetch,
  });
  const dev = settings.MAILGUN_DEV_EMAIL;
  const recipients = typeof letter.to === "string" ? [letter.to] : letter.to;
  const mail: Mail = {
    ...letter,
    from: letter.from ?? settings.MAILGUN_FROM ?? "",
    to: dev === undefined ? recipients : recipients.map((to) => devRecipient(dev, to)),
    replyTo: letter.replyTo ?? settings.MAILGUN_REPLY,
  };
  const { data, error } = await mailgun.emails.send(mail, signal);
  if (error !== null) throw jobErrorOf(error);
  return data.id;
}

function jobErrorOf({ name, message, retryAfterSeconds }: MailError): JobError {
  if (name === "rate_limited") return new JobError(message, { status: 429, retryAfterSeconds });
  if (name === "server_error" || name === "not_reached") return new JobError(message, { status: 502 });
  return new JobError(message, { status: name === "invalid_mail" ? 400 : 500, retry: false });
}
