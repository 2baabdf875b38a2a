import type { Message, MessageFile } from "./message.ts";

/** When and as what a message is kept. */
export type Receipt = { readonly id: string; readonly receivedAt: Date };

/**
 * Gives the message that a form asks to send, or why it cannot be sent, in Mailgun's words for the same fault.
 *
 * Known are from, to, cc, bcc, subject, text, html, attachment, inline, h:NAME and o:tag; other options are accepted and dropped.
 */
export async function readMessage(
  form: FormData,
  { id, receivedAt }: Receipt,
): Promise<Message | { readonly fault: string }> {
  const all = (name: string) =>
    form.getAll(name).filter((value): value is string => typeof value === "string");
  const one = (name: string) => all(name)[0]?.trim() ?? "";
  for (const name of ["from", "to"]) if (one(name) === "") return { fault: `${name} parameter is missing` };
  for (const name of ["from", "to", "cc", "bcc"]) {
    // One character on each side: more would be looked for again from each of them.
    const wrong = all(name).find((value) => value !== "" && !/[^\s@]@[^\s@]/.test(value));
    if (wrong !== undefined)
      return { fault: `${name} parameter is not a valid address. please check documentation` };
  }
  const html = all("html")[0] ?? "";
  const text = all("text")[0] ?? "";
  if (html === "" && text === "")
    return { fault: "Need at least one of 'text' or 'html' parameters specified" };
  const attachments = await readFiles(form);
  return {
    id,
    receivedAt: receivedAt.toISOString(),
    from: one("from"),
    to: all("to").join(", "),
    subject: one("subject"),
    html,
    text,
    headers: {
      ...readHeaders(form),
      ...(all("cc").length === 0 ? {} : { Cc: all("cc").join(", ") }),
      ...(all("bcc").length === 0 ? {} : { Bcc: all("bcc").join(", ") }),
    },
    tags: all("o:tag"),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}

async function readFiles(form: FormData): Promise<readonly MessageFile[]> {
  // Bun's types know of texts alone.
  const values = ["attachment", "inline"].flatMap((name) => form.getAll(name) as (string | File)[]);
  const files = values.filter((value) => typeof value !== "string");
  return Promise.all(
    files.map(async (file) => ({
      filename: file.name,
      contentType: file.type || "application/octet-stream",
      content: await file.bytes(),
    })),
  );
}

function readHeaders(form: FormData): Record<string, string> {
  const headers: Record<string, string> = {};
  form.forEach((value, name) => {
    if (typeof value !== "string") return;
    if (name.startsWith("h:")) headers[name.slice(2)] = value;
  });
  return headers;
}
