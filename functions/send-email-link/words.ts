import { isOrgInvite, type SendEmailLinkPayload } from "./payload.ts";

/** All that a mail says, part by part; HTML and plain text are made of the same words. */
export type Words = {
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
};

/** Who a mail speaks of. */
export type WordsOptions = { readonly site: string; readonly inviter: string | undefined };

const linkHint = "If the button does not work, copy this link into your browser:";

/** Gives the words of a mail, in English. */
export function wordsOf(payload: SendEmailLinkPayload, { site, inviter }: WordsOptions): Words {
  switch (payload.email_type) {
    case "invite_email":
      return invite(site, inviter, isOrgInvite(payload));
    case "forgot_password":
      return {
        subject: `Reset your ${site} password`,
        preheader: "Choose a new password with the link inside.",
        heading: "Choose a new password",
        intro: `Someone, most likely you, asked to reset the password of your account at ${site}. Choose a new one here:`,
        action: "Reset password",
        linkHint,
        notYou: "You did not ask for this? Then ignore this mail: your password stays as it is.",
      };
    case "email_verification":
      return {
        subject: `Confirm your email address for ${site}`,
        preheader: "One click, and your address is confirmed.",
        heading: "Confirm your email address",
        intro: `Thank you for joining ${site}. Please confirm that this address is yours, so that we can reach you when it matters:`,
        action: "Confirm address",
        linkHint,
        notYou: `You did not sign up at ${site}? Then ignore this mail: without your confirmation, nothing happens.`,
      };
    default:
      return payload satisfies never;
  }
}

function invite(site: string, inviter: string | undefined, isOrg: boolean): Words {
  const place = isOrg ? `an organization at ${site}` : site;
  const sentence =
    inviter === undefined ? `You are invited to join ${place}.` : `${inviter} invites you to join ${place}.`;
  return {
    subject: inviter === undefined ? `You are invited to ${site}` : `${inviter} invites you to ${site}`,
    preheader: `Accept the invitation and join ${place}.`,
    heading: `Join ${site}`,
    intro: `${sentence} Accept the invitation, and you can start right away:`,
    action: "Accept invitation",
    linkHint,
    notYou: "You did not expect this? Then ignore this mail: no account is made without you.",
  };
}
