import { join } from "node:path";
import { findChromium } from "./email/ask-chromium.ts";
import { ourTemplates, startPreview } from "./email/start-preview.ts";
import { readOptions } from "./options/read-options.ts";

// `bun run email:screenshots` takes the README's pictures of the mails anew. It needs a Chromium on this machine.

readOptions({});
const pictures = [
  {
    file: "password-reset.png",
    query: { mail: "Password reset", locale: "en", scheme: "light", colour: "#2f6f4f" },
  },
  {
    file: "invitation-dark.png",
    query: { mail: "Invitation to the app", locale: "de", scheme: "dark", colour: "#ffe066" },
  },
  {
    file: "confirm-arabic.png",
    query: { mail: "Address to confirm", locale: "ar", scheme: "light", colour: "#7c3aed" },
  },
];

const chromium = findChromium();
if (chromium === undefined) {
  console.error(
    "Cannot take pictures: there is no Chromium on PATH. Install one, or leave the pictures as they are.",
  );
  process.exit(1);
}
const preview = startPreview({ folder: ourTemplates, port: 0 });
for (const { file, query } of pictures) {
  const to = join(ourTemplates, "../pictures", file);
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=390,720"];
  const browser = Bun.spawn(
    [chromium, ...args, `--screenshot=${to}`, `${preview.url}mail?${new URLSearchParams(query)}`],
    { stdout: "ignore", stderr: "ignore" },
  );
  console.log(`${to}: exit code ${await browser.exited}`);
}
await preview.stop();
