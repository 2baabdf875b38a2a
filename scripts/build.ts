import { resolve } from "node:path";
import { buildProgram } from "./image/build-program.ts";

// `bun run build NAME FOLDER` builds a program as its image has it: one executable, and its bill of materials beside it.

const [name, folder] = process.argv.slice(2);
if (name === undefined || folder === undefined) {
  console.error("Cannot build a program without its name and a folder. Use: bun run build NAME FOLDER");
  process.exit(2);
}
try {
  console.log(await buildProgram(name, resolve(folder)));
} catch (fault) {
  console.error(
    fault instanceof AggregateError
      ? fault.errors.join("\n")
      : fault instanceof Error
        ? fault.message
        : fault,
  );
  process.exitCode = 1;
}
