import { readableText } from "../protocol/readable-text.ts";

/** A mail, in the shape of Resend's `emails.send`. */
export type Mail = {
  readonly from: string;
  readonly to: string | readonly string[];
  readonly subject: string;
  /** At least one of html and text. */
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Shown in Mailgun's statistics; at most three are kept by it. */
  readonly tags?: readonly string[] | undefined;
  /** Further headers of the mail, by name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * False: no link is rewritten and no picture added to tell who opened it, whatever the domain's setting. A rewritten link would
   * hand its secret to the tracker.
   */
  readonly tracking?: false | undefined;
  /** Message-Id without its brackets; the sender makes one up where it is left out. The same for every try of one mail. */
  readonly messageId?: string | undefined;
};

/** Why a mail was not sent. Its message is one line for a person and names no address. */
export type MailError = {
  readonly name:
    | "invalid_mail"
    | "unauthorized"
    | "refused"
    | "rate_limited"
    | "server_error"
    | "not_reached";
  readonly message: string;
  /** Null where there was no answer. */
  readonly statusCode: number | null;
  readonly retryAfterSeconds?: number;
};

/** What sending gives: exactly one of the two is set. */
export type SendResult =
  | { readonly data: { readonly id: string }; readonly error: null }
  | { readonly data: null; readonly error: MailError };

/** Gives why a mail cannot be sent, or undefined. A line break in what becomes a header could add headers of its own. */
export function mailFault(mail: Mail): string | undefined {
  if (mail.html === undefined && mail.text === undefined) return "Cannot send a mail without html or text";
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["from", mail.from],
    ...recipientsOf(mail).map((to) => ["to", to] as const),
    ["subject", mail.subject],
    ["replyTo", mail.replyTo],
    ["messageId", mail.messageId],
    ...(mail.tags ?? []).map((tag) => ["tags", tag] as const),
    ...Object.entries(mail.headers ?? {}).map(([name, value]) => [`headers.${name}`, value] as const),
  ];
  const broken = lines.find(([, value]) => value !== undefined && /(?!\t)\p{Cc}/u.test(value));
  if (broken !== undefined)
    return `Cannot send a mail with a line break or control character in ${readableText(broken[0])}`;
  const badName = Object.keys(mail.headers ?? {}).find((name) => !/^[A-Za-z0-9-]+$/.test(name));
  return badName === undefined
    ? undefined
    : `Cannot send a mail with a header named ${JSON.stringify(badName)}`;
}

/** Gives whom a mail goes to, one or several. */
export function recipientsOf({ to }: Pick<Mail, "to">): readonly string[] {
  return typeof to === "string" ? [to] : to;
}

/** Gives the result of a mail that was not sent; `statusCode` is null where there was no answer. */
export function notSent(name: MailError["name"], statusCode: number | null, message: string): SendResult {
  return { data: null, error: { name, message, statusCode } };
}
