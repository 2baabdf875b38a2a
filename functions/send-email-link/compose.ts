import { edgeOn, readableOn } from "../mail/colour.ts";
import { fillTemplate, parseTemplate, type Template } from "../mail/template.ts";
import type { SendEmailLinkPayload } from "./payload.ts";
import type { Site } from "./site.ts";
import { linkMailSlots } from "./slots.ts";
import { linkMail } from "./templates/link-mail.ts";
import type { Words } from "./words.ts";

/** A template of this function. */
type LinkMailTemplate = Template<typeof linkMailSlots>;

/** The template of each type of mail. */
export type Templates = Readonly<Record<SendEmailLinkPayload["email_type"], LinkMailTemplate>>;

/** Gives templates of compiled HTML by type of mail; a type that is left out has the template that comes with the function. */
export function templatesOf(own: Partial<Record<keyof Templates, string>> = {}): Templates {
  const ours = parseTemplate(linkMail, linkMailSlots);
  const parse = (html: string | undefined) =>
    html === undefined ? ours : parseTemplate(html, linkMailSlots);
  return {
    invite_email: parse(own.invite_email),
    forgot_password: parse(own.forgot_password),
    email_verification: parse(own.email_verification),
  };
}

/** Both parts of a mail. */
export type Parts = { readonly html: string; readonly text: string };

// The card's background in link-mail.mjml, in light and dark: the button's edge shows on it.
const card = "#ffffff";
const darkCard = "#1c1f22";

/** Gives a mail's HTML and its plain text, made of the same words. */
export function compose(
  template: LinkMailTemplate,
  words: Words,
  { site, link }: { readonly site: Site; readonly link: string },
): Parts {
  const [start, end] = words.dir === "rtl" ? ["right", "left"] : ["left", "right"];
  const { questions, ...said } = words;
  const html = fillTemplate(template, {
    ...said,
    questionsBefore: questions?.before,
    support: questions?.support,
    supportUrl: questions?.support,
    questionsAfter: questions?.after,
    start,
    end,
    siteTitle: site.title,
    logoUrl: site.logoUrl,
    logoAlt: site.title,
    link,
    linkText: link,
    primary: site.primary,
    onPrimary: readableOn(site.primary),
    edge: edgeOn(card, site.primary),
    darkEdge: edgeOn(darkCard, site.primary),
    companyName: site.companyName,
    websiteUrl: site.websiteUrl,
    websiteText: site.websiteUrl?.replace(/^https?:\/\/|\/$/g, ""),
  });
  return { html, text: plainText(words, site, link) };
}

function plainText(words: Words, site: Site, link: string): string {
  const { questions } = words;
  const write = questions === undefined ? [] : `${questions.before}${questions.support}${questions.after}`;
  const footer = [site.companyName, site.websiteUrl ?? [], write].flat();
  // "-- " begins a signature, which mail programs show faintly (RFC 3676 §4.3).
  return [words.heading, words.intro, link, words.notYou, ["-- ", ...footer].join("\n")].join("\n\n");
}
