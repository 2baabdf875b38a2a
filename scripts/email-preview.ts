import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ourTemplates, startPreview } from "./email/start-preview.ts";

// `bun run email:preview` shows every mail in light and dark, on a phone's and a desktop's width, and follows each change.
// --from FOLDER shows one's own templates, --port N takes that port.

const { values } = parseArgs({
  options: { from: { type: "string", default: ourTemplates }, port: { type: "string", default: "8090" } },
});
const { url } = startPreview({ folder: resolve(values.from), port: Number(values.port) });
console.log(`Mails are at ${url}`);
