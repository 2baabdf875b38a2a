import type { Fetch } from "../kit/fetch.ts";
import { JobError } from "../kit/job-error.ts";
import { mayShareWork } from "../kit/runtime.ts";
import { createSharedWork } from "../kit/share-work.ts";
import { devRecipient } from "./address.ts";
import type { MailSettings } from "./config.ts";
import { type Mail, type MailError, recipientsOf, type SendResult } from "./mail.ts";
import { mailIdentity, messageIdOf } from "./mail-identity.ts";
import { createMailgun } from "./mailgun.ts";
import { createSentMemory, type SentMemory } from "./sent-memory.ts";

/** A mail before the settings have their say: who sends it is left to them. */
export type Letter = Omit<Mail, "from" | "messageId"> & { readonly from?: string | undefined };

/** Whose letter it is, and when to give up. */
export type DeliverOptions = {
  readonly settings: MailSettings;
  readonly signal: AbortSignal;
  /** The job's; a letter without one is sent each time. */
  readonly idempotencyKey: string | undefined;
};

/** Sends a letter and gives its id. */
export type Deliver = (letter: Letter, options: DeliverOptions) => Promise<string>;

/** Where a mail is sent by SMTP, and who is left out: the addresses that have it already. */
export type SmtpOptions = {
  /** `smtp://user:password@host:port` */
  readonly url: string;
  readonly signal: AbortSignal;
  readonly reached?: ReadonlySet<string>;
};

/** Sends a mail by SMTP; never throws. A runtime with sockets has one (`serve/smtp.ts`). */
export type SendBySmtp = (mail: Mail, options: SmtpOptions) => Promise<SendResult>;

/** What delivering uses. */
export type DeliverTools = {
  readonly fetch: Fetch;
  readonly smtp?: SendBySmtp | undefined;
  readonly memory?: SentMemory;
  /** Whether one request may wait for what another one began; by default as the runtime has it. */
  readonly isShared?: boolean;
};

/**
 * Gives a function that sends letters with Mailgun, or by SMTP where EMAIL_SEND_USE_SMTP says so, and to MAILGUN_DEV_EMAIL where
 * that is set.
 *
 * **Duplicates.** A retried job asks for its mail again. What this process has sent within a day is not sent twice, and what it is
 * sending is waited for: where the worker gives up, the sending still goes on to its end, as breaking it off would unsend nothing,
 * and the retry finds it. (Not in workerd, where a request takes all that it began along.) Every try carries the same Message-Id,
 * by which many mailboxes (Gmail's among them) show two copies as one. What remains: Mailgun itself drops no duplicates, so where
 * its own answer was lost, or another instance tries again, two copies may be delivered. Where an SMTP server took some recipients and
 * refused others, the job fails and says so, and its next try goes to the others alone.
 *
 * The function throws a JobError that says how to go on: for good where the next attempt would fare the same (a wrong key, a
 * refused mail), not now on 429, and a failed attempt where the server has a fault or was not reached.
 */
export function createDeliver({
  fetch,
  smtp,
  memory = createSentMemory(),
  isShared = mayShareWork(),
}: DeliverTools): Deliver {
  const share = createSharedWork<string>(isShared);
  const send = async (mail: Mail, { settings, signal, identity }: Sending): Promise<string> => {
    const sent = memory.find(identity ?? "");
    const reached = sent !== undefined && "reached" in sent ? sent.reached : new Set<string>();
    const { data, error } = settings.EMAIL_SEND_USE_SMTP
      ? await requireSmtp(smtp)(mail, { url: settings.JOBS_SMTP_URL, signal, reached })
      : await mailgunOf(settings, fetch).emails.send(mail, signal);
    if (error === null) {
      if (identity !== undefined) memory.add(identity, data);
      return data.id;
    }
    if (identity !== undefined && error.reached !== undefined)
      memory.add(identity, { reached: new Set([...reached, ...error.reached]) });
    throw jobErrorOf(error);
  };
  return async (letter, { settings, signal, idempotencyKey }) => {
    const mail = mailOf(letter, settings);
    if (idempotencyKey === undefined) return send(mail, { settings, signal, identity: undefined });
    const identity = await mailIdentity(idempotencyKey, mail);
    const sent = memory.find(identity);
    if (sent !== undefined && "id" in sent) return sent.id;

    const named = { ...mail, messageId: messageIdOf(identity, mail, settings.MAILGUN_DOMAIN) };
    return share(identity, signal, (signal) => send(named, { settings, signal, identity }));
  };
}

/** `identity`: the name of all tries of one mail; undefined for a mail that is remembered by none. */
type Sending = {
  readonly settings: MailSettings;
  readonly signal: AbortSignal;
  readonly identity: string | undefined;
};

function mailOf(letter: Letter, settings: MailSettings): Mail {
  const dev = settings.MAILGUN_DEV_EMAIL;
  const redirected = (to: string) => (dev === undefined ? to : devRecipient(dev, to));
  return {
    ...letter,
    from: letter.from ?? settings.MAILGUN_FROM ?? "",
    to: recipientsOf(letter).map(redirected),
    cc: letter.cc?.map(redirected),
    bcc: letter.bcc?.map(redirected),
    replyTo: letter.replyTo ?? settings.MAILGUN_REPLY,
  };
}

function mailgunOf(settings: MailSettings, fetch: Fetch) {
  return createMailgun({
    apiKey: settings.MAILGUN_API_KEY ?? settings.MAILGUN_KEY ?? "",
    domain: settings.MAILGUN_DOMAIN ?? "",
    baseUrl: settings.MAILGUN_BASE_URL,
    testMode: settings.JOBS_MAILGUN_TEST_MODE,
    fetch,
  });
}

function requireSmtp(smtp: SendBySmtp | undefined): SendBySmtp {
  if (smtp !== undefined) return smtp;
  throw new JobError(
    "Cannot send by SMTP: this runtime has no sockets. Unset EMAIL_SEND_USE_SMTP, or run the function as a container",
    { retry: false },
  );
}

function jobErrorOf({ name, message, retryAfterSeconds }: MailError): JobError {
  if (name === "rate_limited") return new JobError(message, { status: 429, retryAfterSeconds });
  if (name === "server_error" || name === "not_reached")
    return new JobError(message, { status: 502, retryAfterSeconds });
  return new JobError(message, { status: name === "invalid_mail" ? 400 : 500, retry: false });
}
