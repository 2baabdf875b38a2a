import { escapeText } from "../../functions/mail/escape.ts";
import { previewLocales, previewMails } from "./preview-mails.ts";

/** What the page shows. */
export type PageView = { readonly locale: string; readonly colour: string };

const phone = 390;
const desktop = 720;

/** Gives the page: every mail in light and dark, on a phone's and a desktop's width. It reloads when a file has changed. */
export function previewPage(view: PageView): string {
  const languages = previewLocales
    .map((tag) => `<option${tag === view.locale ? " selected" : ""}>${tag}</option>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/logo.png">
<title>Mails</title>
<style>
  :root { color-scheme: light dark; --back: #d5d9de; --bar: #fff; --text: #1f2328; --link: #0a3f8a; }
  @media (prefers-color-scheme: dark) { :root { --back: #33383e; --bar: #1c1f22; --text: #f0f2f4; --link: #a8ceff; } }
  body { margin: 0; font: 14px system-ui, sans-serif; background: var(--back); color: var(--text); }
  a { color: var(--link); }
  :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
  h1 { font-size: 18px; margin: 0; }
  form { position: sticky; top: 0; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; padding: 12px clamp(12px, 3vw, 24px); background: var(--bar); }
  h2 { margin: 24px clamp(12px, 3vw, 24px) 8px; }
  .mails { display: flex; gap: 16px; padding: 4px clamp(12px, 3vw, 24px); overflow-x: auto; align-items: flex-start; }
  .mails:focus-visible { outline-offset: -2px; }
  figure { margin: 0; flex: none; }
  figcaption { padding: 4px 0; }
  iframe { border: 0; border-radius: 6px; background: #fff; height: 720px; }
</style>
<form><h1>Mails</h1> <label>Language <select name="locale" onchange="this.form.submit()">${languages}</select></label>
<label>Colour <input name="colour" type="color" value="${escapeText(view.colour)}" onchange="this.form.submit()"></label></form>
${previewMails.map((mail) => row(mail, view)).join("\n")}
<script>
  let wasOpen = false;
  const events = new EventSource("/events");
  events.onmessage = () => location.reload();
  // The server starts anew when its own code has changed: what it says then is new as well.
  events.onopen = () => { if (wasOpen) location.reload(); wasOpen = true; };
</script>
</html>`;
}

function row(mail: string, view: PageView): string {
  const frames = [phone, desktop].flatMap((width) =>
    (["light", "dark"] as const).map((scheme) => {
      const query = new URLSearchParams({ mail, scheme, ...view });
      const text = new URLSearchParams({ mail, scheme, ...view, part: "text" });
      return `<figure><figcaption>${width} px, ${scheme} · <a href="/mail?${escapeText(String(query))}" aria-label="${escapeText(`${mail}, ${scheme}, alone`)}">alone</a> · <a href="/mail?${escapeText(String(text))}" aria-label="${escapeText(`${mail}, as text`)}">as text</a></figcaption>
<iframe sandbox title="${escapeText(`${mail}, ${width} px, ${scheme}`)}" width="${width}" src="/mail?${escapeText(String(query))}"></iframe></figure>`;
    }),
  );
  return `<h2>${escapeText(mail)}</h2><div class="mails" role="region" tabindex="0" aria-label="${escapeText(mail)}">${frames.join("\n")}</div>`;
}
