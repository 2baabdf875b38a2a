import { readableText } from "../protocol/readable-text.ts";

/** A file that goes along with a mail. */
export type Attachment = {
  readonly filename: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** `application/pdf`; where it is left out, whoever sends the mail decides, by the file's name or for octets. */
  readonly contentType?: string | undefined;
};

/** A mail, in the shape of Resend's `emails.send`. */
export type Mail = {
  readonly from: string;
  readonly to: string | readonly string[];
  /** Further recipients, whom everybody sees. */
  readonly cc?: readonly string[] | undefined;
  /** Recipients whom nobody else sees. */
  readonly bcc?: readonly string[] | undefined;
  readonly subject: string;
  /** At least one of html and text. */
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
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
  /** Addresses that have got the mail all the same, as a server takes some recipients and refuses others. */
  readonly reached?: readonly string[];
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
    ...(mail.cc ?? []).map((cc) => ["cc", cc] as const),
    ...(mail.bcc ?? []).map((bcc) => ["bcc", bcc] as const),
    ["subject", mail.subject],
    ["replyTo", mail.replyTo],
    ["messageId", mail.messageId],
    ...(mail.attachments ?? []).flatMap(({ filename, contentType }) => [
      ["attachments.filename", filename] as const,
      ["attachments.contentType", contentType] as const,
    ]),
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

/** Gives whom a mail is addressed to, one or several. */
export function recipientsOf({ to }: Pick<Mail, "to">): readonly string[] {
  return typeof to === "string" ? [to] : to;
}

/** Gives everybody who gets a mail: to, cc and bcc. */
export function everyRecipientOf(mail: Pick<Mail, "to" | "cc" | "bcc">): readonly string[] {
  return [...recipientsOf(mail), ...(mail.cc ?? []), ...(mail.bcc ?? [])];
}

/** Gives the result of a mail that was not sent; `statusCode` is null where there was no answer. */
export function notSent(name: MailError["name"], statusCode: number | null, message: string): SendResult {
  return { data: null, error: { name, message, statusCode } };
}
