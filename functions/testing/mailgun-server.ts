import { withServer } from "./with-server.ts";

/** A message as the test server got it: every field of the form, in order, its files apart. */
export type SentForm = {
  readonly domain: string;
  readonly authorization: string | null;
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  readonly files: ReadonlyArray<readonly [name: string, file: File]>;
};

/** How the server answers its next requests, where that is not with success. */
export type MailgunFault = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};

/** Gives a server that takes messages as Mailgun's `POST /v3/DOMAIN/messages` does, key `key-test`, and keeps them. */
export function withMailgun(fault?: MailgunFault) {
  const sent: SentForm[] = [];
  const server = withServer(async (request) => {
    const domain = /^\/v3\/([^/]+)\/messages$/.exec(new URL(request.url).pathname)?.[1];
    if (request.method !== "POST" || domain === undefined) return new Response("not found", { status: 404 });
    if (request.headers.get("Authorization") !== `Basic ${btoa("api:key-test")}`)
      return new Response("Forbidden", { status: 401 });
    if (fault !== undefined)
      return Response.json(fault.body ?? { message: "no" }, {
        status: fault.status,
        headers: fault.headers ?? {},
      });

    const form = await request.formData();
    const fields: [string, string][] = [];
    const files: [string, File][] = [];
    // Bun's types know of texts alone.
    for (const [name, value] of form.entries() as Iterable<[string, string | File]>) {
      if (typeof value === "string") fields.push([name, value]);
      else files.push([name, value]);
    }
    sent.push({ domain, authorization: request.headers.get("Authorization"), fields, files });
    return Response.json({ id: `<${sent.length}@${domain}>`, message: "Queued. Thank you." });
  });
  return { ...server, sent };
}

/** Gives the values of one field of a message. */
export function fieldOf(form: SentForm | undefined, name: string): readonly string[] {
  return (form?.fields ?? []).filter(([field]) => field === name).map(([, value]) => value);
}
