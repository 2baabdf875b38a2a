import { JobError } from "../kit/job-error.ts";
import type { SendEmailLinkPayload } from "./payload.ts";

/** Gives what makes a mail's link secret: whoever has it can take the account over. */
function secretOf(payload: SendEmailLinkPayload): string {
  if (payload.email_type === "invite_email") return payload.invite_token;
  return payload.email_type === "forgot_password" ? payload.reset_token : payload.verification_token;
}

/** What is shorter protects nothing, and would be found in every other word. */
const shortest = 6;

/** So much of a token is enough to know it by, where an error was cut short within it. */
const prefixLength = 8;

/**
 * Gives a failure without the payload's token: a mail server may quote the mail that it refuses, and a job's `last_error` is read by
 * many. What is no JobError stays as it is, as nothing of ours puts a payload into one.
 */
export function withoutSecret(thrown: unknown, payload: SendEmailLinkPayload): unknown {
  if (!(thrown instanceof JobError)) return thrown;
  const secret = secretOf(payload);
  const forms = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ a: secret }).toString().slice(2),
  ];
  if (secret.length < shortest) return thrown;
  const message = forms.reduce((text, form) => text.replace(known(form), "(token)"), thrown.message);
  if (message === thrown.message) return thrown;
  // No cause: it says what the message no longer does.
  const { status, retry, retryAfterSeconds } = thrown;
  return new JobError(message, { status, retry, retryAfterSeconds });
}

function known(form: string): RegExp {
  const start = form.slice(0, prefixLength).replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(`${start}\\S*`, "g");
}
