import { expect, test } from "bun:test";
import { findLengthFaults, findPathFaults, findProtocolFaults } from "./documents.ts";

const page = {
  path: "docs/page.md",
  text: "# Page\n\n## What is `it`? No, really\n\n## What is it\n\n## Twice\n\n## Twice\n",
};

test.each([
  ["a heading", "[a](page.md#what-is-it-no-really)", []],
  ["the second of two headings", "[a](page.md#twice-1)", []],
  ["a heading of the page itself", "[a](#here)\n\n## Here", []],
  ["no heading", "[a](page.md#what)", ["docs/other.md:1: page.md has no heading #what."]],
  [
    "no heading of the page itself",
    "\n[a](#there)",
    ["docs/other.md:2: docs/other.md has no heading #there."],
  ],
  ["no page", "[a](nowhere.md#what)", ["docs/other.md:1: There is nothing at nowhere.md."]],
  ["what looks like a link in code", "`[a](nowhere.md)`", []],
])("a link to %s", (_, text, faults) => {
  expect(findPathFaults([page, { path: "docs/other.md", text }])).toEqual(faults);
});

test("a citation of a section of the protocol that there is not is a fault", () => {
  const files = [
    { path: "docs/protocol.md", text: "# P\n\n## 2. The request\n\n### 2.1 The line\n" },
    { path: "a.ts", text: "// protocol §2, protocol §2.1\n// protocol §3\n" },
  ];
  expect(findProtocolFaults(files)).toEqual(["a.ts:2: docs/protocol.md has no section 3."]);
});

test("a folder's README is short, and the repository's can be read in a minute or five", () => {
  const lines = (count: number) => "a\n".repeat(count);
  expect(findLengthFaults([{ path: "db/README.md", text: lines(40) }])).toEqual([]);
  expect(findLengthFaults([{ path: "db/README.md", text: lines(41) }])).toEqual([
    "db/README.md:41: A folder's README has at most 40 lines, this one 41. Move history and figures to docs/.",
  ]);
  expect(findLengthFaults([{ path: "README.md", text: "word ".repeat(1200) }])).toEqual([]);
  expect(findLengthFaults([{ path: "README.md", text: "word ".repeat(1201) }])).toEqual([
    "README.md:1: The README has at most 1200 words, this one 1201. Move what is not for the first minute to docs/.",
  ]);
});
