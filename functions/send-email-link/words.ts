import { catalogue, type Locale, type Texts } from "./catalogue.ts";
import { isOrgInvite, type SendEmailLinkPayload } from "./payload.ts";

/** All that a mail says, part by part; HTML and plain text are made of the same words. */
export type Words = {
  readonly lang: Locale;
  readonly dir: "ltr" | "rtl";
  readonly subject: string;
  /** What a list of mails shows after the subject. */
  readonly preheader: string;
  readonly heading: string;
  readonly intro: string;
  /** On the button. */
  readonly action: string;
  /** Above the link as text. */
  readonly linkHint: string;
  /** For someone who did not ask for the mail. */
  readonly notYou: string;
  /** Where to write to, cut at the address, which HTML makes a link of; undefined where the site has none. */
  readonly questions:
    | { readonly before: string; readonly support: string; readonly after: string }
    | undefined;
};

/** Who a mail speaks of, and in which language. */
export type WordsOptions = {
  readonly locale: Locale;
  readonly site: string;
  readonly inviter: string | undefined;
  readonly support: string | undefined;
};

/** Gives the words of a mail. */
export function wordsOf(payload: SendEmailLinkPayload, options: WordsOptions): Words {
  const { locale, support } = options;
  const texts: Texts = catalogue[locale];
  const dir = texts.dir === "rtl" ? "rtl" : "ltr";
  const fill = (text: string) => fillNames(text, options, dir);
  const own = ownTexts(payload, texts, options.inviter !== undefined);
  return {
    lang: locale,
    dir,
    subject: fill(own.subject),
    preheader: fill(own.preheader),
    heading: fill(own.heading),
    intro: fill(own.intro),
    action: fill(own.action),
    linkHint: texts.linkHint,
    notYou: fill(own.notYou),
    questions: support === undefined ? undefined : questionsOf(texts.questions, support, fill),
  };
}

function questionsOf(text: string, support: string, fill: (text: string) => string) {
  const [before = "", after = ""] = text.split("{support}");
  return { before: fill(before), support, after: fill(after) };
}

/** Gives the texts of a payload's type, those of an invitation by who invites and to what. */
function ownTexts(payload: SendEmailLinkPayload, texts: Texts, hasInviter: boolean) {
  if (payload.email_type !== "invite_email") return texts[payload.email_type];
  const invite = texts.invite_email;
  const toOrg = isOrgInvite(payload);
  const [intro, anonymous] = toOrg
    ? [invite.introToOrg, invite.introToOrgWithoutInviter]
    : [invite.intro, invite.introWithoutInviter];
  return {
    ...invite,
    subject: hasInviter ? invite.subject : invite.subjectWithoutInviter,
    preheader: toOrg ? invite.preheaderToOrg : invite.preheader,
    intro: hasInviter ? intro : anonymous,
  };
}

function fillNames(text: string, { site, inviter }: WordsOptions, dir: "ltr" | "rtl"): string {
  const names: Readonly<Record<string, string | undefined>> = { site, inviter };
  return text.replace(/\{(\w+)\}/g, (_, name: string) => isolated(names[name] ?? "", dir));
}

/** Letters that are written from right to left, and what is said of them: Hebrew, Arabic and their likes (Unicode, bidi class R and AL). */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Gives a name between FSI and PDI (UAX #9 §2.4.2) where its direction may be another than that of the words around it. Between Arabic
 * words, a Latin name with digits or dots would come out in pieces; a Hebrew one at the start of an English subject, whose direction is
 * that of its first letter, would turn all of it round. What stands between the two has no say in that.
 */
function isolated(name: string, dir: "ltr" | "rtl"): string {
  return name !== "" && (dir === "rtl" || rightToLeft.test(name)) ? `\u2068${name}\u2069` : name;
}
