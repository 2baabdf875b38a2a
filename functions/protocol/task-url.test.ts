import { expect, test } from "bun:test";
import { taskUrl } from "./task-url.ts";

const plain = { baseUrl: "http://gateway:8080", overrides: {} };

test.each([
  ["send-email-link", "/send-email-link"],
  ["a:b", "/a:b"],
  ["a!$&'()*+,;=@~._-", "/a!$&'()*+,;=@~._-"],
  ["a/b", "/a%2Fb"],
  ["../admin", "/..%2Fadmin"],
  ["...", "/..."],
  ["%2e%2e", "/%252e%252e"],
  ["a?b#c", "/a%3Fb%23c"],
  ["a\\b", "/a%5Cb"],
  ["a\r\nb\0\tc", "/a%0D%0Ab%00%09c"],
  ["100%", "/100%25"],
  ["two words", "/two%20words"],
  ["grüße 🎉", "/gr%C3%BC%C3%9Fe%20%F0%9F%8E%89"],
  ["\ud800", "/%EF%BF%BD"],
])("task %p is the one path segment %p, also to a URL parser", (task, path) => {
  const target = taskUrl(task, plain);
  expect(target).toEqual({ url: `http://gateway:8080${path}` });
  expect(new URL(`http://gateway:8080${path}`).pathname).toBe(path);
});

test.each(["", ".", ".."])("task %p is refused, since no spelling of it survives a URL parser", (task) => {
  expect(taskUrl(task, plain)).toEqual({ fault: expect.stringContaining("cannot be part of a URL") });
  expect(taskUrl(task, { baseUrl: "http://{task}.example/", overrides: {} })).toHaveProperty("fault");
});

test.each([
  ["http://gateway/", "http://gateway/mail"],
  ["http://gateway//", "http://gateway/mail"],
  ["http://gateway/fn/", "http://gateway/fn/mail"],
  ["http://gateway/fn?key=1", "http://gateway/fn/mail?key=1"],
  ["http://{task}.functions.svc.cluster.local/", "http://mail.functions.svc.cluster.local/"],
  ["http://{task}.functions.svc.cluster.local", "http://mail.functions.svc.cluster.local/"],
  ["http://gateway/fn/{task}/run", "http://gateway/fn/mail/run"],
  ["http://gateway/run?task={task}", "http://gateway/run?task=mail"],
  ["http://{task}.example/{task}", "http://mail.example/mail"],
])("base URL %s makes %s", (baseUrl, url) => {
  expect(taskUrl("mail", { baseUrl, overrides: {} })).toEqual({ url });
});

test.each(["a@evil.example", "evil.example", "a/b", "a:80", "a b", "a%2e", "-a", "grüße"])(
  "task %p cannot choose another host",
  (task) => {
    expect(taskUrl(task, { baseUrl: "http://{task}.functions.svc/", overrides: {} })).toEqual({
      fault: expect.stringContaining("cannot be part of a host name"),
    });
  },
);

test("a task in a query keeps to its parameter", () => {
  const baseUrl = "http://gateway/run?task={task}";
  expect(taskUrl("a&b=c+$&", { baseUrl, overrides: {} })).toEqual({
    url: "http://gateway/run?task=a%26b%3Dc%2B%24%26",
  });
});

test("an override is used as it is, before the base URL", () => {
  const overrides = { mail: "http://127.0.0.1:8082/any?x=1" };
  expect(taskUrl("mail", { baseUrl: "http://gateway", overrides })).toEqual({ url: overrides.mail });
  expect(taskUrl("toString", { baseUrl: "http://gateway", overrides })).toEqual({
    url: "http://gateway/toString",
  });
});

test.each([undefined, "not a url", "ftp://gateway"])(
  "base URL %p is a fault that names the setting",
  (baseUrl) => {
    expect(taskUrl("mail", { baseUrl, overrides: {} })).toEqual({
      fault: expect.stringContaining("KNATIVE_SERVICE_URL"),
    });
  },
);

test.each(["2852039166", "0xa9fea9fe", "127", "0"])(
  "task %p is a host's name nowhere: it would be an address",
  (task) => {
    expect(taskUrl(task, { baseUrl: "http://{task}:8080/", overrides: {} })).toEqual({
      fault: expect.stringContaining("cannot be part of a host name"),
    });
    expect(taskUrl(task, { baseUrl: "http://{task}.functions.example/", overrides: {} })).toHaveProperty(
      "url",
    );
  },
);
