/** @jsxImportSource hono/jsx */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { isLocalHost } from "../http/is-local-host.ts";
import type { Log } from "../log/log.ts";
import { findLinks } from "./find-links.ts";
import { mailDocument } from "./mail-document.ts";
import { readView } from "./mail-view.tsx";
import { type Message, type MessageFile, type MessageStore, messageJson } from "./message.ts";
import { Page } from "./page.tsx";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { readMessage } from "./read-message.ts";
import { NothingHere } from "./shell.tsx";

/** What a mailbox uses. */
export type MailboxOptions = {
  readonly store: MessageStore;
  /** Key that senders have to know. */
  readonly apiKey: string;
  readonly log: Log;
};

/** Mailgun's own limit for a message with its attachments. */
const messageLimitBytes = 25 * 1024 * 1024;

/** Gives the mailbox's app: Mailgun's endpoint for messages, a JSON API and a page to read them. */
export function createMailboxApp(options: MailboxOptions): Hono {
  const app = new Hono();
  app.use(refuseForeignHosts);
  addMailDocument(app, options.store);
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        frameSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'self'"],
      },
      referrerPolicy: "no-referrer",
      strictTransportSecurity: false,
    }),
  );
  addMailgun(app, options);
  addJson(app, options.store);
  addPage(app, options.store);
  // Not notFound, which is forgotten when the app becomes a part of another.
  app.all("*", (c) => nothing(c, `Nothing is at ${c.req.method} ${c.req.path}`));
  return app;
}

/** A page elsewhere whose name was pointed at this address (DNS rebinding) must not read the mail. */
async function refuseForeignHosts(c: Context, next: () => Promise<void>): Promise<Response | undefined> {
  const { hostname } = new URL(c.req.url);
  if (isLocalHost(hostname)) {
    await next();
    return undefined;
  }
  return c.json({ message: `The mailbox does not answer for the host ${hostname}. Use localhost.` }, 421);
}

function addMailgun(app: Hono, { store, apiKey, log }: MailboxOptions): void {
  const tooLarge = (c: Context) => c.json({ message: "Message is larger than 25 MB" }, 413);
  app.post(
    "/v3/:domain/messages",
    bodyLimit({ maxSize: messageLimitBytes, onError: tooLarge }),
    async (c) => {
      if (!isAuthorised(c.req.header("Authorization"), apiKey)) return c.text("Forbidden", 401);
      const form = await c.req.formData().catch(() => null);
      if (form === null)
        return c.json({ message: "The body is neither multipart/form-data nor urlencoded" }, 400);
      const id = crypto.randomUUID();
      const message = await readMessage(form, { id, receivedAt: new Date() });
      if ("fault" in message) return c.json({ message: message.fault }, 400);
      store.add(message);
      log.info("mail received", { subject: message.subject, tags: message.tags.join(",") });
      return c.json({ id: `<${id}@${c.req.param("domain")}>`, message: "Queued. Thank you." });
    },
  );
}

function isAuthorised(header: string | undefined, apiKey: string): boolean {
  const given = header?.replace(/^Basic +/i, "") ?? "";
  return timingSafeEqual(digest(given), digest(btoa(`api:${apiKey}`)));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function addJson(app: Hono, store: MessageStore): void {
  app.get("/messages", (c) => c.json(store.list().map(messageJson)));
  app.get("/messages/:id", (c) => {
    const message = store.find(c.req.param("id"));
    return message === undefined ? noMessage(c) : c.json(messageJson(message));
  });
  app.delete("/messages", (c) => {
    store.clear();
    return c.body(null, 204);
  });
}

/** Registered before the page's own headers, which are others. */
function addMailDocument(app: Hono, store: MessageStore): void {
  app.get("/messages/:id/html", async (c, next) => {
    const message = store.find(c.req.param("id"));
    return message === undefined ? next() : mailDocument(message.html);
  });
  app.get("/messages/:id/attachments/:number", async (c, next) => {
    const file = store.find(c.req.param("id"))?.attachments?.[Number(c.req.param("number"))];
    return file === undefined ? next() : fileDownload(file);
  });
}

/** A file is a stranger's: it is saved, and never shown as a page of this address. */
function fileDownload({ filename, content }: MessageFile): Response {
  return new Response(content, {
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(filename.toWellFormed())}`,
      "Content-Security-Policy": "sandbox; default-src 'none'",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

function noMessage(c: Context) {
  return nothing(c, `No message has the id ${c.req.param("id")}`);
}

/** A browser gets a page, a program JSON. */
function nothing(c: Context, message: string) {
  const isBrowser = c.req.header("Accept")?.includes("text/html") ?? false;
  return isBrowser ? c.html(<NothingHere>{message}</NothingHere>, 404) : c.json({ message }, 404);
}

function addPage(app: Hono, store: MessageStore): void {
  app.get("/", async (c) => {
    const messages = store.list();
    const id = c.req.query("id");
    const chosen: Message | undefined = id === undefined ? messages[0] : store.find(id);
    const links = chosen === undefined ? [] : await findLinks(chosen.html, chosen.text);
    const view = readView(c.req.query("view"), chosen);
    return c.html(
      <Page messages={messages} chosen={chosen} isFixed={id !== undefined} view={view} links={links} />,
      id !== undefined && chosen === undefined ? 404 : 200,
    );
  });
  app.get("/state", (c) => c.json(stateOf(store)));
  app.post("/clear", csrf(), (c) => {
    store.clear();
    return c.redirect("/", 303);
  });
  app.get("/page.css", (c) => c.body(pageStyle, 200, { "Content-Type": "text/css; charset=utf-8" }));
  app.get("/page.js", (c) => c.body(pageScript, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  app.get("/favicon.ico", (c) => c.body(null, 204));
}

function stateOf(store: MessageStore): { newest: string; count: number } {
  const messages = store.list();
  return { newest: messages[0]?.id ?? "", count: messages.length };
}
