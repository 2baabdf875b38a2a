import { escapeSlot, type SlotKind } from "./escape.ts";

/** The slots of a template, each with what stands in it. */
export type Slots = Readonly<Record<string, SlotKind>>;

/** Values for a template's slots; undefined leaves a slot empty and drops the blocks that ask for it. */
export type SlotValues<S extends Slots> = { readonly [Name in keyof S]: string | undefined };

/** A piece of a template: fixed HTML, a slot, or a block that stays only where its slot has a value. */
type Part = string | { readonly slot: string } | { readonly block: string; readonly parts: readonly Part[] };

/** A template compiled to HTML and cut at its slots, so that filling it is one walk without any search. */
export type Template<S extends Slots> = {
  readonly parts: readonly Part[];
  readonly slots: S;
};

const mark = /\{\{([#/]?)(\w+)\}\}/g;

/**
 * Gives a template of compiled HTML, whose slots stand open as `{{name}}`, and blocks as `{{#name}}…{{/name}}`.
 *
 * @throws Error for a slot that is not declared, and for a block that is not closed.
 */
export function parseTemplate<S extends Slots>(html: string, slots: S): Template<S> {
  const open: { readonly name: string; readonly parts: Part[] }[] = [{ name: "", parts: [] }];
  let end = 0;
  for (const { 0: whole, 1: sign, 2: name = "", index } of html.matchAll(mark)) {
    if (!Object.hasOwn(slots, name)) throw fault(`it has no slot named ${name}`);
    const innermost = open.at(-1);
    innermost?.parts.push(html.slice(end, index));
    end = index + whole.length;
    if (sign === "") innermost?.parts.push({ slot: name });
    else if (sign === "#") open.push({ name, parts: [] });
    else closeBlock(open, name);
  }
  const [outer, unclosed] = open;
  if (unclosed !== undefined) throw fault(`the block {{#${unclosed.name}}} is not closed`);
  return { parts: [...(outer?.parts ?? []), html.slice(end)], slots };
}

function closeBlock(open: { readonly name: string; readonly parts: Part[] }[], name: string): void {
  const closed = open.length > 1 ? open.pop() : undefined;
  if (closed === undefined || closed.name !== name) throw fault(`{{/${name}}} closes no open block`);
  open.at(-1)?.parts.push({ block: name, parts: closed.parts });
}

/** Gives every slot that a template's source or HTML names, in a block's condition too. */
export function slotsIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(mark)].map(({ 2: name = "" }) => name));
}

/**
 * Gives a template's HTML with every slot filled, each value escaped by the slot's kind.
 *
 * A block is dropped where its slot has no value, or one that may not stand there: an image whose URL is refused leaves no
 * hole. Values are never read as templates.
 */
export function fillTemplate<S extends Slots>({ parts, slots }: Template<S>, values: SlotValues<S>): string {
  const escaped: Record<string, string | undefined> = Object.create(null);
  for (const name in slots) {
    const value = values[name];
    const kind = slots[name];
    if (value !== undefined && value !== "" && kind !== undefined) escaped[name] = escapeSlot(kind, value);
  }
  return join(parts, escaped);
}

function join(parts: readonly Part[], escaped: Readonly<Record<string, string | undefined>>): string {
  let html = "";
  for (const part of parts) {
    if (typeof part === "string") html += part;
    else if ("slot" in part) html += escaped[part.slot] ?? "";
    else if (escaped[part.block] !== undefined) html += join(part.parts, escaped);
  }
  return html;
}

function fault(reason: string): Error {
  return new Error(`Cannot compile the template: ${reason}.`);
}
