import { catalogue, chooseLocale } from "../../functions/send-email-link/catalogue.ts";
import { compose, type Templates } from "../../functions/send-email-link/compose.ts";
import { createLink } from "../../functions/send-email-link/link.ts";
import { type SendEmailLinkPayload, sendEmailLinkPayload } from "../../functions/send-email-link/payload.ts";
import { wordsOf } from "../../functions/send-email-link/words.ts";

/** Which mail to show, and how. */
export type PreviewView = {
  readonly mail: string;
  readonly locale: string;
  readonly scheme: "light" | "dark";
  readonly colour: string;
  /** None by default. */
  readonly logoUrl?: string;
};

/** Languages that mails can be shown in. */
export const previewLocales: readonly string[] = Object.keys(catalogue);

const email = "ada@example.com";
const payloads: Readonly<Record<string, object>> = {
  "Password reset": { email_type: "forgot_password", email, user_id: "u", reset_token: "r3set-t0ken" },
  "Address to confirm": {
    email_type: "email_verification",
    email,
    email_id: "e",
    verification_token: "v3rify",
  },
  "Invitation to the app": { email_type: "invite_email", email, invite_token: "inv1te", sender_id: "u" },
  "Invitation to an organisation": {
    email_type: "invite_email",
    email,
    invite_token: "inv1te",
    sender_id: "u",
    invite_type: 2,
  },
};

/** Every mail that there is, by a name for a person. */
export const previewMails: readonly string[] = Object.keys(payloads);

/** A mail as it would be sent. Undefined for a name that is none. */
export function previewMail(templates: Templates, view: PreviewView) {
  const given = payloads[view.mail];
  if (given === undefined) return undefined;
  const payload: SendEmailLinkPayload = sendEmailLinkPayload.parse(given);
  const site = {
    title: "Acme Notes",
    domain: { subdomain: "app", domain: "acme.example" },
    logoUrl: view.logoUrl,
    primary: view.colour,
    supportEmail: "support@acme.example",
    companyName: "Acme Incorporated",
    websiteUrl: "https://acme.example/",
    locale: undefined,
  };
  const locale = chooseLocale(view.locale);
  const words = wordsOf(payload, {
    locale,
    site: site.title,
    inviter: "Grace Hopper",
    support: site.supportEmail,
  });
  const link = createLink(payload, site.domain, undefined);
  const { html, text } = compose(templates[payload.email_type], words, { site, link });
  return { subject: words.subject, html: inScheme(html, view.scheme), text };
}

/** A frame cannot be told its colour scheme: the mail's own question for it is answered in its place. */
function inScheme(html: string, scheme: "light" | "dark"): string {
  return html
    .replaceAll("(prefers-color-scheme: dark)", scheme === "dark" ? "all" : "not all")
    .replaceAll("color-scheme: light dark;", `color-scheme: ${scheme};`)
    .replaceAll('content="light dark"', `content="${scheme}"`);
}
