import * as z from "zod";
import { yesOrNo } from "../protocol/yes-or-no.ts";
import { emailAddress, namedAddress } from "./address.ts";

/** Settings of sending mail, shared by the functions that do. */
export const mailSettings = {
  MAILGUN_API_KEY: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe("Mailgun's sending key. Needed unless the dry run or SMTP is on."),
  MAILGUN_KEY: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe("Another name of MAILGUN_API_KEY, for older set-ups; read where that is not set."),
  MAILGUN_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/i, "expected a domain")
    .optional()
    .describe("Sending domain at Mailgun, as `mg.example.com`. Needed unless the dry run or SMTP is on."),
  MAILGUN_FROM: namedAddress
    .optional()
    .describe("Sender, `no-reply@mg.example.com` or with a name. Needed unless the dry run is on."),
  MAILGUN_REPLY: namedAddress
    .optional()
    .describe("Where replies go when nothing closer to the mail says so."),
  MAILGUN_DEV_EMAIL: emailAddress
    .optional()
    .describe("Redirects every mail to this mailbox, the recipient told after a `+`. For development."),
  MAILGUN_BASE_URL: z
    .url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" })
    .default("https://api.mailgun.net")
    .describe(
      "Mailgun's API: the US region by default, `https://api.eu.mailgun.net` for the EU, or a local server.",
    ),
  JOBS_MAILGUN_TEST_MODE: yesOrNo()
    .default(false)
    .describe("Mailgun takes and counts each mail and delivers none. Off."),
  EMAIL_SEND_USE_SMTP: yesOrNo()
    .default(false)
    .describe(
      "Sends by SMTP in place of Mailgun, to JOBS_SMTP_URL: for a Mailpit on one's machine. Container only.",
    ),
  JOBS_SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: "expected an smtp:// or smtps:// URL" })
    .default("smtp://localhost:1025")
    .meta({ secret: true })
    .describe("SMTP server, `smtp://user:password@host:port`; by default where Mailpit listens."),
};

/** Settings of sending mail, parsed. */
export type MailSettings = z.infer<z.ZodObject<typeof mailSettings>>;

/**
 * Gives a settings schema that also wants what sending needs, unless its dry run is on. All faults are found at once: `when`
 * lets these checks run beside those of the other settings.
 */
export function requireSending<S extends z.ZodObject>(schema: S, dryRunName: string): S {
  const has =
    (...names: readonly string[]) =>
    (settings: Settings) =>
      settings[dryRunName] === true || names.some((name) => settings[name] !== undefined);
  const mailgunHas =
    (...names: readonly string[]) =>
    (settings: Settings) =>
      settings["EMAIL_SEND_USE_SMTP"] === true || has(...names)(settings);
  const at = (name: string, what: string) => ({
    path: [name],
    error: `expected ${what}, unless ${dryRunName} is true`,
    when: () => true,
  });
  return schema
    .refine(mailgunHas("MAILGUN_API_KEY", "MAILGUN_KEY"), at("MAILGUN_API_KEY", "Mailgun's sending key"))
    .refine(mailgunHas("MAILGUN_DOMAIN"), at("MAILGUN_DOMAIN", "the sending domain, such as mg.example.com"))
    .refine(has("MAILGUN_FROM"), at("MAILGUN_FROM", "the sender, such as no-reply@mg.example.com"));
}

type Settings = Readonly<Record<string, unknown>>;
