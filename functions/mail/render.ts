import type mjml from "mjml-browser";
import { checkSlots, type Slots, type Template } from "./template.ts";

/**
 * Gives an MJML template compiled to HTML, its slots still open: the costly step, done once a template.
 *
 * @throws Error for MJML that is not valid, and for slots that do not fit `slots`.
 */
export async function compileTemplate<S extends Slots>(source: string, slots: S): Promise<Template<S>> {
  checkSlots(source, slots);
  const { closed, reopen } = closeColours(source, slots);
  const compile = await loadMjml();
  const { html, errors } = await compile(closed, {
    validationLevel: "strict",
    keepComments: false,
    // No web fonts: a mail that loads one tells its maker that it was opened.
    fonts: {},
  });
  const [error] = errors;
  if (error !== undefined) throw new Error(`Cannot compile the template: ${error.formattedMessage}`);
  return { html: reopen(html), slots };
}

/**
 * MJML checks colours, so it cannot be given a slot for one: each stands as a colour of its own that nobody would choose,
 * until MJML is done.
 */
function closeColours(source: string, slots: Slots) {
  const colours = Object.keys(slots).filter((name) => slots[name] === "colour");
  const pairs = colours.map((name, index) => [`{{${name}}}`, `#fe01${(index + 16).toString(16)}`] as const);
  return {
    closed: pairs.reduce((text, [open, closed]) => text.replaceAll(open, closed), source),
    reopen: (html: string) => pairs.reduce((text, [open, closed]) => text.replaceAll(closed, open), html),
  };
}

/**
 * Loads the compiler when it is first needed: 45 ms and 1.2 MB. It looks for a browser's `window` as it loads. Version 4 gives its
 * result at once, version 5 promises it; `await` takes both.
 */
async function loadMjml(): Promise<typeof mjml> {
  if (!("window" in globalThis)) Object.assign(globalThis, { window: globalThis });
  return (await import("mjml-browser")).default;
}
