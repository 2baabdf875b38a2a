import { domainToASCII } from "node:url";
import { withDeadline } from "../kit/deadline.ts";
import { type NamedAddress, readAddress } from "../mail/address.ts";
import type { SmtpOptions } from "../mail/deliver.ts";
import {
  everyRecipientOf,
  type Mail,
  mailFault,
  notSent,
  recipientsOf,
  type SendResult,
} from "../mail/mail.ts";

/** Longest wait for a step of the conversation, and for all of it: a server that drips is no silence. */
const timeoutMs = 20_000;
const wholeMs = 240_000;

/**
 * Sends one mail by SMTP, for local servers such as Mailpit: a connection for each mail, tags as `X-Tag`. Never throws.
 *
 * It counts as sent where every recipient was taken. Where some were, the error says how many were not, and names those that have the
 * mail (`reached`): handed in again, they get no second copy.
 */
export async function sendBySmtp(
  mail: Mail,
  { url, signal, reached = new Set() }: SmtpOptions,
): Promise<SendResult> {
  const fault = mailFault(mail);
  if (fault !== undefined) return notSent("invalid_mail", null, fault);
  const everyone = [
    ...new Set(everyRecipientOf(mail).map((text) => envelopeAddress(addressOf(text).address))),
  ];
  const left = everyone.filter((address) => !reached.has(address));
  const from = envelopeAddress(addressOf(mail.from).address);

  // Loaded when first needed: a container that sends by Mailgun starts without it.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Payloads hold text alone: nothing may make this read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    signal.throwIfAborted();
    const sent = await withDeadline(wholeMs, [signal], (signal) =>
      transport.sendMail({ ...messageOf(mail), envelope: { from, to: left }, signal }),
    );
    const missing = left.length - sent.accepted.length;
    if (missing === 0) return { data: { id: sent.messageId }, error: null };
    const refusals = (sent.rejectedErrors ?? []).map(answerOf);
    return partFailure(refusals, { missing, of: everyone.length, reached: sent.accepted.map(String) });
  } catch (thrown) {
    return smtpFailure(thrown, signal);
  } finally {
    transport.close();
  }
}

function messageOf(mail: Mail) {
  const { subject, html, text, messageId, tags = [], headers = {}, attachments = [] } = mail;
  return {
    from: addressOf(mail.from),
    to: recipientsOf(mail).map(addressOf),
    cc: (mail.cc ?? []).map(addressOf),
    bcc: (mail.bcc ?? []).map(addressOf),
    subject,
    html,
    text,
    replyTo: mail.replyTo === undefined ? undefined : addressOf(mail.replyTo),
    messageId: messageId === undefined ? undefined : `<${messageId}>`,
    attachments: attachments.map(({ filename, content, contentType }) => ({
      filename,
      content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
      contentType,
    })),
    headers: [
      ...Object.entries(headers).map(([key, value]) => ({ key, value })),
      ...tags.map((value) => ({ key: "X-Tag", value })),
    ],
  };
}

/** Parsed here, so that nobody is lost to another reading of the same text. */
function addressOf(text: string): NamedAddress {
  return readAddress(text) ?? { name: "", address: text };
}

/** Gives an address as servers are told it: its domain in small letters of ASCII. */
function envelopeAddress(address: string): string {
  const at = address.lastIndexOf("@") + 1;
  const domain = address.slice(at);
  return (
    address.slice(0, at) + (/^[\x21-\x7e]*$/.test(domain) ? domain.toLowerCase() : domainToASCII(domain))
  );
}

/** What a server, or the library before it, said of a failure. */
type Answer = {
  /** Three digits of the server; 0 where it said nothing. */
  readonly status: number;
  readonly text: string;
  /** The library's own code, and the system's where there is one. */
  readonly code: string;
  readonly cause: string;
  readonly command: string;
};

function answerOf(thrown: unknown): Answer {
  const read = (name: string) =>
    typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : undefined;
  const text = (name: string) => {
    const value: unknown = read(name);
    return typeof value === "string" ? value : "";
  };
  return {
    status: Number(read("responseCode") ?? 0),
    text: text("response"),
    code: text("code"),
    cause: text("originalCode") || text("code"),
    command: text("command"),
  };
}

/** RFC 5321 §4.2.1: 4yz may pass, whatever the command was; 5yz stays. */
function isTemporary({ status }: Answer): boolean {
  return status >= 400 && status < 500;
}

type Part = { readonly missing: number; readonly of: number; readonly reached: readonly string[] };

/** Some have the mail and some have not. One who may get it later makes the whole a failure that passes. */
function partFailure(refusals: readonly Answer[], { missing, of, reached }: Part): SendResult {
  const passing = refusals.find(isTemporary);
  const statuses = [...new Set(refusals.map(({ status }) => status))].join(", ");
  const message = `The SMTP server took the mail for ${of - missing} of ${of} recipients, and not for ${missing}${passing === undefined ? "" : " for now"} (${statuses}); those who have it get no second copy`;
  const name = passing === undefined ? "refused" : "server_error";
  const statusCode = (passing ?? refusals[0])?.status ?? null;
  return { data: null, error: { name, message, statusCode, reached } };
}

/** Messages of servers are left out, as they name addresses. */
function smtpFailure(thrown: unknown, signal: AbortSignal): SendResult {
  const answer = answerOf(thrown);
  const { status, text, code, command } = answer;
  if (signal.aborted && status === 0)
    return notSent(
      "not_reached",
      null,
      "The worker gave up before the SMTP server answered; the mail may have been taken",
    );
  if (isTemporary(answer))
    return notSent("server_error", status, `The SMTP server takes no mail for now (${status})`);
  if (/STARTTLS/i.test(text) && status >= 500)
    return notSent(
      "unauthorized",
      status,
      `The SMTP server wants an encrypted connection (${status}), and offers none at this port: let JOBS_SMTP_URL begin with smtps://, or name the port for it`,
    );
  if (status === 530)
    return notSent(
      "unauthorized",
      status,
      "The SMTP server wants a login (530): give JOBS_SMTP_URL a user and a password, as smtp://user:password@host",
    );
  if (code === "EAUTH" || command.startsWith("AUTH"))
    return notSent(
      "unauthorized",
      status === 0 ? null : status,
      status === 0
        ? "Cannot log in to the SMTP server: JOBS_SMTP_URL has a user without a password, or the server knows no way that both can"
        : `The SMTP server refused the login (${status}): check the user and password in JOBS_SMTP_URL`,
    );
  if (status >= 500)
    return notSent("refused", status, `The SMTP server refused the ${refusedPart(command)} (${status})`);
  return unanswered(answer);
}

function refusedPart(command: string): string {
  if (command === "MAIL FROM") return "sender";
  if (command === "RCPT TO") return "recipients";
  return command === "CONN" ? "connection" : "mail";
}

/** No answer at all, or none that SMTP has: where the fault lies, as far as the system tells. */
function unanswered({ code, cause }: Answer): SendResult {
  const told = (message: string) => notSent("not_reached", null, `${message} (${cause || "no answer"})`);
  if (/CERT|SIGNATURE|ALTNAME|ISSUER/i.test(cause))
    return told(
      "The SMTP server's certificate cannot be trusted: check the host in JOBS_SMTP_URL, or give its authority by NODE_EXTRA_CA_CERTS",
    );
  if (code === "ETLS" || /SSL|TLS/i.test(cause))
    return told(
      "No encrypted connection to the SMTP server came about: smtps:// in JOBS_SMTP_URL is for a port that is encrypted from the start, smtp:// for one that is not",
    );
  if (code === "EDNS" || /ENOTFOUND|EAI_/.test(cause))
    return told("The SMTP server's host cannot be found: check JOBS_SMTP_URL");
  if (code === "EPROTOCOL") return told("What answers at JOBS_SMTP_URL speaks no SMTP");
  if (code === "ECONNECTION" || code === "ETIMEDOUT" || cause === "ECONNRESET")
    return told(
      "The SMTP server was not reached, or fell silent; the mail may have been taken: check JOBS_SMTP_URL",
    );
  return told("The SMTP server could not be reached: check JOBS_SMTP_URL");
}
