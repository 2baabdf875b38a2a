import { expect, test } from "bun:test";
import { findDependencyFaults } from "./dependency-reasons.ts";

const packages = JSON.stringify({
  dependencies: { hono: "1" },
  devDependencies: { "@types/a": "1", b: "1" },
});
const faultsOf = (rows: string) =>
  findDependencyFaults([
    { path: "package.json", text: packages },
    {
      path: "docs/dependencies.md",
      text: `# X\n\n| c | d |\n\n## Packages\n\n| package | why |\n|---|---|\n${rows}\n## Licence\n\n| e |\n`,
    },
  ]);

test("a package without a reason, and a reason without its package, are named", () => {
  expect(faultsOf("| hono, b | apps |\n| zod | reads |\n")).toEqual([
    "docs/dependencies.md:5: Nothing says why there is @types/a.",
    "docs/dependencies.md:5: package.json has no zod.",
  ]);
  expect(faultsOf("| hono | apps |\n| @types/* | types |\n| b | tests |\n")).toEqual([]);
});
