import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { ourTemplates, startPreview } from "./email/start-preview.ts";
import { readOptions } from "./options/read-options.ts";
import { refuse } from "./options/refuse.ts";
import { wholeNumber } from "./options/whole-number.ts";

// `bun run email:preview` shows every mail in light and dark, on a phone's and a desktop's width, and follows each change.
// --from FOLDER shows one's own templates, --port N takes that port.

const values = readOptions({ from: { type: "string", default: ourTemplates }, port: { type: "string" } });
const folder = resolve(values.from);
await readdir(folder).catch(() => refuse(`Cannot read --from ${JSON.stringify(folder)}: expected a folder.`));
const port = wholeNumber("--port", values.port, 8090);
try {
  console.log(`Mails are at ${startPreview({ folder, port }).url}`);
} catch (fault) {
  const isTaken = fault instanceof Error && "code" in fault && fault.code === "EADDRINUSE";
  if (!isTaken) throw fault;
  refuse(`Cannot show the mails: port ${port} is taken. Pass another by --port.`);
}
