import { escapeText } from "../../../functions/mail/escape.ts";
import { compose, templatesOf } from "../../../functions/send-email-link/compose.ts";
import { wordsOf } from "../../../functions/send-email-link/words.ts";
import { templateFiles } from "../../email/template-files.ts";
import { loadMjml } from "./load-mjml.ts";

/** What one way of making a mail costs. */
export type MailFigure = { readonly way: string; readonly microseconds: number; readonly times: number };

const site = {
  title: "Acme",
  domain: { subdomain: "app", domain: "acme.test" },
  logoUrl: "https://cdn.acme.test/logo.png",
  primary: "#7c3aed",
  supportEmail: "support@acme.test",
  companyName: "Acme Incorporated",
  websiteUrl: "https://acme.test/",
  locale: undefined,
};
const payload = { email_type: "forgot_password", email: "b@c.test", user_id: "u", reset_token: "r" } as const;
const link = "https://app.acme.test/reset-password?role_id=u&reset_token=r";

/**
 * Measures a mail of ours, HTML and plain text, and the same template compiled anew for each mail by each MJML compiler, in one
 * process, the best of eight batches. `mjml` is left out where it cannot be installed, as without a network.
 */
export async function measureMails(rounds: number): Promise<readonly MailFigure[]> {
  const options = { locale: "en", site: site.title, inviter: undefined, support: "s@acme.test" } as const;
  const template = templatesOf().forgot_password;
  const ours = await timed("compiled once, slots filled (ours)", rounds * 200, () =>
    compose(template, wordsOf(payload, options), { site, link }),
  );
  const source = await exampleSource();
  const figures = [ours];
  for (const [way, render] of await compilers()) figures.push(await timed(way, rounds, () => render(source)));
  return figures.map((figure) => ({ ...figure, times: figure.microseconds / ours.microseconds }));
}

/** Gives the template as a compiler per mail would get it: values in place of slots. */
async function exampleSource(): Promise<string> {
  const [file] = templateFiles;
  if (file === undefined) throw new Error("There is no template.");
  const colour = { primary: "#7c3aed", onPrimary: "#ffffff", edge: "#7c3aed", darkEdge: "#7c3aed" };
  const sides = { lang: "en", dir: "ltr", start: "left" };
  const values: Readonly<Record<string, string>> = { ...colour, ...sides, link, logoUrl: site.logoUrl };
  const source = await Bun.file(file.source).text();
  return source
    .replace(/\{\{[#/]\w+\}\}/g, "")
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => escapeText(values[name] ?? "Some words of a mail"));
}

type Render = (source: string) => unknown;

async function compilers(): Promise<ReadonlyArray<readonly [string, Render]>> {
  // It looks for a browser's window as it loads.
  Object.assign(globalThis, { window: globalThis });
  const { default: browser } = await import("mjml-browser");
  const { Engine } = await import("mrml/nodejs/mrml_wasm.js");
  const engine = new Engine();
  const found: [string, Render][] = [
    ["mjml-browser 4.18.0 per mail", (source) => browser(source, { fonts: {} })],
    ["mrml 1.6.1 (Rust, wasm) per mail", (source) => successOf(engine.toHtml(source))],
  ];
  const mjml = await loadMjml();
  if (mjml !== undefined) found.push(["mjml 5.4.1 per mail", (source) => mjml(source, { fonts: {} })]);
  return found;
}

function successOf(result: { readonly type: string }): unknown {
  if (result.type !== "success") throw new Error(`mrml refuses the template: ${JSON.stringify(result)}`);
  return result;
}

/** Batches of which the quickest counts: other work of the machine only ever adds. */
const batches = 8;

async function timed(way: string, rounds: number, render: () => unknown): Promise<MailFigure> {
  const size = Math.max(1, Math.round(rounds / batches));
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch <= batches; batch += 1) {
    const start = performance.now();
    for (let round = 0; round < size; round += 1) await render();
    // The first warms up.
    if (batch > 0) best = Math.min(best, (performance.now() - start) / size);
  }
  return { way, microseconds: best * 1000, times: 1 };
}
