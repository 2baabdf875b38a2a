import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { contrast } from "../../functions/mail/colour.ts";
import { createLog } from "../../services/log/log.ts";
import { createMailboxApp } from "../../services/mailbox/create-mailbox-app.tsx";
import { createMessageStore, type Message } from "../../services/mailbox/message.ts";
import { askChromium, findChromium } from "./ask-chromium.ts";
import { type Colours, coloursInBrowser } from "./colours-in-browser.ts";
import { previewPage } from "./preview-page.ts";

// What a person sees of the mailbox and the preview, in a real Chromium. No pixels are compared.

const log = createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() });
const program = findChromium() ?? "";
const long = "Donaudampfschifffahrtsgesellschaft".repeat(20);
const message = {
  receivedAt: "2026-11-24T23:30:00.000Z",
  from: `"${"A long name ".repeat(20)}" <a@a.example>`,
  to: Array.from({ length: 40 }, (_, n) => `recipient-${n}@subdomain.example.com`).join(", "),
  subject: long,
  html: `<p>${long}</p>`,
  text: `${long} https://a.example/${long}`,
  headers: { "X-Long": long },
  tags: [],
} satisfies Omit<Message, "id">;

function mailbox() {
  const store = createMessageStore();
  for (let n = 1; n <= 60; n++) store.add({ ...message, id: `m${n}` });
  return { store, app: createMailboxApp({ store, apiKey: "key", log }) };
}

/** Runs in the browser: it may use nothing from outside itself. */
async function lookAtPages(
  views: ReadonlyArray<{ readonly path: string; readonly width: number }>,
  { hexOf, backgroundOf }: Colours,
) {
  const hasText = (element: Element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== "");
  const seen = [];
  for (const { path, width } of views) {
    const frame = document.createElement("iframe");
    frame.width = String(width);
    frame.height = "800";
    frame.src = path;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument;
    if (page === null) throw new Error(`Nothing is to be seen of ${path}`);
    const list = page.querySelector(".list")?.getBoundingClientRect();
    const chosen = page.querySelector(".list [aria-current]")?.getBoundingClientRect();
    seen.push({
      mode: page.compatMode,
      scrollWidth: page.documentElement.scrollWidth,
      isChosenInSight: !list || !chosen || (chosen.top >= list.top && chosen.bottom <= list.bottom),
      tallest: Math.max(...[...page.querySelectorAll("li a, h2, dd")].map((one) => one.clientHeight)),
      texts: [...page.querySelectorAll("body *")]
        .filter((one) => hasText(one) && !/^(SCRIPT|STYLE|OPTION|SELECT)$/.test(one.tagName))
        .map((one) => [one.textContent ?? "", hexOf(getComputedStyle(one).color), backgroundOf(one)]),
    });
    frame.remove();
  }
  return seen;
}

const seen = z.array(
  z.object({
    mode: z.string(),
    scrollWidth: z.number(),
    isChosenInSight: z.boolean(),
    tallest: z.number(),
    texts: z.array(z.tuple([z.string(), z.string(), z.string()])),
  }),
);

/** A frame cannot be told its colour scheme: a style sheet's question for it is answered in its place. */
async function inScheme(response: Response, scheme: string): Promise<Response> {
  const css = (await response.text()).replaceAll(
    "(prefers-color-scheme: dark)",
    scheme === "dark" ? "all" : "not all",
  );
  return new Response(css.replaceAll("color-scheme: light dark", `color-scheme: ${scheme}`), response);
}

describe.skipIf(program === "")("in Chromium", () => {
  const paths = [
    "/",
    "/?id=m7",
    ...["text", "source", "headers"].map((view) => `/?id=m1&view=${view}`),
    "/?id=none",
    "/nothing",
    "/preview",
  ];
  const views = paths.flatMap((path) => [320, 390, 1280].map((width) => ({ path, width })));

  test.each(["light", "dark"])(
    "every page in %s is whole and can be read at 320, 390 and 1280 px",
    async (scheme) => {
      const { app } = mailbox();
      const fetch = async (request: Request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/preview") {
          const html = { headers: { "Content-Type": "text/html" } };
          return inScheme(new Response(previewPage({ locale: "en", colour: "#1d4ed8" }), html), scheme);
        }
        return pathname === "/page.css" ? inScheme(await app.fetch(request), scheme) : app.fetch(request);
      };
      const script = `(${lookAtPages.toString()})(${JSON.stringify(views)}, ${coloursInBrowser}).then(answer);`;
      const pages = seen.parse(await askChromium(program, { script, fetch }));
      expect(pages).toHaveLength(views.length);
      for (const [index, { mode, scrollWidth, isChosenInSight, tallest, texts }] of pages.entries()) {
        const { path = "", width = 0 } = views[index] ?? {};
        expect([path, width, mode, isChosenInSight]).toEqual([path, width, "CSS1Compat", true]);
        expect([path, width, scrollWidth]).toEqual([path, width, Math.min(width, scrollWidth)]);
        expect([path, width, tallest < 200]).toEqual([path, width, true]);
        const faint = texts.filter(([, ink, background]) => contrast(ink, background) < 4.5);
        expect([path, faint]).toEqual([path, []]);
      }
    },
    60_000,
  );

  test("new mail comes into the list without taking the mail away that is read", async () => {
    const { store, app } = mailbox();
    const fetch = (request: Request) => {
      if (new URL(request.url).pathname !== "/come") return app.fetch(request);
      store.add({ ...message, id: "new", subject: "Just now" });
      return new Response();
    };
    const script = `
      const frame = document.createElement("iframe");
      frame.src = "/?id=m7";
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.body.append(frame);
      await loaded;
      const page = frame.contentDocument;
      const status = page.querySelector("[role=status]");
      page.querySelector(".list a[aria-current]").focus();
      const changed = new Promise((resolve) => new MutationObserver(resolve).observe(status, { childList: true }));
      await fetch("/come");
      await changed;
      const isSame = page === frame.contentDocument;
      answer([isSame, page.querySelector(".list strong").textContent, status.textContent, page.activeElement.getAttribute("href")]);`;
    expect(await askChromium(program, { script, fetch })).toEqual([
      true,
      "Just now",
      "61 messages, in memory",
      "/?id=m7",
    ]);
  }, 60_000);
});
