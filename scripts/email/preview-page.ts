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
<title>Mails</title>
<style>
  body { margin: 0; font: 14px system-ui, sans-serif; background: #d5d9de; color: #1f2328; }
  form { position: sticky; top: 0; display: flex; gap: 16px; padding: 12px 24px; background: #fff; }
  h2 { margin: 24px 24px 8px; }
  .mails { display: flex; gap: 16px; padding: 0 24px; overflow-x: auto; align-items: flex-start; }
  figure { margin: 0; flex: none; }
  figcaption { padding: 4px 0; }
  iframe { border: 0; border-radius: 6px; background: #fff; height: 720px; }
</style>
<form><label>Language <select name="locale" onchange="this.form.submit()">${languages}</select></label>
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
      return `<figure><figcaption>${width} px, ${scheme} · <a href="/mail?${escapeText(String(query))}">alone</a> · <a href="/mail?${escapeText(String(text))}">as text</a></figcaption>
<iframe sandbox title="${escapeText(`${mail}, ${scheme}`)}" width="${width}" src="/mail?${escapeText(String(query))}"></iframe></figure>`;
    }),
  );
  return `<h2>${escapeText(mail)}</h2><div class="mails">${frames.join("\n")}</div>`;
}
