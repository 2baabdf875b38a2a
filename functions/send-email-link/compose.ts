import { readableOn } from "../mail/colour.ts";
import { fillTemplate, type Template } from "../mail/template.ts";
import type { Site } from "./site.ts";
import type { Words } from "./words.ts";

/** Slots of the template `link-mail.mjml`. */
export const linkMailSlots = {
  subject: "text",
  preheader: "text",
  siteTitle: "text",
  logoUrl: "url",
  logoAlt: "attribute",
  heading: "text",
  intro: "text",
  link: "url",
  primary: "colour",
  onPrimary: "colour",
  action: "text",
  linkHint: "text",
  linkText: "text",
  notYou: "text",
  companyName: "text",
  websiteUrl: "url",
  websiteText: "text",
  supportEmail: "text",
} as const;

/** Both parts of a mail. */
export type Parts = { readonly html: string; readonly text: string };

/** Gives a mail's HTML and its plain text, made of the same words. */
export function compose(
  template: Template<typeof linkMailSlots>,
  words: Words,
  { site, link }: { readonly site: Site; readonly link: string },
): Parts {
  const html = fillTemplate(template, {
    ...words,
    siteTitle: site.title,
    logoUrl: site.logoUrl,
    logoAlt: site.title,
    link,
    linkText: link,
    primary: site.primary,
    onPrimary: readableOn(site.primary),
    companyName: site.companyName,
    websiteUrl: site.websiteUrl,
    websiteText: site.websiteUrl,
    supportEmail: site.supportEmail,
  });
  return { html, text: plainText(words, site, link) };
}

function plainText(words: Words, site: Site, link: string): string {
  const footer = [
    site.companyName,
    site.websiteUrl ?? [],
    site.supportEmail === undefined ? [] : `Questions? Write to ${site.supportEmail}`,
  ].flat();
  // "-- " begins a signature, which mail programs show faintly (RFC 3676 §4.3).
  return [words.heading, words.intro, link, words.notYou, ["-- ", ...footer].join("\n")].join("\n\n");
}
