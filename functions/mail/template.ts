import { escapeSlot, type SlotKind } from "./escape.ts";

/** The slots of a template, each with what stands in it. */
export type Slots = Readonly<Record<string, SlotKind>>;

/** Values for a template's slots; undefined leaves a slot empty and drops the blocks that ask for it. */
export type SlotValues<S extends Slots> = { readonly [Name in keyof S]: string | undefined };

/** A template compiled to HTML, its slots still open. */
export type Template<S extends Slots> = { readonly html: string; readonly slots: S };

const slot = /\{\{(\w+)\}\}/g;
const block = /\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g;

/**
 * Gives a template's HTML with every slot filled.
 *
 * `{{name}}` becomes the value, escaped by the slot's kind. `{{#name}}…{{/name}}` stays where the slot has a value that
 * may stand there, and is dropped otherwise: an image whose URL is refused leaves no hole. Values are never read as templates.
 */
export function fillTemplate<S extends Slots>({ html, slots }: Template<S>, values: SlotValues<S>): string {
  const escaped = new Map(
    Object.entries(slots).map(([name, kind]) => {
      const value = values[name];
      return [name, value === undefined || value === "" ? undefined : escapeSlot(kind, value)] as const;
    }),
  );
  return html
    .replace(block, (_, name: string, inner: string) => (escaped.get(name) === undefined ? "" : inner))
    .replace(slot, (_, name: string) => escaped.get(name) ?? "");
}

/**
 * Gives every slot that a template's source names.
 *
 * @throws Error for a slot that is not declared, and for a declared one that the source never shows.
 */
export function checkSlots(source: string, slots: Slots): void {
  const used = new Set([...source.matchAll(slot), ...source.matchAll(block)].map(([, name = ""]) => name));
  const unknown = [...used].filter((name) => !Object.hasOwn(slots, name));
  const unused = Object.keys(slots).filter((name) => !used.has(name));
  if (unknown.length > 0)
    throw new Error(`Cannot compile the template: it has no slot named ${unknown.join(", ")}`);
  if (unused.length > 0) throw new Error(`Cannot compile the template: it never shows ${unused.join(", ")}`);
}
