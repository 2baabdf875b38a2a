import { defineJob, type Job, type JobTools } from "../kit/define-job.ts";
import type { JobContext } from "../kit/job-context.ts";
import { JobError } from "../kit/job-error.ts";
import { addressDomain, addressWithName } from "../mail/address.ts";
import { createDeliver, type Letter, type SendBySmtp } from "../mail/deliver.ts";
import { chooseLocale } from "./catalogue.ts";
import { compose, type Templates, templatesOf } from "./compose.ts";
import { type SendEmailLinkSettings, sendEmailLinkSettings } from "./config.ts";
import { createLink } from "./link.ts";
import { createLookUp, type LookUp } from "./look-up.ts";
import { type SendEmailLinkPayload, sendEmailLinkPayload } from "./payload.ts";
import { withoutSecret } from "./secret.ts";
import type { Site } from "./site.ts";
import { wordsOf } from "./words.ts";

type Context = JobContext<SendEmailLinkSettings>;

/** What send-email-link uses of the world, besides the kit's. */
export type SendEmailLinkTools = JobTools & {
  readonly smtp?: SendBySmtp;
  /** Templates in place of those that come with the function; asked for at start in a container, else at the first mail. */
  readonly templates?: (env: SendEmailLinkSettings) => Promise<Templates>;
};

/** Gives the function send-email-link: invitations, password resets and address confirmations (protocol §6). */
export function createSendEmailLink(tools: SendEmailLinkTools = {}): Job {
  const send = tools.fetch ?? fetch;
  const lookUp = createLookUp(send);
  const deliver = createDeliver({ fetch: send, smtp: tools.smtp });
  const templates = tools.templates ?? ourTemplates();
  return defineJob(
    {
      name: "send-email-link",
      payload: sendEmailLinkPayload,
      env: sendEmailLinkSettings,
      prepare: templates,
      run: async (payload, context) => {
        const { env, signal, idempotencyKey } = context;
        try {
          const { site, inviter } = await lookUpAll(payload, context, lookUp);
          const link = createLink(payload, site.domain, env.LOCAL_APP_PORT);
          const letter = letterOf(payload, await templates(env), { env, site, inviter, link });
          if (env.SEND_EMAIL_LINK_DRY_RUN) return dryRun(letter, link, context);
          await deliver(letter, { settings: env, signal, idempotencyKey });
          return {};
        } catch (thrown) {
          throw withoutSecret(thrown, payload);
        }
      },
    },
    tools,
  );
}

type LetterOptions = {
  readonly env: SendEmailLinkSettings;
  readonly site: Site;
  readonly inviter: string | undefined;
  readonly link: string;
};

function letterOf(
  payload: SendEmailLinkPayload,
  templates: Templates,
  { env, site, inviter, link }: LetterOptions,
): Letter {
  const locale = chooseLocale(payload.locale, site.locale);
  const words = wordsOf(payload, { locale, site: site.title, inviter, support: site.supportEmail });
  return {
    to: payload.email,
    from: sender(env.MAILGUN_FROM, site),
    replyTo: site.supportEmail,
    subject: words.subject,
    tags: [payload.email_type],
    headers: automatic,
    tracking: false,
    ...compose(templates[payload.email_type], words, { site, link }),
  };
}

/** No holiday notice answers these (RFC 3834 §5); Outlook and Exchange listen to their own header. */
const automatic = { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply" };

/** The function send-email-link. */
export const sendEmailLink: Job = createSendEmailLink();

function ourTemplates(): (env: SendEmailLinkSettings) => Promise<Templates> {
  const ours = templatesOf();
  return async ({ JOBS_EMAIL_TEMPLATES }) => {
    if (JOBS_EMAIL_TEMPLATES === undefined) return ours;
    throw new JobError(
      "Cannot use JOBS_EMAIL_TEMPLATES: there are no folders here. Compile the templates into the worker, by `bun run email:compile --from FOLDER --to FILE.ts`",
    );
  };
}

async function lookUpAll(payload: SendEmailLinkPayload, context: Context, lookUp: LookUp) {
  const databaseId = context.databaseId ?? context.env.DEFAULT_DATABASE_ID;
  if (databaseId === undefined)
    throw new JobError("Missing X-Database-Id header or DEFAULT_DATABASE_ID", { status: 400, retry: false });
  const options = { databaseId, env: context.env, signal: context.signal };
  const site = await lookUp.site(options);
  const inviter =
    payload.email_type === "invite_email" ? await lookUp.inviter(payload.sender_id, options) : undefined;
  return { site, inviter };
}

/** The site's title is the sender's name, unless MAILGUN_FROM has one of its own. */
function sender(from: string | undefined, site: Site): string | undefined {
  return from === undefined || from.includes("<") ? from : addressWithName(site.title, from);
}

function dryRun(letter: Letter, link: string, { log, env }: Context): { dryRun: true } {
  const to = env.MAILGUN_DEV_EMAIL ?? String(letter.to);
  log.info("mail not sent: dry run", {
    recipientDomain: addressDomain(to),
    type: letter.tags?.[0],
    subject: letter.subject,
    linkHost: new URL(link).host,
  });
  return { dryRun: true };
}
