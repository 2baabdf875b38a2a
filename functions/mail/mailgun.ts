import * as z from "zod";
import { withDeadline } from "../kit/deadline.ts";
import type { Fetch } from "../kit/fetch.ts";
import { parseJson, readableText } from "../protocol/readable-text.ts";
import { retryAfterSeconds } from "../protocol/retry-after.ts";

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

/** Where and as whom to send. */
export type MailgunOptions = {
  readonly apiKey: string;
  readonly domain: string;
  /** `https://api.mailgun.net`, `https://api.eu.mailgun.net`, or a local server. */
  readonly baseUrl: string;
  /** Mailgun takes each mail, counts it, and delivers none. */
  readonly testMode?: boolean;
  readonly fetch?: Fetch;
  /** Longest wait for an answer. 20 s: Mailgun answers within one, and a worker's request has 290. */
  readonly timeoutMs?: number;
};

/** Sends mails through Mailgun's HTTP API. */
export type Mailgun = {
  readonly emails: { readonly send: (mail: Mail, signal?: AbortSignal) => Promise<SendResult> };
};

/** Gives a client of Mailgun. Safe to share; `send` never throws. */
export function createMailgun(options: MailgunOptions): Mailgun {
  return {
    emails: {
      send: async (mail, signal) => {
        const fault = mailFault(mail);
        if (fault !== undefined) return failed("invalid_mail", null, fault);
        try {
          return await post(mail, options, signal);
        } catch (cause) {
          return failed("not_reached", null, unansweredReason(cause, signal));
        }
      },
    },
  };
}

/** Without an answer nobody knows whether the mail was taken, unless there was no connection. */
function unansweredReason(cause: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted) return "The worker gave up before Mailgun answered; the mail may have been taken";
  const late = cause instanceof Error && cause.name === "TimeoutError";
  return late
    ? "Mailgun did not answer in time; the mail may have been taken"
    : "Mailgun could not be reached";
}

/** Gives why a mail cannot be sent, or undefined. A line break in what becomes a header could add headers of its own. */
export function mailFault(mail: Mail): string | undefined {
  if (mail.html === undefined && mail.text === undefined) return "Cannot send a mail without html or text";
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["from", mail.from],
    ...recipients(mail).map((to) => ["to", to] as const),
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

function recipients({ to }: Mail): readonly string[] {
  return typeof to === "string" ? [to] : to;
}

async function post(
  mail: Mail,
  options: MailgunOptions,
  signal: AbortSignal | undefined,
): Promise<SendResult> {
  const send = options.fetch ?? fetch;
  const url = `${options.baseUrl.replace(/\/+$/, "")}/v3/${encodeURIComponent(options.domain)}/messages`;
  const callers = signal === undefined ? [] : [signal];
  return withDeadline(options.timeoutMs ?? 20_000, callers, async (signal) => {
    const response = await send(url, {
      method: "POST",
      headers: { Authorization: `Basic ${base64(`api:${options.apiKey}`)}` },
      body: mailForm(mail, options.testMode === true),
      redirect: "manual", // the mail is for Mailgun alone
      signal,
    });
    // The status says whether the mail was taken, also where the connection is lost within the body.
    return resultOf(response, await response.text().catch(() => ""));
  });
}

/** Of UTF-8 (RFC 7617 §2.1): a key that was pasted wrong is for Mailgun to refuse, and no fault of the connection. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function mailForm(mail: Mail, testMode: boolean): FormData {
  const form = new FormData();
  form.append("from", mail.from);
  for (const to of recipients(mail)) form.append("to", to);
  form.append("subject", mail.subject);
  if (mail.html !== undefined) form.append("html", withCrlf(mail.html));
  if (mail.text !== undefined) form.append("text", withCrlf(mail.text));
  if (mail.replyTo !== undefined) form.append("h:Reply-To", mail.replyTo);
  for (const tag of mail.tags ?? []) form.append("o:tag", tag);
  for (const [name, value] of Object.entries(mail.headers ?? {})) form.append(`h:${name}`, value);
  if (mail.messageId !== undefined) form.append("h:Message-Id", `<${mail.messageId}>`);
  if (mail.tracking === false)
    for (const option of ["o:tracking", "o:tracking-clicks", "o:tracking-opens"]) form.append(option, "no");
  if (testMode) form.append("o:testmode", "yes");
  return form;
}

/** Lines of a form end in CRLF (HTML Standard, multipart/form-data encoding); workerd leaves that to its caller. */
function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

const answerBody = z.object({ id: z.string().optional(), message: z.string().optional() });

/** Longest wait that Mailgun's Retry-After may ask for, in seconds; the worker has its own cap. */
const longestWaitSeconds = 86_400;

function resultOf(response: Response, text: string): SendResult {
  const body = answerBody.safeParse(parseJson(text)).data;
  const { status } = response;
  // An answer of 200 without an id has been taken all the same: sending again would make two mails of it.
  if (response.ok) return { data: { id: body?.id ?? "" }, error: null };

  const told = withoutAddresses(readableText(body?.message ?? "", 300));
  if (status === 401 || status === 403)
    return failed(
      "unauthorized",
      status,
      "Mailgun refused the key: check MAILGUN_API_KEY, MAILGUN_DOMAIN, and MAILGUN_BASE_URL for the account's region (US or EU)",
    );
  if (status === 404)
    return failed(
      "refused",
      status,
      `Mailgun knows no such domain: check MAILGUN_DOMAIN and MAILGUN_BASE_URL${because(told)}`,
    );
  if (status === 429)
    return later("rate_limited", response, `Mailgun takes no more mails for now (HTTP 429)${because(told)}`);
  if (status >= 500)
    return later("server_error", response, `Mailgun has a fault of its own (HTTP ${status})${because(told)}`);
  return failed("refused", status, `Mailgun refused the mail (HTTP ${status})${because(told)}`);
}

/** A failure that passes, with the time to wait where Mailgun says one. */
function later(name: MailError["name"], response: Response, message: string): SendResult {
  const wait = retryAfterSeconds(response.headers.get("Retry-After"), {
    now: new Date(),
    maxSeconds: longestWaitSeconds,
  });
  const { status: statusCode } = response;
  const error = { name, message, statusCode, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) };
  return { data: null, error };
}

function because(told: string): string {
  return told === "" ? "" : `: ${told}`;
}

function withoutAddresses(text: string): string {
  return text.replace(/[^\s<>"',;:]+@[^\s<>"',;:]+/g, "(address)");
}

function failed(name: MailError["name"], statusCode: number | null, message: string): SendResult {
  return { data: null, error: { name, message, statusCode } };
}
