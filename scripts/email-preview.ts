import { resolve } from "node:path";
import { ourTemplates, startPreview } from "./email/start-preview.ts";
import { readOptions } from "./options/read-options.ts";
import { wholeNumber } from "./options/whole-number.ts";

// `bun run email:preview` shows every mail in light and dark, on a phone's and a desktop's width, and follows each change.
// --from FOLDER shows one's own templates, --port N takes that port.

const values = readOptions({ from: { type: "string", default: ourTemplates }, port: { type: "string" } });
const { url } = startPreview({
  folder: resolve(values.from),
  port: wholeNumber("--port", values.port, 8090),
});
console.log(`Mails are at ${url}`);
