import { describe, expect, test } from "bun:test";
import { createLink } from "./link.ts";
import { sendEmailLinkPayload } from "./payload.ts";

const site = { subdomain: "app", domain: "acme.test" };
const link = (payload: object, domain: { subdomain: string | null; domain: string } = site, port?: string) =>
  createLink(sendEmailLinkPayload.parse({ email: "ada+1@example.com", ...payload }), domain, port);

const invite = { email_type: "invite_email", invite_token: "t/1", sender_id: "u" };
const reset = { email_type: "forgot_password", user_id: "u", reset_token: "r" };

describe("each type has its link", () => {
  test.each([
    [invite, "/register?invite_token=t%2F1&email=ada%2B1%40example.com&type=app"],
    [{ ...invite, invite_type: 2 }, "/register?invite_token=t%2F1&email=ada%2B1%40example.com&type=org"],
    [{ ...invite, invite_type: "2" }, "/register?invite_token=t%2F1&email=ada%2B1%40example.com&type=org"],
    [{ ...invite, invite_type: null }, "/register?invite_token=t%2F1&email=ada%2B1%40example.com&type=app"],
    [reset, "/reset-password?role_id=u&reset_token=r"],
    [
      { email_type: "email_verification", email_id: "e 1", verification_token: "v&x=1#\r\n" },
      "/verify-email?email_id=e+1&verification_token=v%26x%3D1%23%0D%0A",
    ],
  ])("%j", (payload, path) => {
    expect(link(payload)).toBe(`https://app.acme.test${path}`);
  });
});

describe("the host is the site's", () => {
  test.each([
    [null, "acme.test", undefined, "https://acme.test"],
    ["", "acme.test", undefined, "https://acme.test"],
    ["app", "acme.test", "3000", "https://app.acme.test"],
    ["app", "localhost", "3000", "http://localhost:3000"],
    ["app", "0.0.0.0", "3000", "http://0.0.0.0:3000"],
    ["app", "acme.localhost", "3000", "http://app.acme.localhost:3000"],
    [null, "acme.localhost", "3000", "http://acme.localhost:3000"],
    ["app", "localhost", undefined, "https://app.localhost"],
    ["app", "notlocalhost", "3000", "https://app.notlocalhost"],
    ["app", "grüße.test", undefined, "https://app.xn--gre-6ka8l.test"],
  ])("subdomain %p, domain %s, LOCAL_APP_PORT %p", (...row) => {
    const [subdomain, domain, port, origin] = row;
    expect(link(reset, { subdomain, domain }, port)).toStartWith(`${origin}/reset-password?`);
  });

  test.each(["evil.test/", "evil.test#", "a@evil.test", "evil.test\\", "", "a b", "evil.test?x=", "x:99999"])(
    "a domain of %j is refused",
    (domain) => {
      expect(() => link(reset, { subdomain: null, domain })).toThrow("is not a host name");
    },
  );
});
