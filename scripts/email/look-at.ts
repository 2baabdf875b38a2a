import { z } from "zod";
import { askChromium } from "./ask-chromium.ts";
import { type Colours, coloursInBrowser } from "./colours-in-browser.ts";

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

/** Gives what a Chromium shows of each mail in a frame of its width. One start for all. */
export async function lookAt(
  program: string,
  mails: ReadonlyArray<{ readonly width: number; readonly html: string }>,
): Promise<readonly Seen[]> {
  const script = `(${lookAtAll.toString()})(${JSON.stringify(mails).replaceAll("<", "\\u003c")}, ${coloursInBrowser}).then(answer);`;
  return z.array(seen).parse(await askChromium(program, { script }));
}

/** Runs in the browser: it may use nothing from outside itself. */
async function lookAtAll(
  mails: ReadonlyArray<{ readonly width: number; readonly html: string }>,
  { hexOf, backgroundOf }: Colours,
) {
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
          ink: hexOf(getComputedStyle(element).color),
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
