import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives the Chromium of this machine, or undefined. */
export function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return names.map((name) => Bun.which(name)).find((path) => path !== null) ?? undefined;
}

/** What to ask a browser. */
export type Question = {
  /** Runs in the browser, as a module's text; its `answer(…)` ends the asking. */
  readonly script: string;
  /** What the browser's server answers besides. */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
};

/** A hundred mails take it three seconds. */
const patienceMs = 50_000;

/** How long Chromium may take to end when asked to, in ms. */
const endingMs = 5_000;

/** Keeps Chromium from asking anything of the network by itself. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Gives what a script answers in a Chromium. The browser and its profile are gone afterwards. */
export async function askChromium(program: string, { script, fetch }: Question): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>();
  const page = `<!doctype html><body><script type="module">
const answer = (value) => fetch("/answer", { method: "POST", body: JSON.stringify(value) });
addEventListener("unhandledrejection", ({ reason }) => answer({ fault: String(reason) }));
${script}
</script>`;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: {
      "/ask": () => new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } }),
      "/answer": async (request) => {
        answer.resolve(await request.json());
        return new Response();
      },
    },
    fetch: fetch ?? (() => new Response(null, { status: 404 })),
  });
  // A profile of its own: a second Chromium on one profile hands over to the first and ends. And all else that it writes in there.
  const profile = await mkdtemp(join(tmpdir(), "chromium-"));
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", ...quiet];
  const browser = Bun.spawn(
    [program, ...args, `--user-data-dir=${profile}`, "--remote-debugging-port=0", `${server.url.href}ask`],
    { stdout: "ignore", stderr: "ignore", env: { ...process.env, TMPDIR: profile } },
  );
  const patience = setTimeout(
    () => answer.reject(new Error(`Chromium has shown nothing within ${patienceMs} ms.`)),
    patienceMs,
  );
  void browser.exited.then((code) => answer.reject(new Error(`Chromium stopped with exit code ${code}.`)));
  try {
    return await answer.promise;
  } finally {
    clearTimeout(patience);
    // Asked to, it ends its children too; killed, it would leave them to write on.
    browser.kill("SIGTERM");
    const hurry = setTimeout(() => browser.kill("SIGKILL"), endingMs);
    await browser.exited;
    clearTimeout(hurry);
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
