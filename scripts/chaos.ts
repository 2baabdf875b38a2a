import { join } from "node:path";
import { runOneOf } from "./options/run-one-of.ts";

// `bun run chaos [NAME] [options]` runs scripts/chaos/NAME.ts, `jobs` where no name is given. Each prints its seed and a report,
// and fails when what it tries has broken a promise.

const words = process.argv.slice(2);
const hasName = words[0] !== undefined && !words[0].startsWith("--");
await runOneOf({
  folder: join(import.meta.dirname, "chaos"),
  what: "chaos",
  words: hasName ? words : ["jobs", ...words],
});
