import type mjml from "mjml-browser";
import { checkSlotPlaces } from "./slot-places.ts";
import { parseTemplate, type Slots, slotsIn } from "./template.ts";

/**
 * Gives an MJML template as HTML whose slots are still open: the costly step, done when a function is built. Hand the HTML to
 * `parseTemplate`.
 *
 * `{{dir}}`, `{{start}}` and `{{end}}` may stand where MJML wants `ltr`, `left` and `right`: one template reads both ways.
 *
 * @param required the slots that every reader of the compiled mail has to see; by default every slot but the sides has to stand in it,
 * wherever that is.
 * @throws Error for MJML that is not valid, for slots that do not fit `slots`, and for one that stands where it is not safe.
 */
export async function compileTemplate(
  source: string,
  slots: Slots,
  required?: readonly string[],
): Promise<string> {
  if (source.length > longestSource)
    throw fault(`it has ${source.length} characters; expected at most ${longestSource}`);
  const unknown = [...slotsIn(source)].filter((name) => !Object.hasOwn(slots, name));
  if (unknown.length > 0)
    throw fault(`there is no slot named ${unknown.join(", ")}, but ${Object.keys(slots).join(", ")}`);

  const { closed, reopen } = closeColours(source, slots);
  const toRight = await compile(towards(closed, { dir: "ltr", start: "left", end: "right" }));
  const toLeft = await compile(towards(closed, { dir: "rtl", start: "right", end: "left" }));
  const html = tidy(reopen(bothWays(toRight, toLeft)));
  const seen = checkSlotPlaces(html, slots, required);
  parseTemplate(html, slots);
  requireSlots(html, { seen, slots, required });
  return html;
}

/** Longest MJML that is compiled: its mail would be cut by Gmail, which shows 102 KB, and MJML's own time grows faster than its source. */
const longestSource = 200_000;

type Wanted = {
  readonly seen: ReadonlySet<string>;
  readonly slots: Slots;
  readonly required: readonly string[] | undefined;
};

/** Looks at the compiled mail, as MJML drops comments and more: a slot in its source says nothing. */
function requireSlots(html: string, { seen, slots, required }: Wanted): void {
  const used = slotsIn(html);
  const wanted = required ?? Object.keys(slots).filter((name) => !sides.has(name));
  const absent = wanted.filter((name) => !used.has(name));
  if (absent.length > 0) throw fault(`it never shows ${absent.join(", ")}`);
  const unseen = required?.filter((name) => !seen.has(name)) ?? [];
  if (unseen.length > 0)
    throw fault(
      `no reader sees ${unseen.join(", ")}: it stands where nothing is displayed, for Outlook alone, in a block that may be dropped, or as the address of a link without words`,
    );
}

async function compile(source: string): Promise<string> {
  const toHtml = await loadMjml();
  const { html, errors } = await toHtml(source, {
    validationLevel: "strict",
    keepComments: false,
    // No web fonts: a mail that loads one tells its maker that it was opened.
    fonts: {},
  });
  const [error] = errors;
  if (error !== undefined) throw fault(error.formattedMessage);
  return html;
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

function towards(source: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, side]) => text.replaceAll(`{{${name}}}`, side), source);
}

/** Slots for sides, and what each is in a mail that reads from left to right. */
const sides: ReadonlyMap<string, string> = new Map([
  ["dir", "ltr"],
  ["start", "left"],
  ["end", "right"],
]);

/** MJML checks sides as well, so it compiles a template once for each direction; where the two differ is a slot. */
function bothWays(toRight: string, toLeft: string): string {
  const side = /\b(left|right|ltr|rtl)\b/;
  const [one, other] = [toRight.split(side), toLeft.split(side)];
  const slotOf = new Map([...sides].map(([name, value]) => [value, `{{${name}}}`]));
  return one.map((piece, index) => (piece === other[index] ? piece : (slotOf.get(piece) ?? piece))).join("");
}

/** White space means nothing between MJML's tags, and is a third of its HTML: a line's indent and empty lines go. */
function tidy(html: string): string {
  return `${html.replace(/[^\S\n]*\n\s*/g, "\n").trim()}\n`;
}

/**
 * Loads the compiler when it is first needed: 45 ms and 1.2 MB. It looks for a browser's `window` as it loads. Version 4 gives its
 * result at once, version 5 promises it; `await` takes both.
 */
async function loadMjml(): Promise<typeof mjml> {
  if (!("window" in globalThis)) Object.assign(globalThis, { window: globalThis });
  return (await import("mjml-browser")).default;
}

function fault(reason: string): Error {
  return new Error(`Cannot compile the template: ${reason}.`);
}
