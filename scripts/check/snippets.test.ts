import { expect, test } from "bun:test";
import { findSnippetFaults } from "./snippets.ts";

const faultsOf = (text: string) =>
  findSnippetFaults([
    { path: "docs/page.md", text },
    { path: "infra/kubernetes/create-secrets", text: "" },
  ]);

test.each([
  ["what is no JSON", "# A\n\n```json\n{ a: 1 }\n```\n", ["docs/page.md:4: This is no JSON."]],
  [
    "a path that is not there",
    "```bash\necho\nls infra/nothing/here\n```\n",
    ["docs/page.md:3: There is nothing at infra/nothing/here."],
  ],
  [
    "a language that nothing checks",
    "```go\nfunc\n```\n",
    ["docs/page.md:2: Nothing checks go. Use one of bash, json, sql, ts, text."],
  ],
  ["JSON in a list", "- A\n\n  ```json\n  [1,]\n  ```\n", ["docs/page.md:4: This is no JSON."]],
])("%s is a fault", (_, text, faults) => expect(faultsOf(text)).toEqual(faults));

test("JSON, pictures, paths that are there and names to fill in are none", () => {
  const text =
    '```json\n{ "a": 1 }\n```\n\n```\n┌─┐\n```\n\n```bash\ninfra/kubernetes/create-secrets\nls infra/kubernetes functions/NAME\n```\n';
  expect(faultsOf(text)).toEqual([]);
});
