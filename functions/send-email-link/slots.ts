/** What a template may show, and what stands in each slot. */
export const linkMailSlots = {
  lang: "word",
  dir: "word",
  start: "word",
  end: "word",
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
  edge: "colour",
  darkEdge: "colour",
  action: "text",
  linkHint: "text",
  linkText: "text",
  notYou: "text",
  companyName: "text",
  websiteUrl: "url",
  websiteText: "text",
  questionsBefore: "text",
  support: "text",
  supportUrl: "mailto",
  questionsAfter: "text",
} as const;

/** What no template of one's own may leave out: without it, the mail does not do what it is for. */
export const requiredSlots: readonly (keyof typeof linkMailSlots)[] = ["heading", "intro", "action", "link"];
