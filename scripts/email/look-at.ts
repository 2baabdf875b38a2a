import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** What can be seen of a mail: each piece of text, from the top, its box in pixels and its colours as `#rrggbb`. */
export type Seen = z.infer<typeof seen>;

const text = z.object({
  tag: z.string(),
  text: z.string(),
  top: z.number(),
  left: z.number(),
  right: z.number(),
  height: z.number(),
  ink: z.string(),
  background: z.string(),
});
const seen = z.object({ scrollWidth: z.number(), texts: z.array(text) });

/** Gives the Chromium of this machine, or undefined. */
export function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return names.map((name) => Bun.which(name)).find((path) => path !== null) ?? undefined;
}

/** A hundred mails take it three seconds. */
const patienceMs = 50_000;

/** Gives what a Chromium shows of each mail in a frame of its width. One start for all. */
export async function lookAt(
  program: string,
  mails: ReadonlyArray<{ readonly width: number; readonly html: string }>,
): Promise<readonly Seen[]> {
  const answer = Promise.withResolvers<unknown>();
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: {
      "/": () => new Response(pageOf(mails), { headers: { "Content-Type": "text/html; charset=utf-8" } }),
      "/seen": async (request) => {
        answer.resolve(await request.json());
        return new Response();
      },
    },
    fetch: () => new Response(null, { status: 404 }),
  });
  // A profile of its own: a second Chromium on one profile hands over to the first and ends.
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=800,900"];
  const browser = Bun.spawn(
    [program, ...args, `--user-data-dir=${profile}`, "--remote-debugging-port=0", server.url.href],
    { stdout: "ignore", stderr: "ignore" },
  );
  const patience = setTimeout(
    () => answer.reject(new Error(`Chromium has shown nothing within ${patienceMs} ms.`)),
    patienceMs,
  );
  void browser.exited.then((code) => answer.reject(new Error(`Chromium stopped with exit code ${code}.`)));
  try {
    return z.array(seen).parse(await answer.promise);
  } finally {
    clearTimeout(patience);
    browser.kill("SIGKILL");
    await browser.exited;
    await rm(profile, { recursive: true, force: true });
  }
}

function pageOf(mails: ReadonlyArray<{ readonly width: number; readonly html: string }>): string {
  const json = JSON.stringify(mails).replaceAll("<", "\\u003c");
  return `<!doctype html><body><script>
const mails = ${json};
(${lookAtAll.toString()})(mails).then((seen) => fetch("/seen", { method: "POST", body: JSON.stringify(seen) }));
</script>`;
}

/** Runs in the browser: it may use nothing from outside itself. */
async function lookAtAll(mails: ReadonlyArray<{ readonly width: number; readonly html: string }>) {
  const hex = (colour: string) =>
    `#${(colour.match(/\d+/g) ?? [])
      .slice(0, 3)
      .map((part) => Number(part).toString(16).padStart(2, "0"))
      .join("")}`;
  const backgroundOf = (element: Element | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/^rgba\(.*, 0\)$|transparent/.test(colour)) return hex(colour);
    }
    return "#ffffff";
  };
  const textsOf = (page: Document) => {
    const elements = [...page.querySelectorAll("body *")].filter((element) =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== ""),
    );
    return elements
      .filter((element) => getComputedStyle(element).display !== "none")
      .map((element) => {
        const { top, left, right, height } = element.getBoundingClientRect();
        const range = page.createRange();
        range.selectNodeContents(element);
        const text = range.getBoundingClientRect();
        const isBox = element.tagName === "A";
        return {
          tag: element.tagName.toLowerCase(),
          text: element.textContent?.trim() ?? "",
          top,
          left: isBox ? left : text.left,
          right: isBox ? right : text.right,
          height,
          ink: hex(getComputedStyle(element).color),
          background: backgroundOf(element),
        };
      });
  };
  const seen = [];
  for (const { width, html } of mails) {
    const frame = document.createElement("iframe");
    frame.width = String(width);
    frame.height = "900";
    frame.style.border = "0";
    frame.srcdoc = html;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument;
    if (page !== null) seen.push({ scrollWidth: page.documentElement.scrollWidth, texts: textsOf(page) });
    frame.remove();
  }
  return seen;
}
