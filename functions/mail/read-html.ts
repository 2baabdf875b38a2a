import { QuoteType, Tokenizer } from "htmlparser2";

/** What a piece of HTML is told to, in order. Names are in small letters, character references are characters. */
export type HtmlReader = {
  /** All text up to the next tag or comment; text of elements that show none (`title`, `style`) too. */
  readonly text?: (text: string) => void;
  /** An attribute of the tag that `open` tells of next, a repeated one too, which HTML takes no notice of. */
  readonly attribute?: (name: string, value: string, isQuoted: boolean) => void;
  /** An opening tag, the first of each attribute by its name. */
  readonly open?: (name: string, attributes: ReadonlyMap<string, string>) => void;
  readonly close?: (name: string) => void;
  /** What stands between `<!--` and `-->`, or in anything that is read as such. */
  readonly comment?: (text: string) => void;
};

/**
 * Reads HTML as its standard has it (§13.2.5, tokenization): a `<` that begins no tag is text, a `>` in a quoted attribute ends no tag,
 * what is never closed ends with the text. (Two things that no mail has are read otherwise: attributes of a closing tag end at the first
 * `>`, and a script ends at `</script>` also within a comment of its own.) Once from the first character to the last, with no tree, so that no nesting costs more than
 * its length.
 */
export function readHtml(html: string, reader: HtmlReader): void {
  // In HTML this is a comment that ends at the first `>`, which is how any other name after `<!` is read.
  const source = html.replaceAll("<![CDATA[", "<!CDATA[");
  const lower = (start: number, end: number) => source.slice(start, end).toLowerCase();
  const tag = createTag(reader);
  let run = "";
  const endRun = () => {
    if (run !== "") reader.text?.(run);
    run = "";
  };
  const opened = () => {
    endRun();
    tag.open();
  };
  const nothing = () => {};
  const tokenizer = new Tokenizer(
    {},
    {
      // A tag that never ends is no text: of a closing one the rest comes from nowhere (-1), of `<textarea` and its like the name.
      ontext: (start, end) => {
        const text = source.slice(start, end);
        const isTag = start < 0 || (source[start - 1] === "<" && /^[a-z]/i.test(text));
        if (!isTag) run += text;
      },
      ontextentity: (code) => {
        run += String.fromCodePoint(code);
      },
      onopentagname: (start, end) => tag.begin(lower(start, end)),
      onattribname: (start, end) => tag.name(lower(start, end)),
      onattribdata: (start, end) => tag.add(source.slice(start, end)),
      onattribentity: (code) => tag.add(String.fromCodePoint(code)),
      onattribend: (quote) => tag.end(quote === QuoteType.Double || quote === QuoteType.Single),
      onopentagend: opened,
      // `<br/>` and `<p/>`: HTML takes no notice of the slash.
      onselfclosingtag: opened,
      onclosetag: (start, end) => {
        endRun();
        reader.close?.(lower(start, end));
      },
      oncomment: (start, end, closing) => {
        endRun();
        reader.comment?.(source.slice(start, end - closing));
      },
      // None of these is in HTML, but for the doctype, which says nothing.
      ondeclaration: nothing,
      onprocessinginstruction: nothing,
      oncdata: nothing,
      onend: endRun,
    },
  );
  tokenizer.write(source);
  tokenizer.end();
}

/** Puts an opening tag together. */
function createTag(reader: HtmlReader) {
  let tag = "";
  let attributes = new Map<string, string>();
  let name = "";
  let value = "";
  return {
    begin: (given: string) => {
      tag = given;
      attributes = new Map();
    },
    name: (given: string) => {
      name = given;
      value = "";
    },
    add: (text: string) => {
      value += text;
    },
    end: (isQuoted: boolean) => {
      reader.attribute?.(name, value, isQuoted);
      if (!attributes.has(name)) attributes.set(name, value);
    },
    open: () => reader.open?.(tag, attributes),
  };
}

/** Knows whether what is read stands within an element of some sort. */
export type Nesting = {
  readonly isInside: () => boolean;
  /** `begins`: the element is of the sort. */
  readonly open: (name: string, begins: boolean) => void;
  readonly close: (name: string) => void;
};

/** Gives a nesting. It keeps the outermost element's name and how often it was opened again, and no list of what is open. */
export function createNesting(): Nesting {
  let outermost = "";
  let depth = 0;
  return {
    isInside: () => depth > 0,
    open: (name, begins) => {
      if (depth === 0 && begins) outermost = name;
      if (outermost !== "" && name === outermost) depth += 1;
    },
    close: (name) => {
      if (depth > 0 && name === outermost) depth -= 1;
      if (depth === 0) outermost = "";
    },
  };
}

/** Elements whose text no reader sees. */
export const hiddenElements: ReadonlySet<string> = new Set([
  "iframe",
  "noembed",
  "noframes",
  "script",
  "style",
  "template",
  "title",
]);
