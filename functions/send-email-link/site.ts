import * as z from "zod";
import { JobError } from "../kit/job-error.ts";
import { emailAddress } from "../mail/address.ts";
import { normalColour } from "../mail/colour.ts";
import { webUrl } from "../mail/escape.ts";
import { parseJson, readableText } from "../protocol/readable-text.ts";
import type { Dialect } from "./graphql.ts";
import type { SiteDomain } from "./link.ts";

/** What a mail shows of the site it comes from. Names are one line and bounded; URLs and colours are checked. */
export type Site = {
  readonly title: string;
  readonly domain: SiteDomain;
  readonly logoUrl: string | undefined;
  /** `#rrggbb` */
  readonly primary: string;
  readonly supportEmail: string | undefined;
  readonly companyName: string;
  readonly websiteUrl: string | undefined;
  /** Language tag of the site's mails, as it stands in the theme or the legal terms: no dialect has a field for it. */
  readonly locale: string | undefined;
};

/** Colour of a site whose theme names none that can be read. */
const defaultPrimary = "#1d4ed8";

/** Longest name or title in a mail, in characters: more breaks its layout and subject. */
const nameLimit = 100;

const fields = (modules: string) => `
  sites {
    nodes {
      domains { nodes { subdomain domain } }
      logo
      title
      siteThemes { nodes { theme } }
      siteModules(${modules}) { nodes { data } }
    }
  }`;
const rows = (argument: string, modules: string) =>
  `query GetDatabaseInfo($databaseId: UUID!) { databases(${argument}, first: 1) { nodes { ${fields(modules)} } } }`;
const equal = `{ name: { equalTo: "legal_terms_module" } }`;

/** GetDatabaseInfo in every dialect; its variable is `databaseId`. */
export const siteDocuments: Readonly<Record<Dialect, string>> = {
  id: `query GetDatabaseInfo($databaseId: UUID!) { database(id: $databaseId) { ${fields('condition: { name: "legal_terms_module" }')} } }`,
  condition: rows("condition: { id: $databaseId }", 'condition: { name: "legal_terms_module" }'),
  filter: rows("filter: { id: { equalTo: $databaseId } }", `filter: ${equal}`),
  where: rows("where: { id: { equalTo: $databaseId } }", `where: ${equal}`),
};

/** JSON columns come as objects from some servers and as JSON text from others. */
const json = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === "string" ? (parseJson(value) ?? value) : value), schema);
const nodes = <T extends z.ZodType>(row: T) => z.object({ nodes: z.array(row) });
const text = z.string().optional().catch(undefined);

const siteRow = z.object({
  domains: nodes(z.object({ subdomain: z.string().nullable().catch(null), domain: z.string() })),
  logo: json(z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]))
    .optional()
    .catch(undefined),
  title: text,
  siteThemes: nodes(z.object({ theme: json(z.object({ primary: text, locale: text })) })),
  siteModules: nodes(
    z.object({
      data: json(
        z.object({
          emails: z.object({ support: text }).optional().catch(undefined),
          locale: text,
          company: z.object({ name: text, nick: text, website: text }).optional().catch(undefined),
        }),
      ),
    }),
  ),
});
const databaseRow = z.object({ sites: nodes(siteRow) });
const answer = z.object({
  database: databaseRow.nullish(),
  databases: nodes(databaseRow).nullish(),
});

/**
 * Gives a database's site from an answer to GetDatabaseInfo.
 *
 * @throws JobError that says what is missing: the database, its site, or part of its set-up. Not for good, as the rows may still
 * come: written a moment later, replicated late, or repaired by a person while the job waits.
 */
export function readSite(data: unknown, databaseId: string): Site {
  const parsed = answer.safeParse(data);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new JobError(`GetDatabaseInfo gave an unexpected answer for database ${databaseId} (at ${where})`);
  }
  const database = parsed.data.database ?? parsed.data.databases?.nodes[0];
  if (database === undefined || database === null)
    throw new JobError(`Site not found for database ${databaseId}: there is no such database`);
  const [site] = database.sites.nodes;
  if (site === undefined)
    throw new JobError(`Site not found for database ${databaseId}: the database has none`);
  return siteOf(site, databaseId);
}

function siteOf(site: z.infer<typeof siteRow>, databaseId: string): Site {
  const [domain] = site.domains.nodes;
  const theme = site.siteThemes.nodes[0]?.theme;
  const legal = site.siteModules.nodes[0]?.data;
  const missing = [
    domain === undefined ? "domain" : [],
    theme === undefined ? "theme" : [],
    legal === undefined ? "legal_terms_module" : [],
  ].flat();
  if (domain === undefined || theme === undefined || legal === undefined)
    throw new JobError(
      `Missing site configuration for email: ${missing.join(", ")} (database ${databaseId})`,
    );

  const company = name(legal.company?.name) ?? name(legal.company?.nick);
  const title = name(site.title) ?? name(legal.company?.nick) ?? company ?? domain.domain;
  return {
    title,
    domain,
    logoUrl: shortUrl(site.logo),
    primary: normalColour(theme.primary ?? "") ?? defaultPrimary,
    supportEmail: emailAddress.safeParse(legal.emails?.support).data,
    companyName: company ?? title,
    websiteUrl: shortUrl(legal.company?.website),
    locale: legal.locale ?? theme.locale,
  };
}

/** A longer address is no site's own; with it, a mail could outgrow what Gmail shows. */
const urlLimit = 2000;

function shortUrl(given: string | undefined): string | undefined {
  const url = webUrl((given ?? "").slice(0, urlLimit + 1));
  return url === undefined || url.length > urlLimit ? undefined : url;
}

/** Marks that turn the direction of what follows: in a name they could make another one of the rest of a subject. */
const turns = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Gives a name in one bounded line, or undefined for one that shows nothing. */
export function name(given: string | null | undefined): string | undefined {
  const line = readableText((given ?? "").replace(turns, ""), nameLimit);
  return /^[\s\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(line) ? undefined : line;
}
