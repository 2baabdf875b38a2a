import { join } from "node:path";
import { runOneOf } from "./options/run-one-of.ts";

// `bun run bench NAME [options]` runs scripts/bench/NAME.ts. Each prints its setup and its results; --json as one object.

await runOneOf({
  folder: join(import.meta.dirname, "bench"),
  what: "the bench",
  words: process.argv.slice(2),
});
