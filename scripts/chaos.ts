import { readdirSync } from "node:fs";
import { join } from "node:path";

// `bun run chaos [NAME] [options]` runs scripts/chaos/NAME.ts, `jobs` where no name is given. Each prints its seed and a report,
// and fails when what it tries has broken a promise.

const folder = join(import.meta.dirname, "chaos");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .sort();
const [first = "", ...rest] = process.argv.slice(2);
const hasName = first !== "" && !first.startsWith("--");
const name = hasName ? first : "jobs";
const options = hasName ? rest : process.argv.slice(2);

if (names.includes(name)) {
  const run = Bun.spawn([process.execPath, join(folder, `${name}.ts`), ...options], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exitCode = await run.exited;
} else {
  console.error(
    `Cannot run chaos: there is none named ${JSON.stringify(name)}. Pass one of: ${names.join(", ")}.`,
  );
  process.exitCode = 2;
}
