import type { Message } from "./message.ts";

/** When and as what a message is kept. */
export type Receipt = { readonly id: string; readonly receivedAt: Date };

/**
 * Gives the message that a form asks to send, or why it cannot be sent, in Mailgun's words for the same fault.
 *
 * Known are from, to, cc, bcc, subject, text, html, h:NAME and o:tag; files and other options are accepted and dropped.
 */
export function readMessage(
  form: FormData,
  { id, receivedAt }: Receipt,
): Message | { readonly fault: string } {
  const all = (name: string) =>
    form.getAll(name).filter((value): value is string => typeof value === "string");
  const one = (name: string) => all(name)[0]?.trim() ?? "";
  for (const name of ["from", "to"]) {
    if (one(name) === "") return { fault: `${name} parameter is missing` };
    const wrong = all(name).find((value) => !/[^\s@]+@[^\s@]+/.test(value));
    if (wrong !== undefined)
      return { fault: `${name} parameter is not a valid address. please check documentation` };
  }
  const html = all("html")[0] ?? "";
  const text = all("text")[0] ?? "";
  if (html === "" && text === "")
    return { fault: "Need at least one of 'text' or 'html' parameters specified" };
  return {
    id,
    receivedAt: receivedAt.toISOString(),
    from: one("from"),
    to: all("to").join(", "),
    subject: one("subject"),
    html,
    text,
    headers: readHeaders(form),
    tags: all("o:tag"),
  };
}

function readHeaders(form: FormData): Record<string, string> {
  const headers: Record<string, string> = {};
  form.forEach((value, name) => {
    if (typeof value !== "string") return;
    if (name.startsWith("h:")) headers[name.slice(2)] = value;
    if (name === "cc" || name === "bcc") headers[name === "cc" ? "Cc" : "Bcc"] = value;
  });
  return headers;
}
