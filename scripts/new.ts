import { join } from "node:path";
import { newFunction } from "./new/new-function.ts";

// `bun run new function NAME` makes functions/NAME, which runs, is tested, and is found by `bun run start`.

const [what, name] = process.argv.slice(2);
if (what !== "function" || name === undefined) {
  console.error("Cannot make that. Use: bun run new function NAME");
  process.exit(2);
}
try {
  const paths = await newFunction(join(import.meta.dirname, ".."), name);
  console.log(paths.join("\n"));
  console.log(
    `\nTest it: bun test functions/${name}\nRun it:  bun functions/${name}/main.ts\nShip it: bun run images ${name}`,
  );
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault));
  process.exitCode = 1;
}
