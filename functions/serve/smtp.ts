import { type Mail, mailFault, notSent, type SendResult } from "../mail/mail.ts";

/** Longest wait for a step of the conversation. */
const timeoutMs = 20_000;

/**
 * Sends one mail by SMTP, for local servers such as Mailpit: a connection for each mail, tags as `X-Tag`. Never throws.
 *
 * @param url `smtp://user:password@host:port`
 */
export async function sendBySmtp(mail: Mail, url: string, signal: AbortSignal): Promise<SendResult> {
  const fault = mailFault(mail);
  if (fault !== undefined) return notSent("invalid_mail", null, fault);
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
  const stop = () => transport.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    const { messageId } = await transport.sendMail(messageOf(mail));
    return { data: { id: messageId }, error: null };
  } catch (thrown) {
    return smtpFailure(thrown);
  } finally {
    signal.removeEventListener("abort", stop);
    transport.close();
  }
}

function messageOf(mail: Mail) {
  const { from, subject, html, text, replyTo, messageId, tags = [], headers = {} } = mail;
  return {
    from,
    to: typeof mail.to === "string" ? mail.to : [...mail.to],
    subject,
    html,
    text,
    replyTo,
    messageId: messageId === undefined ? undefined : `<${messageId}>`,
    headers: [
      ...Object.entries(headers).map(([key, value]) => ({ key, value })),
      ...tags.map((value) => ({ key: "X-Tag", value })),
    ],
  };
}

/** RFC 5321 §4.2.1: 4yz may pass, 5yz stays. Messages of servers are left out, as they name addresses. */
function smtpFailure(thrown: unknown): SendResult {
  const code = thrown instanceof Error && "responseCode" in thrown ? Number(thrown.responseCode) : 0;
  const isLogin = thrown instanceof Error && "code" in thrown && thrown.code === "EAUTH";
  if (isLogin || code === 535 || code === 530)
    return notSent("unauthorized", code, `The SMTP server refused the login (${code}): check JOBS_SMTP_URL`);
  if (code >= 500) return notSent("refused", code, `The SMTP server refused the mail (${code})`);
  if (code >= 400) return notSent("server_error", code, `The SMTP server takes no mail for now (${code})`);
  return notSent("not_reached", null, "The SMTP server could not be reached: check JOBS_SMTP_URL");
}
