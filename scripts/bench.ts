import { readdirSync } from "node:fs";
import { join } from "node:path";

// `bun run bench NAME [options]` runs scripts/bench/NAME.ts. Each prints its setup and its results; --json as one object.

const folder = join(import.meta.dirname, "bench");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -".ts".length))
  .sort();
const [name = "", ...options] = process.argv.slice(2);

if (names.includes(name)) {
  const bench = Bun.spawn([process.execPath, join(folder, `${name}.ts`), ...options], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exitCode = await bench.exited;
} else {
  console.error(
    `Cannot run the bench: there is none named ${JSON.stringify(name)}. Pass one of: ${names.join(", ")}.`,
  );
  process.exitCode = 2;
}
