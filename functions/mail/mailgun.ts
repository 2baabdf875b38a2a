import * as z from "zod";
import { withDeadline } from "../kit/deadline.ts";
import type { Fetch } from "../kit/fetch.ts";
import { readStart } from "../kit/read-start.ts";
import { parseJson, readableText } from "../protocol/readable-text.ts";
import { retryAfterSeconds } from "../protocol/retry-after.ts";
import { type Mail, type MailError, mailFault, notSent, recipientsOf, type SendResult } from "./mail.ts";

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
        if (fault !== undefined) return notSent("invalid_mail", null, fault);
        try {
          return await post(mail, options, signal);
        } catch (cause) {
          return notSent("not_reached", null, unansweredReason(cause, signal));
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
    const { text } = await readStart(response.body, answerLimitBytes);
    return resultOf(response, text);
  });
}

/** Of UTF-8 (RFC 7617 §2.1): a key that was pasted wrong is for Mailgun to refuse, and no fault of the connection. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function mailForm(mail: Mail, testMode: boolean): FormData {
  const form = new FormData();
  form.append("from", mail.from);
  for (const to of recipientsOf(mail)) form.append("to", to);
  for (const cc of mail.cc ?? []) form.append("cc", cc);
  for (const bcc of mail.bcc ?? []) form.append("bcc", bcc);
  form.append("subject", mail.subject);
  if (mail.html !== undefined) form.append("html", withCrlf(mail.html));
  if (mail.text !== undefined) form.append("text", withCrlf(mail.text));
  if (mail.replyTo !== undefined) form.append("h:Reply-To", mail.replyTo);
  for (const tag of mail.tags ?? []) form.append("o:tag", tag);
  for (const [name, value] of Object.entries(mail.headers ?? {})) form.append(`h:${name}`, value);
  if (mail.messageId !== undefined) form.append("h:Message-Id", `<${mail.messageId}>`);
  if (mail.tracking === false)
    for (const option of ["o:tracking", "o:tracking-clicks", "o:tracking-opens"]) form.append(option, "no");
  for (const { filename, content, contentType } of mail.attachments ?? [])
    form.append(
      "attachment",
      new Blob([content], { type: contentType ?? "application/octet-stream" }),
      filename,
    );
  if (testMode) form.append("o:testmode", "yes");
  return form;
}

/** Lines of a form end in CRLF (HTML Standard, multipart/form-data encoding); workerd leaves that to its caller. */
function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

const answerBody = z.object({ id: z.string().optional(), message: z.string().optional() });

/** So much of an answer is read: Mailgun's have an id and a line, and what a proxy sends in its place may never end. */
const answerLimitBytes = 64 * 1024;

/** Longest wait that Mailgun's Retry-After may ask for, in seconds; the worker has its own cap. */
const longestWaitSeconds = 86_400;

function resultOf(response: Response, text: string): SendResult {
  const body = answerBody.safeParse(parseJson(text)).data;
  const { status } = response;
  // An answer of 200 without an id has been taken all the same: sending again would make two mails of it.
  if (response.ok) return { data: { id: body?.id ?? "" }, error: null };

  const told = withoutAddresses(readableText(body?.message ?? "", 300));
  if (status === 401)
    return notSent(
      "unauthorized",
      status,
      "Mailgun refused the key: check MAILGUN_API_KEY, MAILGUN_DOMAIN, and MAILGUN_BASE_URL for the account's region (US or EU)",
    );
  if (status === 403)
    return notSent(
      "refused",
      status,
      `Mailgun does not let this domain send (HTTP 403): check the domain, its DNS records and, of a sandbox domain, its authorized recipients${because(told)}`,
    );
  if (status === 404)
    return notSent(
      "refused",
      status,
      `Mailgun knows no such domain: check MAILGUN_DOMAIN and MAILGUN_BASE_URL${because(told)}`,
    );
  // 420 is what a domain or account over its limit is told, with the time until which in words.
  if (status === 420 || status === 429)
    return later(
      "rate_limited",
      response,
      `Mailgun takes no more mails for now (HTTP ${status})${because(told)}`,
    );
  // Not now, where it says when: any other 5xx may stay for good.
  if (status === 503 && response.headers.has("Retry-After"))
    return later("rate_limited", response, `Mailgun takes no mails for now (HTTP 503)${because(told)}`);
  if (status >= 500 || status === 408 || status === 425)
    return later("server_error", response, `Mailgun has a fault of its own (HTTP ${status})${because(told)}`);
  return notSent("refused", status, `Mailgun refused the mail (HTTP ${status})${because(told)}`);
}

/** A failure that passes, with the time to wait where Mailgun says one. */
function later(name: MailError["name"], response: Response, message: string): SendResult {
  const [, until] = /try again after ([^.]*) UTC/i.exec(message) ?? [];
  const inWords = until === undefined ? null : `${until} GMT`;
  const wait = retryAfterSeconds(response.headers.get("Retry-After") ?? inWords, {
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
