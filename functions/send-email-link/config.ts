import * as z from "zod";
import { mailSettings, requireSending } from "../mail/config.ts";
import { yesOrNo } from "../protocol/yes-or-no.ts";

const httpUrl = () => z.url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" });
const expectedPort = "expected a port from 1 to 65535";

/** The settings of send-email-link. */
export const sendEmailLinkSettings = requireSending(
  z.object({
    GRAPHQL_URL: httpUrl().describe("GraphQL API of the application's own data, which knows the users."),
    META_GRAPHQL_URL: httpUrl()
      .optional()
      .describe("GraphQL API that knows databases and sites; GRAPHQL_URL where it is not set."),
    GRAPHQL_HOST_HEADER: z
      .string()
      .optional()
      .describe("Host that GRAPHQL_URL is asked as, where the server routes by it."),
    META_GRAPHQL_HOST_HEADER: z.string().optional().describe("The same for META_GRAPHQL_URL."),
    JOBS_GRAPHQL_HOST_BY: z
      .enum(["host", "forwarded", "url"], "expected host, forwarded or url")
      .optional()
      .describe(
        "How that host is told: the Host header (Bun alone sends it), X-Forwarded-Host, or in the URL itself. By default Host under Bun, X-Forwarded-Host elsewhere.",
      ),
    JOBS_EMAIL_SITE_CACHE_SECONDS: z
      .string()
      .regex(/^\d{1,4}$/, "expected 0 to 9999 seconds")
      .transform(Number)
      .default(60)
      .describe(
        "How long a site's title, colour and domain are kept; 0 asks for each mail. A minute: a new logo shows soon.",
      ),
    GRAPHQL_AUTH_TOKEN: z
      .string()
      .optional()
      .meta({ secret: true })
      .describe("Bearer token for both GraphQL APIs."),
    GRAPHQL_API_NAME: z
      .string()
      .optional()
      .describe("X-Api-Name of queries for users, where the server routes by it."),
    GRAPHQL_SCHEMATA: z
      .string()
      .optional()
      .describe("X-Schemata of queries for users, where the server routes by it."),
    DEFAULT_DATABASE_ID: z.string().optional().describe("Tenant of jobs that come without X-Database-Id."),
    LOCAL_APP_PORT: z
      .string()
      .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535, expectedPort)
      .optional()
      .describe("Port of the app on this machine: links to localhost domains use http and this port."),
    JOBS_EMAIL_TEMPLATES: z
      .string()
      .optional()
      .describe("Folder of MJML templates in place of ours, compiled at start. Container only."),
    SEND_EMAIL_LINK_DRY_RUN: yesOrNo()
      .default(false)
      .describe("Renders and logs each mail and sends none. Off, as a mail that is not sent helps nobody."),
    ...mailSettings,
  }),
  "SEND_EMAIL_LINK_DRY_RUN",
);

/** The settings of send-email-link, parsed. */
export type SendEmailLinkSettings = z.infer<typeof sendEmailLinkSettings>;
