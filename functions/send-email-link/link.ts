import { JobError } from "../kit/job-error.ts";
import { isOrgInvite, type SendEmailLinkPayload } from "./payload.ts";

/** A site's domain, as its row has it. */
export type SiteDomain = { readonly subdomain: string | null; readonly domain: string };

/**
 * Gives the link of a mail (protocol §6): host of the site, path and query of the mail's type, every value encoded.
 *
 * A host in other letters than Latin stands as DNS has it (`xn--…`), so that no letter passes for another.
 *
 * @throws JobError when the site's domain is no host name, and for good when the link is too long to work.
 */
export function createLink(
  payload: SendEmailLinkPayload,
  domain: SiteDomain,
  localAppPort: string | undefined,
): string {
  const [path, query] = target(payload);
  const link = `${origin(domain, localAppPort)}${path}?${new URLSearchParams(query)}`;
  if (link.length > linkLimit)
    throw new JobError(`The link would be longer than ${linkLimit} characters`, {
      status: 400,
      retry: false,
    });
  return link;
}

/** Servers and mail programs cut longer ones; and the mail, which shows it four times, stays below Gmail's 102 KB. */
const linkLimit = 8000;

function target(payload: SendEmailLinkPayload): readonly [path: string, query: Record<string, string>] {
  switch (payload.email_type) {
    case "invite_email":
      return [
        "/register",
        {
          invite_token: payload.invite_token,
          email: payload.email,
          type: isOrgInvite(payload) ? "org" : "app",
        },
      ];
    case "forgot_password":
      return ["/reset-password", { role_id: payload.user_id, reset_token: payload.reset_token }];
    case "email_verification":
      return [
        "/verify-email",
        { email_id: payload.email_id, verification_token: payload.verification_token },
      ];
    default:
      return payload satisfies never;
  }
}

function origin({ subdomain, domain }: SiteDomain, localAppPort: string | undefined): string {
  const bare = domain === "localhost" || domain === "0.0.0.0";
  const isLocal = localAppPort !== undefined && (bare || domain.endsWith(".localhost"));
  const host =
    subdomain === null || subdomain === "" || (isLocal && bare) ? domain : `${subdomain}.${domain}`;
  const url = isLocal ? `http://${host}:${localAppPort}` : `https://${host}`;
  // Anything but letters, digits, dots, dashes and a port could end the host early, and lead the link elsewhere.
  if (!/^[\p{L}\p{M}\p{N}._-]+(:\d{1,5})?$/u.test(host) || !URL.canParse(url))
    throw new JobError(`The site's domain ${JSON.stringify(host.slice(0, 100))} is not a host name`);
  return new URL(url).origin;
}
