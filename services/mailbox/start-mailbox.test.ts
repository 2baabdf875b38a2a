import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../log/log.ts";
import { startMailbox } from "./start-mailbox.ts";

const log = createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() });

test("at an address that is none, a browser is shown a page and a program is answered JSON", async () => {
  const settings = { MAILBOX_PORT: 0, MAILBOX_HOST: "127.0.0.1", MAILBOX_API_KEY: "key" };
  const mailbox = startMailbox(settings, { log });
  try {
    const get = (path: string, accept: string) =>
      fetch(`http://127.0.0.1:${mailbox.port}${path}`, { headers: { accept } });
    const json = await get("/nothing", "*/*");
    expect([json.status, await json.json()]).toEqual([404, { message: "Nothing is at GET /nothing" }]);
    for (const path of ["/nothing", "/messages/none/html", "/?id=none"]) {
      const page = await get(path, "text/html,*/*;q=0.8");
      expect([page.status, page.headers.get("Content-Type")]).toEqual([404, "text/html; charset=UTF-8"]);
      expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      expect(await page.text()).toStartWith('<!doctype html><html lang="en">');
    }
    expect((await get("/healthz", "*/*")).status).toBe(200);
  } finally {
    await mailbox.stop(true);
  }
});

test("the page is a page too when the program is started in another folder", () => {
  const app = JSON.stringify(join(import.meta.dirname, "create-mailbox-app.tsx"));
  const program = `const { createMailboxApp } = await import(${app});
    const store = { list: () => [], find: () => undefined };
    console.log(await (await createMailboxApp({ store }).request("http://localhost/")).text());`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", program], { cwd: tmpdir() });
  expect(String(stdout)).toStartWith('<!doctype html><html lang="en">');
});
