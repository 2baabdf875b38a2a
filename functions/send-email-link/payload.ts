import { z } from "zod";
import { emailAddress } from "../mail/address.ts";

const types = ["invite_email", "forgot_password", "email_verification"] as const;
const expectedType = `expected one of ${types.join(", ")}`;

/** Longest token or id in a link: mail clients and servers cut longer URLs. */
const partLimit = 2000;
const linkPart = () =>
  z.string("expected a text").min(1).max(partLimit, `expected at most ${partLimit} characters`);

/** Payload of send-email-link (protocol §6), its fields in the order in which they are checked. */
export const sendEmailLinkPayload = z.discriminatedUnion(
  "email_type",
  [
    z.object({
      email_type: z.literal("invite_email"),
      email: emailAddress,
      invite_token: linkPart(),
      sender_id: linkPart(),
      /** 2 invites to an organisation, anything else to the app. */
      invite_type: z.union([z.number(), z.string()], "expected a number").nullish(),
    }),
    z.object({
      email_type: z.literal("forgot_password"),
      email: emailAddress,
      user_id: linkPart(),
      reset_token: linkPart(),
    }),
    z.object({
      email_type: z.literal("email_verification"),
      email: emailAddress,
      email_id: linkPart(),
      verification_token: linkPart(),
    }),
  ],
  expectedType,
);

/** A payload of send-email-link, parsed. */
export type SendEmailLinkPayload = z.infer<typeof sendEmailLinkPayload>;

/** Tells whether an invite is to an organisation; else it is to the app. */
export function isOrgInvite(payload: SendEmailLinkPayload): boolean {
  return payload.email_type === "invite_email" && Number(payload.invite_type) === 2;
}
