import * as z from "zod";
import { exactId } from "../kit/exact-id.ts";
import { emailAddress } from "../mail/address.ts";

const types = ["invite_email", "forgot_password", "email_verification"] as const;
const expectedType = `expected one of ${types.join(", ")}`;

/** Longest token or id in a link: mail clients and servers cut longer URLs. */
const partLimit = 2000;
const linkPart = () =>
  z.string("expected a text").min(1).max(partLimit, `expected at most ${partLimit} characters`);

/** An id in a link, its digits where it is a number: keys are uuids in one application and integers in the next. */
const linkId = () => exactId().pipe(linkPart());

/** Language of the mail, as `de` or `pt-BR`; one that there is no catalogue for is no fault. Null as if not given. */
const locale = () => z.string("expected a language tag").max(100, "expected a language tag").nullish();

/** Payload of send-email-link (protocol §6), its fields in the order in which they are checked. */
export const sendEmailLinkPayload = z.discriminatedUnion(
  "email_type",
  [
    z.object({
      email_type: z.literal("invite_email"),
      email: emailAddress,
      locale: locale(),
      invite_token: linkPart(),
      sender_id: linkId(),
      /** 2 invites to an organisation, anything else to the app. */
      invite_type: z.union([z.number(), z.bigint(), z.string()], "expected a number").nullish(),
    }),
    z.object({
      email_type: z.literal("forgot_password"),
      email: emailAddress,
      locale: locale(),
      user_id: linkId(),
      reset_token: linkPart(),
    }),
    z.object({
      email_type: z.literal("email_verification"),
      email: emailAddress,
      locale: locale(),
      email_id: linkId(),
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
