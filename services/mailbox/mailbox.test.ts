import { expect, test } from "bun:test";
import { createLog } from "../log/log.ts";
import { createMailboxApp } from "./create-mailbox-app.tsx";
import { findLinks } from "./find-links.ts";
import { createMessageStore, keptCharacters, keptMessages, type Message } from "./message.ts";

const log = createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() });
const authorization = `Basic ${btoa("api:key")}`;
const mail = {
  from: "Acme <no-reply@acme.example>",
  to: "user@example.com",
  subject: "Hello",
  html: "<p>Hi</p>",
};

function mailbox() {
  const app = createMailboxApp({ store: createMessageStore(), apiKey: "key", log });
  const send = (body: FormData | URLSearchParams, headers: Record<string, string> = { authorization }) =>
    app.request("http://localhost/v3/mg.example.com/messages", { method: "POST", body, headers });
  const get = async (path: string) => app.request(`http://localhost${path}`);
  return { app, send, get, messages: async () => (await get("/messages")).json() };
}

function form(fields: Readonly<Record<string, string | readonly string[]>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat()) data.append(name, one);
  return data;
}

test("a multipart mail is kept with its headers and tags, and answered as Mailgun does", async () => {
  const { send, messages } = mailbox();
  const response = await send(
    form({
      ...mail,
      text: "Hi",
      "h:Reply-To": "help@acme.example",
      "o:tag": ["a", "b"],
      to: ["x@a.example", "y@b.example"],
    }),
  );
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    id: expect.stringMatching(/^<.+@mg\.example\.com>$/),
    message: "Queued. Thank you.",
  });
  expect(await messages()).toEqual([
    {
      id: expect.any(String),
      receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      from: mail.from,
      to: "x@a.example, y@b.example",
      subject: "Hello",
      html: "<p>Hi</p>",
      text: "Hi",
      headers: { "Reply-To": "help@acme.example" },
      tags: ["a", "b"],
    },
  ]);
});

test("every copy and every file is kept, and a file is saved, never shown", async () => {
  const { send, get, messages } = mailbox();
  const body = form({ ...mail, cc: ["c@x.example", "d@x.example"], bcc: ["e@x.example", "f@x.example"] });
  body.append("attachment", new Blob(["<script>alert(1)</script>"], { type: "text/html" }), "naïve.html");
  body.append("inline", new Blob([new Uint8Array([0, 255])], { type: "image/png" }), "logo.png");
  expect((await send(body)).status).toBe(200);
  const [message] = await messages();
  expect(message).toMatchObject({
    headers: { Cc: "c@x.example, d@x.example", Bcc: "e@x.example, f@x.example" },
    attachments: [
      { filename: "naïve.html", contentType: expect.stringContaining("text/html"), size: 25 },
      { filename: "logo.png", contentType: "image/png", size: 2 },
    ],
  });
  expect(await (await get(`/messages/${message.id}`)).json()).toEqual(message);
  const page = await (await get("/")).text();
  expect(page).toContain(`href="/messages/${message.id}/attachments/0"`);
  const file = await get(`/messages/${message.id}/attachments/0`);
  expect(await file.text()).toBe("<script>alert(1)</script>");
  expect(Object.fromEntries(file.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": "attachment; filename*=UTF-8''na%C3%AFve.html",
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
  });
  expect(new Uint8Array(await (await get(`/messages/${message.id}/attachments/1`)).arrayBuffer())).toEqual(
    new Uint8Array([0, 255]),
  );
  for (const number of ["2", "-1", "x", "0.5"])
    expect((await get(`/messages/${message.id}/attachments/${number}`)).status).toBe(404);
});

test("a urlencoded mail is kept too, and the newest comes first", async () => {
  const { send, get, messages } = mailbox();
  await send(new URLSearchParams({ ...mail, subject: "first" }));
  await send(new URLSearchParams({ ...mail, subject: "☂ second שלום" }));
  const list = await messages();
  expect(list.map((message: { subject: string }) => message.subject)).toEqual(["☂ second שלום", "first"]);
  expect(await (await get(`/messages/${list[0].id}`)).json()).toEqual(list[0]);
  expect((await get("/messages/none")).status).toBe(404);
});

test.each([
  ["no key", {}],
  ["a wrong key", { authorization: `Basic ${btoa("api:other")}` }],
  ["another user", { authorization: `Basic ${btoa("root:key")}` }],
])("a sender with %s is refused with 401", async (_, headers) => {
  const { send, messages } = mailbox();
  const response = await send(form(mail), headers);
  expect([response.status, await response.text()]).toEqual([401, "Forbidden"]);
  expect(await messages()).toEqual([]);
});

test.each([
  ["from", { ...mail, from: "" }, "from parameter is missing"],
  ["to", { ...mail, to: "" }, "to parameter is missing"],
  [
    "a real address",
    { ...mail, to: "nobody" },
    "to parameter is not a valid address. please check documentation",
  ],
  [
    "real copies",
    { ...mail, cc: ["a@b.example", "nobody"] },
    "cc parameter is not a valid address. please check documentation",
  ],
  ["a body", { ...mail, html: "" }, "Need at least one of 'text' or 'html' parameters specified"],
])("a mail without %s is refused with 400 and the reason", async (_, fields, message) => {
  const response = await mailbox().send(form(fields));
  expect([response.status, await response.json()]).toEqual([400, { message }]);
});

test("a body that is no form, and a path that is none, are told so", async () => {
  const { app } = mailbox();
  const post = (path: string) =>
    app.request(`http://localhost${path}`, {
      method: "POST",
      body: "{}",
      headers: { authorization, "Content-Type": "application/json" },
    });
  expect((await post("/v3/mg.example.com/messages")).status).toBe(400);
  expect((await post("/v4/anything")).status).toBe(404);
});

test("a mail over 25 MB is refused with 413", async () => {
  const { send } = mailbox();
  expect((await send(form({ ...mail, html: "x".repeat(26 * 1024 * 1024) }))).status).toBe(413);
});

test("deleting empties the mailbox", async () => {
  const { app, send, messages } = mailbox();
  await send(form(mail));
  expect((await app.request("http://localhost/messages", { method: "DELETE" })).status).toBe(204);
  expect(await messages()).toEqual([]);
});

test("the button of another site's page cannot empty the mailbox", async () => {
  const { app, send, messages } = mailbox();
  await send(form(mail));
  const post = (origin: string) =>
    app.request("http://localhost/clear", {
      method: "POST",
      headers: { origin, "Content-Type": "application/x-www-form-urlencoded" },
    });
  expect((await post("http://evil.example")).status).toBe(403);
  expect(await messages()).toHaveLength(1);
  expect((await post("http://localhost")).status).toBe(303);
  expect(await messages()).toHaveLength(0);
});

test("a foreign host name that leads here is refused", async () => {
  const { app } = mailbox();
  expect((await app.request("http://evil.example/messages")).status).toBe(421);
  for (const host of ["localhost", "127.0.0.1", "[::1]", "mailbox", "mail.localhost"])
    expect((await app.request(`http://${host}/messages`)).status).toBe(200);
});

test("the page shows subjects as text, and the mail only in a frame without rights", async () => {
  const { get, send, messages } = mailbox();
  await send(
    form({ ...mail, subject: "<script>alert(1)</script>", html: "<script>alert(2)</script><p>Hi</p>" }),
  );
  const [{ id }] = await messages();
  const page = await (await get("/")).text();
  expect(page).toContain("&lt;script&gt;alert(1)");
  expect(page).not.toContain("alert(2)");
  expect(page).toContain(`sandbox="allow-popups allow-popups-to-escape-sandbox" src="/messages/${id}/html"`);
  expect((await get("/")).headers.get("Content-Security-Policy")).toContain("script-src 'self'");

  const document = await get(`/messages/${id}/html`);
  expect(document.headers.get("Content-Security-Policy")).toStartWith(
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'",
  );
  expect(await document.text()).toContain("<p>Hi</p>");
});

test("the page of an empty mailbox shows how to send a mail", async () => {
  expect(await (await mailbox().get("/")).text()).toContain("bun run jobs enqueue simple-email");
});

test.each(["html", "text", "source", "headers"])(
  "the view %s of a mail without that part is a page too",
  async (view) => {
    const { get, send } = mailbox();
    await send(form({ ...mail, html: "", text: "only text" }));
    expect((await get(`/?view=${view}`)).status).toBe(200);
  },
);

test("the links of both parts are listed once each, and no others than http", async () => {
  const html = '<a href="https://a.example/?x=1&amp;y=2">a</a><a href="javascript:alert(1)">b</a>';
  expect(await findLinks(html, "See https://a.example/?x=1&y=2 or http://b.example/")).toEqual([
    "https://a.example/?x=1&y=2",
    "http://b.example/",
  ]);
});

test("the oldest message goes when there are too many", () => {
  const store = createMessageStore();
  for (let n = 0; n <= keptMessages; n++)
    store.add({
      id: String(n),
      receivedAt: "",
      from: "",
      to: "",
      subject: "",
      html: "",
      text: "",
      headers: {},
      tags: [],
    });
  expect(store.list()).toHaveLength(keptMessages);
  expect(store.find("0")).toBeUndefined();
});

test("the oldest messages go when they are too large together, and the newest stays whatever its size", () => {
  const store = createMessageStore();
  const message = { receivedAt: "", from: "", to: "", subject: "", html: "", headers: {}, tags: [] };
  const add = (id: string, size: number) =>
    store.add({ ...message, id, text: "x".repeat(size) } satisfies Message);
  const ids = () => store.list().map(({ id }) => id);
  for (const id of ["1", "2", "3"]) add(id, keptCharacters / 2);
  expect(ids()).toEqual(["3", "2"]);
  add("4", keptCharacters + 1);
  expect(ids()).toEqual(["4"]);
});

test("headers, tags and files count too towards what the mailbox keeps", () => {
  const store = createMessageStore();
  const long = "x".repeat(keptCharacters * 0.4);
  const one: Message = {
    id: "1",
    receivedAt: "2026-01-01T00:00:00.000Z",
    from: "a@b.example",
    to: "c@d.example",
    subject: "",
    html: "",
    text: "x",
    headers: {},
    tags: [],
  };
  store.add({ ...one, id: "1", headers: { "X-Long": long } });
  store.add({ ...one, id: "2", tags: [long] });
  store.add({ ...one, id: "3", from: long });
  expect(store.list().map(({ id }) => id)).toEqual(["3", "2"]);
  const content = new Uint8Array(keptCharacters * 0.4);
  store.add({ ...one, id: "4", attachments: [{ filename: "a", contentType: "b/c", content }] });
  expect(store.list().map(({ id }) => id)).toEqual(["4", "3"]);
});
