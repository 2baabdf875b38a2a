import { z } from "zod";
import { emailAddress, namedAddress } from "./address.ts";

const needed = "expected, unless the dry run is on";

/** Settings of sending mail, shared by the functions that do. */
export const mailgunSettings = {
  MAILGUN_API_KEY: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe("Mailgun's sending key. Needed unless the dry run is on."),
  MAILGUN_KEY: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe("Another name of MAILGUN_API_KEY, for older set-ups; read where that is not set."),
  MAILGUN_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/i, "expected a domain")
    .optional()
    .describe("Sending domain at Mailgun, as `mg.example.com`. Needed unless the dry run is on."),
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
};

/** Mailgun's settings, parsed. */
export type MailgunSettings = z.infer<z.ZodObject<typeof mailgunSettings>>;

/**
 * Gives a settings schema that also wants what sending needs, unless its dry run is on. All faults are found at once: `when`
 * lets these checks run beside those of the other settings.
 */
export function requireMailgun<S extends z.ZodObject>(schema: S, dryRunName: string): S {
  const isDry = (settings: Settings) => settings[dryRunName] === true;
  const has =
    (...names: readonly string[]) =>
    (settings: Settings) =>
      isDry(settings) || names.some((name) => settings[name] !== undefined);
  const at = (name: string) => ({ path: [name], error: needed, when: () => true });
  return schema
    .refine(has("MAILGUN_API_KEY", "MAILGUN_KEY"), at("MAILGUN_API_KEY"))
    .refine(has("MAILGUN_DOMAIN"), at("MAILGUN_DOMAIN"))
    .refine(has("MAILGUN_FROM"), at("MAILGUN_FROM"));
}

type Settings = Readonly<Record<string, unknown>>;
