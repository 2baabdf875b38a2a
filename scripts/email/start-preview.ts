import { watch } from "node:fs";
import { join } from "node:path";
import { normalColour } from "../../functions/mail/colour.ts";
import { templatesOf } from "../../functions/send-email-link/compose.ts";
import { compileFolder } from "../../functions/send-email-link/own-templates.ts";
import { readFolder } from "../../functions/serve/read-folder.ts";
import { previewMail } from "./preview-mails.ts";
import { previewPage } from "./preview-page.ts";

/** Folder of the templates to show, and where. */
export type PreviewOptions = { readonly folder: string; readonly port: number };

/** A preview that runs. */
export type Preview = { readonly url: string; readonly stop: () => Promise<void> };

/** The folder of our own templates. */
export const ourTemplates: string = join(import.meta.dirname, "../../functions/send-email-link/templates");

const logo = join(import.meta.dirname, "../../services/admin-api/sample/logo.png");

/**
 * Serves all mails of a folder's templates on this machine alone. Templates are compiled for each look; when a file of the folder
 * changes, pages that are open reload. A template with a fault shows the fault.
 */
export function startPreview({ folder, port }: PreviewOptions): Preview {
  const told = new Set<ReadableStreamDefaultController<string>>();
  const watcher = watch(folder, () => {
    for (const listener of told) listener.enqueue("data: changed\n\n");
  });
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    routes: {
      "/": (request) => page(new URL(request.url).searchParams),
      "/mail": async (request) => await mail(new URL(request.url), folder),
      "/logo.png": () => new Response(Bun.file(logo)),
      "/events": () => events(told),
    },
    fetch: () => new Response("There is nothing here", { status: 404 }),
  });
  return {
    url: `http://127.0.0.1:${server.port}/`,
    stop: async () => {
      watcher.close();
      await server.stop(true);
    },
  };
}

const html = { "Content-Type": "text/html; charset=utf-8" };
const text = { "Content-Type": "text/plain; charset=utf-8" };

function page(query: URLSearchParams): Response {
  return new Response(previewPage({ locale: query.get("locale") ?? "en", colour: colourOf(query) }), {
    headers: html,
  });
}

async function mail({ searchParams: query, origin }: URL, folder: string): Promise<Response> {
  try {
    const templates = templatesOf(await compileFolder(folder, readFolder));
    const shown = previewMail(templates, {
      mail: query.get("mail") ?? "",
      locale: query.get("locale") ?? "en",
      scheme: query.get("scheme") === "dark" ? "dark" : "light",
      colour: colourOf(query),
      logoUrl: `${origin}/logo.png`,
    });
    if (shown === undefined) return new Response("There is no such mail", { status: 404 });
    if (query.get("part") !== "text") return new Response(shown.html, { headers: html });
    return new Response(`Subject: ${shown.subject}\n\n${shown.text}`, { headers: text });
  } catch (fault) {
    return new Response(fault instanceof Error ? fault.message : String(fault), {
      status: 500,
      headers: text,
    });
  }
}

function colourOf(query: URLSearchParams): string {
  return normalColour(query.get("colour") ?? "") ?? "#1d4ed8";
}

function events(told: Set<ReadableStreamDefaultController<string>>): Response {
  let own: ReadableStreamDefaultController<string> | undefined;
  const stream = new ReadableStream<string>({
    start: (controller) => {
      own = controller;
      told.add(controller);
      controller.enqueue(": open\n\n");
    },
    cancel: () => {
      if (own !== undefined) told.delete(own);
    },
  });
  const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
  return new Response(stream.pipeThrough(new TextEncoderStream()), { headers });
}
