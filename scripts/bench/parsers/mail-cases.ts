import * as z from "zod";
import { exactId } from "../../../functions/kit/exact-id.ts";
import { parsePayload } from "../../../functions/kit/read-payload.ts";
import { emailAddress, namedAddress } from "../../../functions/mail/address.ts";
import { normalColour } from "../../../functions/mail/colour.ts";
import { compileTemplate } from "../../../functions/mail/compile-template.ts";
import { escapeText, escapeUrl } from "../../../functions/mail/escape.ts";
import { htmlToText } from "../../../functions/mail/html-to-text.ts";
import { createMailgun } from "../../../functions/mail/mailgun.ts";
import { checkSlotPlaces } from "../../../functions/mail/slot-places.ts";
import { parseTemplate } from "../../../functions/mail/template.ts";
import { createAsk } from "../../../functions/send-email-link/graphql.ts";
import { readInviter, userDocuments } from "../../../functions/send-email-link/inviter.ts";
import { sendEmailLinkPayload } from "../../../functions/send-email-link/payload.ts";
import { readSite } from "../../../functions/send-email-link/site.ts";
import { simpleEmailPayload } from "../../../functions/simple-email/payload.ts";
import { readMessage } from "../../../services/mailbox/read-message.ts";
import type { ParserCase } from "./parser-case.ts";

const repeat = (piece: string) => (bytes: number) => piece.repeat(Math.ceil(bytes / piece.length));
const around =
  (start: string, piece: string, end = "") =>
  (bytes: number) =>
    start + repeat(piece)(bytes) + end;

/** A refusal ends the reading, and no bench. */
function tried(read: () => unknown): unknown {
  try {
    return read();
  } catch (fault) {
    return fault;
  }
}

const anything = z.looseObject({});
const lists = z.object({ a: z.array(z.string("expected a text")) });
const bigints = z.object({ a: z.array(z.bigint()) });
const either = z.object({ a: z.array(z.union([z.null(), z.bigint()])) });
const ids = z.object({ a: z.array(exactId()) });
const payloadCase = (name: string, schema: z.ZodType, make: ParserCase["make"]): ParserCase => ({
  name: `payload: ${name}`,
  make,
  parse: (input) => tried(() => parsePayload(input, schema)),
});

const payloads: readonly ParserCase[] = [
  payloadCase("brackets", anything, around("", "[")),
  payloadCase(
    "brackets that close",
    anything,
    (bytes) => `{"a":${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}}`,
  ),
  payloadCase("objects", anything, around("", '{"a":')),
  payloadCase("a list of numbers that round", anything, around('{"a":[', "9007199254740993,", "1]}")),
  payloadCase("one number", anything, around('{"a":', "9", "}")),
  payloadCase("a number of zeros", anything, around('{"a":1.', "0", "1}")),
  payloadCase("exponents", anything, around('{"a":[', "1e400,", "1]}")),
  payloadCase("numbers of a thousand digits", anything, around('{"a":[', `${"7".repeat(1000)},`, "1]}")),
  payloadCase("backslashes", anything, around('{"a":"', "\\\\", '"}')),
  payloadCase("quotes", anything, around('{"a":"', '\\"', '"}')),
  payloadCase(
    "a string without end, after a number that rounds",
    anything,
    around('{"n":9007199254740993,"a":"', "x"),
  ),
  payloadCase("many faults", lists, around('{"a":[', "7,", "7]}")),
  payloadCase("many bigints", bigints, around('{"a":[', "7,", "7]}")),
  payloadCase("many bigints in unions", either, around('{"a":[', "7,", "7]}")),
  payloadCase("many ids", ids, around('{"a":[', "9007199254740993,", "7]}")),
  payloadCase("many fields that nobody knows", simpleEmailPayload, (bytes) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: bytes / 12 }, (_, n) => [`k${n}`, n]))),
  ),
  payloadCase(
    "recipients that are none",
    simpleEmailPayload,
    around('{"subject":"x","text":"x","to":[', '"x",', '"x"]}'),
  ),
  payloadCase(
    "an attachment",
    simpleEmailPayload,
    around(
      '{"subject":"x","text":"x","to":"a@b.c","attachments":[{"filename":"a","content":"',
      "AAAA",
      '"}]}',
    ),
  ),
  payloadCase(
    "attachments that are none",
    simpleEmailPayload,
    around('{"subject":"x","text":"x","to":"a@b.c","attachments":[', "1,", "1]}"),
  ),
  payloadCase(
    "a token",
    sendEmailLinkPayload,
    around('{"email_type":"forgot_password","email":"a@b.c","user_id":"u","reset_token":"', "x", '"}'),
  ),
];

const htmlPieces = [
  "<",
  "<a>",
  "<p ",
  "<p a=1 ",
  "&",
  "&#",
  "&ampamp",
  "<!--",
  "<![CDATA[",
  "</a ",
  "<b></i>",
  "<div><p>",
  "<a href=https://a.test/>x",
  "<a href='<<<'></a>",
  "<pre> ",
  "<li><br>",
  " ",
  "\u00a0 ",
];
const htmls: readonly ParserCase[] = [
  ...htmlPieces.map((piece) => ({
    name: `html to text: ${JSON.stringify(piece)}`,
    make: repeat(piece),
    parse: htmlToText,
  })),
  {
    name: "html to text: one tag of many attributes",
    make: (bytes) =>
      `<p ${Array.from({ length: bytes / 8 }, (_, n) => `a${n.toString(36)}=${n % 10} `).join("")}>`,
    parse: htmlToText,
  },
  { name: "html to text: a style that never ends", make: around("<style>", "</styl"), parse: htmlToText },
  {
    name: "html to text: a link's address and words",
    make: around("<a href='https://a.test/", "x", `'>${"y".repeat(1000)}</a>`),
    parse: htmlToText,
  },
];

const slots = { name: "text", link: "url", ink: "colour" } as const;
const mjml = (body: string) =>
  `<mjml><mj-body><mj-section><mj-column>${body}</mj-column></mj-section></mj-body></mjml>`;
const templates: readonly ParserCase[] = [
  ...[
    "<",
    "<a ",
    "<a '",
    "<!--",
    "<!--[if mso]>",
    "<style>",
    "{{name}}",
    "<b>{{name}}",
    "<p title='{{name}}'>",
  ].map((piece) => ({
    name: `slots: ${JSON.stringify(piece)}`,
    make: repeat(piece),
    parse: (input: string) => tried(() => checkSlotPlaces(input, slots)),
  })),
  {
    name: "template: blocks that never close",
    make: repeat("{{#name}}"),
    parse: (input) => tried(() => parseTemplate(input, slots)),
  },
  ...[
    "<mj-text>x</mj-text>",
    "<mj-text><!--",
    "<mj-text>{{name}}</mj-text>",
    "<mj-raw><b></mj-raw>",
    "<mj-text a=",
  ].map((piece) => ({
    name: `MJML: ${JSON.stringify(piece)}`,
    make: (bytes: number) => mjml(repeat(piece)(bytes)),
    parse: (input: string) => compileTemplate(input, slots, []).catch((fault: unknown) => fault),
  })),
];

/** Gives what a server that answers so makes of a question. */
const answeredBy = (read: (data: unknown) => unknown) => async (input: string) => {
  const ask = createAsk(async () => new Response(input, { headers: { "Content-Type": "application/json" } }));
  const question = {
    operation: "GetUser",
    documents: userDocuments("UUID"),
    variables: { userId: "u" },
    databaseId: "d",
    signal: new AbortController().signal,
  };
  try {
    return read(await ask({ url: "http://graphql.test/", headers: {} }, question));
  } catch (fault) {
    return fault;
  }
};
const siteOf = (data: unknown) => readSite(data, "d");
const site = (theme: string, logo: string) =>
  `{"data":{"database":{"sites":{"nodes":[{"domains":{"nodes":[{"domain":"a.test"}]},"title":"a","logo":${logo},"siteThemes":{"nodes":[{"theme":${theme}}]},"siteModules":{"nodes":[{"data":{}}]}}]}}}}`;
const graphqlAnswers: readonly ParserCase[] = [
  { name: "GraphQL: brackets", make: repeat("["), parse: answeredBy(siteOf) },
  {
    name: "GraphQL: a theme of brackets",
    make: (bytes) => site(`"${"[".repeat(bytes)}"`, "null"),
    parse: answeredBy(siteOf),
  },
  {
    name: "GraphQL: a colour",
    make: (bytes) => site(`{"primary":"rgb(1${" ".repeat(bytes)}"}`, "null"),
    parse: answeredBy(siteOf),
  },
  {
    name: "GraphQL: a logo",
    make: (bytes) => site("{}", `"https://a.test/${"@".repeat(bytes)}"`),
    parse: answeredBy(siteOf),
  },
  {
    name: "GraphQL: many errors",
    make: (bytes) => `{"errors":[${repeat('{"message":"Cannot query field"},')(bytes)}{}]}`,
    parse: answeredBy(siteOf),
  },
  {
    name: "GraphQL: one error",
    make: (bytes) => `{"errors":[{"message":"Field \\"${"x".repeat(bytes)}"}]}`,
    parse: answeredBy(siteOf),
  },
  {
    name: "GraphQL: a user's name",
    make: (bytes) => `{"data":{"user":{"displayName":"${repeat("a.\u202e ")(bytes)}"}}}`,
    parse: answeredBy(readInviter),
  },
];

const others: readonly ParserCase[] = [
  ...["a", " ", "<", "a@", '"', "\u200b", "a <"].map((piece) => ({
    name: `address: ${JSON.stringify(piece)}`,
    make: around("a", piece, "b"),
    parse: (input: string) => [emailAddress.safeParse(input).success, namedAddress.safeParse(input).success],
  })),
  { name: "colour", make: around("rgb(1,", " ", "x"), parse: normalColour },
  { name: "escape", make: repeat("<&"), parse: escapeText },
  { name: "URL", make: around("https://a.test/", "@"), parse: escapeUrl },
  ...["try again after ", "a@", "\u0000 "].map((piece) => ({
    name: `Mailgun's answer: ${JSON.stringify(piece)}`,
    make: (bytes: number) => JSON.stringify({ message: repeat(piece)(bytes) }),
    parse: (input: string) =>
      createMailgun({
        apiKey: "k",
        domain: "mg.test",
        baseUrl: "http://mailgun.test",
        fetch: async () => new Response(input, { status: 420 }),
      }).emails.send({ from: "a@b.c", to: "a@b.c", subject: "x", text: "x" }),
  })),
  {
    name: "mailbox: a recipient without @",
    make: repeat("a"),
    parse: (input) => {
      const form = new FormData();
      for (const name of ["from", "to", "text"]) form.append(name, input);
      return readMessage(form, { id: "1", receivedAt: new Date(0) });
    },
  },
];

/** What functions and mailbox read of payloads, mails, templates and answers, each with its worst inputs. */
export const mailCases: readonly ParserCase[] = [
  ...payloads,
  ...htmls,
  ...templates,
  ...graphqlAnswers,
  ...others,
];
