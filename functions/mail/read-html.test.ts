import { expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { readHtml } from "./read-html.ts";

type Piece = readonly [what: string, ...rest: unknown[]];

/** Gives all that is read, in order. */
function piecesOf(html: string): Piece[] {
  const pieces: Piece[] = [];
  readHtml(html, {
    text: (text) => pieces.push(["text", text]),
    open: (name, attributes) => pieces.push(["open", name, [...attributes]]),
    close: (name) => pieces.push(["close", name]),
    comment: (comment) => pieces.push(["comment", comment]),
  });
  return pieces;
}

test.each<[html: string, pieces: Piece[]]>([
  ["a < b > c", [["text", "a < b > c"]]],
  ["5 <6 <3", [["text", "5 <6 <3"]]],
  [
    `<p title="a > b" TITLE=c>x`,
    [
      ["open", "p", [["title", "a > b"]]],
      ["text", "x"],
    ],
  ],
  ["<BR/>", [["open", "br", []]]],
  [
    "<a href=x&amp;y=1&copy=2>&eacute;&copy&#128;&#0;&nope;",
    [
      ["open", "a", [["href", "x&y=1&copy=2"]]],
      ["text", "é©€\ufffd&nope;"],
    ],
  ],
  [
    "<title><b>&lt;</title><script>'<b>'</script>",
    [
      ["open", "title", []],
      ["text", "<b><"],
      ["close", "title"],
      ["open", "script", []],
      ["text", "'<b>'"],
      ["close", "script"],
    ],
  ],
  [
    "<!doctype html><!-- a > b --><!x><?y?></ z>",
    [[" a > b "], ["x"], ["?y?"], [" z"]].map(([text]) => ["comment", text]),
  ],
  [
    "a<![CDATA[b>c]]>",
    [
      ["text", "a"],
      ["comment", "CDATA[b"],
      ["text", "c]]>"],
    ],
  ],
  ["x<p title='never ends", [["text", "x"]]],
  [
    "x<!-- never ends",
    [
      ["text", "x"],
      ["comment", " never ends"],
    ],
  ],
])("%j", (html, pieces) => {
  expect(piecesOf(html)).toEqual(pieces);
});

const soup = [
  "<",
  ">",
  "</",
  "/>",
  "<!",
  "<!--",
  "-->",
  "--!>",
  "<?",
  "'",
  '"',
  "=",
  " ",
  "\n",
  "-",
  "!",
  "/",
  "a",
  "p ",
  "b>",
  "<p>",
  "</p>",
  "<br/>",
  "<a href=",
  "x",
  "é",
  "1",
  "<style>",
  "</style>",
  "<title>",
  "</title>",
  "<textarea",
  "</textarea>",
  "<iframe>",
  "</iframe>",
  "</sty",
];

test("any soup of tags reads as a browser's tokenizer (lol-html) reads it", async () => {
  // Closing tags have no attributes here: the library ends them at the first `>`.
  await assert(
    asyncProperty(array(constantFrom(...soup), { maxLength: 25 }), async (pieces) => {
      const html = pieces.join("").replace(/<\/(\w+)[^>\w][^>]*/g, "</$1");
      expect(openedIn(html)).toEqual(await browserOpens(html));
    }),
    { numRuns: 2000 },
  );
});

/** Each tag that opens, with the text before it: lol-html tells of no others. */
function openedIn(html: string): Piece[] {
  const opened: Piece[] = [];
  let before = "";
  readHtml(html, {
    text: (more) => {
      before += more;
    },
    open: (name, attributes) => {
      opened.push([before, name, ...attributes]);
      before = "";
    },
  });
  return [...opened, [before]];
}

async function browserOpens(html: string): Promise<Piece[]> {
  const opened: Piece[] = [];
  let before = "";
  const rewriter = new HTMLRewriter()
    .on("*", {
      element: ({ tagName, attributes }) => {
        // The first of each name is the one that counts; lol-html tells of all.
        const first = new Map<string, string>();
        for (const [name, value] of attributes) if (!first.has(name)) first.set(name, value);
        opened.push([before, tagName, ...first]);
        before = "";
      },
    })
    .onDocument({
      text: ({ text }) => {
        before += text;
      },
    });
  await rewriter.transform(new Response(html)).text();
  return [...opened, [before]];
}

// Work by counts: what a reader is told, in calls and characters, is never more than the HTML's length.
test.each([
  "<",
  "<a>",
  "<p ",
  "a ",
  "<p a=1 ",
  " a1=b",
  "&",
  "&#",
  "&am",
  "&#x1",
  "<!--",
  "<!-- -",
  "<!",
  "<![CDATA[",
  "</",
  "<a></a ",
  "<style>",
  "</styl",
  "<title>&",
  "<b></i>",
  "<div><p>",
  "<a href='<<<'></a>",
])("%j, again and again, is told once", (piece) => {
  for (const start of ["", "<p ", "<style>", "<textarea>", "<!--", "<p title='"]) {
    const html = start + piece.repeat(200_000 / piece.length);
    let calls = 0;
    let characters = 0;
    const count = (...texts: readonly string[]) => {
      calls += 1;
      for (const text of texts) characters += text.length;
    };
    readHtml(html, {
      text: count,
      open: (name, attributes) => count(name, ...[...attributes].flat()),
      close: count,
      comment: count,
    });
    expect(calls).toBeLessThanOrEqual(html.length);
    expect(characters).toBeLessThanOrEqual(html.length);
  }
});
