/** One request to a function, and what every runtime has to answer. */
export type Case = {
  readonly name: string;
  readonly payload: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** By the secret that the function has. */
  readonly isSigned?: true;
  readonly status: number;
  readonly body: unknown;
  /** Subject of the one mail that it makes; undefined where it makes none. */
  readonly subject?: string;
  /** What stands in that mail, as the mailbox gives it in JSON. */
  readonly contains?: readonly string[];
};

/** Tenant and user of the admin API's sample rows. */
const databaseId = "00000000-0000-4000-8000-000000000001";
const userId = "00000000-0000-4000-8000-000000000006";

const tenant = { "X-Database-Id": databaseId, "X-Job-Id": "7", "X-Job-Completion": "response" };
const email = "bob@example.com";
const signed = { isSigned: true } as const;
const done = { status: 200, body: { complete: true } } as const;
const invite = { email_type: "invite_email", email, invite_token: "t/1 ü", sender_id: userId };
const reset = { email_type: "forgot_password", email, user_id: userId, reset_token: "r-1" };
const verify = { email_type: "email_verification", email, email_id: "e-1", verification_token: "v-1" };

/** What is asked of simple-email on every runtime. */
export const simpleEmailCases: readonly Case[] = [
  {
    name: "a mail of HTML in another alphabet",
    payload: { to: `Bob <${email}>`, subject: "שלום 🎉", html: "<p>Hello</p>\n<ul><li>one</li></ul>" },
    headers: { ...tenant, "Idempotency-Key": `${databaseId}:7` },
    ...signed,
    ...done,
    subject: "שלום 🎉",
  },
  {
    name: "HTML that only a parser reads right, copies and a file",
    payload: {
      to: email,
      cc: `Ann <ann@example.com>`,
      bcc: ["ben@example.com"],
      reply_to: "help@example.com",
      subject: "Fees",
      html: '<p title="a > b">Only orders < 50 &euro; need a fee; <a href="https://a.test/?x=1&amp;y=2">more</a></p>',
      attachments: [
        { filename: "naïve.pdf", content: btoa("%PDF\0\xff"), content_type: "application/pdf" },
        { filename: "empty.bin", content: "" },
      ],
    },
    headers: { ...tenant, "Idempotency-Key": `${databaseId}:11`, "X-Job-Id": "11" },
    ...signed,
    ...done,
    subject: "Fees",
    contains: [
      "Only orders < 50 € need a fee; more (https://a.test/?x=1&y=2)",
      '"Cc":"Ann <ann@example.com>"',
      '"Bcc":"ben@example.com"',
      '"filename":"naïve.pdf","contentType":"application/pdf","size":6',
    ],
  },
  {
    name: "a field that it does not know",
    payload: { to: email, subject: "Hi", text: "Hello", attachment: [] },
    headers: { ...tenant, "Idempotency-Key": `${databaseId}:12`, "X-Job-Id": "12" },
    ...signed,
    status: 400,
    body: {
      error:
        "Unknown field: attachment: expected no other than to, subject, cc, bcc, html, text, from, replyTo, reply_to, attachments",
    },
  },
  {
    name: "a subject that would add a header",
    payload: { to: email, subject: "Hi\r\nBcc: x@y.test", text: "Hello" },
    headers: { ...tenant, "Idempotency-Key": `${databaseId}:8`, "X-Job-Id": "8" },
    ...signed,
    status: 400,
    body: { error: "Invalid field: subject: expected one line without control characters" },
  },
  {
    name: "a request that is not signed",
    payload: { to: email, subject: "Hi", text: "Hello" },
    headers: tenant,
    status: 401,
    body: {
      error:
        "The request is not signed, and this function has JOBS_SIGNING_SECRETS: give its worker one of them",
    },
  },
  {
    name: "a signed request with the id of another job",
    payload: { to: email, subject: "Hi", text: "Hello" },
    headers: { ...tenant, "Idempotency-Key": `${databaseId}:9`, "X-Job-Id": "10" },
    ...signed,
    status: 401,
    body: { error: "The request's X-Job-Id is not of the job that was signed (webhook-id)" },
  },
];

/** What is asked of send-email-link on every runtime. */
export const sendEmailLinkCases: readonly Case[] = [
  {
    name: "an invitation to the app",
    payload: invite,
    headers: { ...tenant, "Idempotency-Key": "1:1" },
    ...done,
    subject: "Ada Lovelace invited you to join Acme Notes",
  },
  {
    name: "an invitation to an organisation, by nobody who is known",
    payload: { ...invite, invite_type: 2, sender_id: databaseId },
    headers: { ...tenant, "Idempotency-Key": "1:2" },
    ...done,
    subject: "You’re invited to join Acme Notes",
  },
  {
    name: "a password reset in German",
    payload: { ...reset, locale: "de-AT" },
    headers: { ...tenant, "Idempotency-Key": "1:3" },
    ...done,
    subject: "Ihr Passwort für Acme Notes zurücksetzen",
  },
  {
    name: "an address to confirm, in Arabic",
    payload: { ...verify, locale: "ar" },
    headers: { ...tenant, "Idempotency-Key": "1:4" },
    ...done,
    subject: "أكّد عنوان بريدك الإلكتروني في \u2068Acme Notes\u2069",
  },
  {
    name: "an id that a JavaScript number would round",
    payload: JSON.stringify({ ...reset, user_id: "ID" }).replace('"ID"', "9007199254740993"),
    headers: { ...tenant, "Idempotency-Key": "1:6" },
    ...done,
    subject: "Reset your Acme Notes password",
    contains: ["role_id=9007199254740993&reset_token="],
  },
  {
    name: "hostile text in a token",
    payload: { ...reset, reset_token: "\"'><script>alert(1)</script>\r\nBcc: x@y.test 🎉" },
    headers: { ...tenant, "Idempotency-Key": "1:5" },
    ...done,
    subject: "Reset your Acme Notes password",
  },
  {
    name: "a payload without its token",
    payload: { ...reset, reset_token: "" },
    headers: tenant,
    status: 400,
    body: { error: "Missing required field: reset_token" },
  },
  {
    name: "a payload that is no JSON",
    payload: "{",
    headers: tenant,
    status: 400,
    body: { error: "The payload is not JSON" },
  },
  {
    name: "a job of no tenant",
    payload: reset,
    headers: { "X-Job-Completion": "response" },
    status: 400,
    body: { error: "Missing X-Database-Id header or DEFAULT_DATABASE_ID" },
  },
];
