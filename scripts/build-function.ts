import { resolve } from "node:path";
import { buildFunction } from "./email/build-function.ts";

// `bun run build:function NAME FOLDER` builds a function's container program: then `bun FOLDER/main.js` serves it.

const [name, folder] = process.argv.slice(2);
if (name === undefined || folder === undefined) {
  console.error(
    "Cannot build a function without its name and a folder. Use: bun run build:function NAME FOLDER",
  );
  process.exit(2);
}
for (const path of await buildFunction(name, resolve(folder))) console.log(path);
