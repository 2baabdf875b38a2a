import type { Dialect } from "../send-email-link/graphql.ts";
import { createSendEmailLink } from "../send-email-link/index.ts";
import { type Rows, withGraphql } from "./graphql-server.ts";
import { type MailgunFault, withMailgun } from "./mailgun-server.ts";
import { type JobRequestOptions, postJob } from "./post-job.ts";

/** Payload of an invitation. */
export const invite = {
  email_type: "invite_email",
  email: "bob@example.com",
  invite_token: "t1",
  sender_id: "u1",
};

/** Payload of a password reset. */
export const reset = {
  email_type: "forgot_password",
  email: "bob@example.com",
  user_id: "u1",
  reset_token: "r1",
};

/** Payload of an address to confirm. */
export const verify = {
  email_type: "email_verification",
  email: "bob@example.com",
  email_id: "e1",
  verification_token: "v1",
};

/** What differs from an ordinary world. */
type World = {
  readonly rows?: Rows;
  readonly fault?: MailgunFault;
  readonly dialect?: Dialect;
  readonly userIds?: "UUID" | "Int" | "BigInt";
};

/** Gives a GraphQL server, Mailgun, and send-email-link between them. */
export function withWorld({ rows = {}, fault, dialect = "id", userIds = "UUID" }: World = {}) {
  const stack = new AsyncDisposableStack();
  const graphql = stack.use(withGraphql(dialect, rows, userIds));
  const mailgun = stack.use(withMailgun(fault));
  const lines: string[] = [];
  const job = createSendEmailLink({ write: (line) => lines.push(line) });
  const env = {
    GRAPHQL_URL: graphql.url,
    MAILGUN_API_KEY: "key-test",
    MAILGUN_DOMAIN: "mg.acme.test",
    MAILGUN_FROM: "no-reply@mg.acme.test",
    MAILGUN_BASE_URL: mailgun.url,
  };
  const post = (payload: unknown, options: JobRequestOptions = {}) =>
    postJob(job, payload, { ...options, env: { ...env, ...options.env } });
  return { graphql, mailgun, lines, post, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
