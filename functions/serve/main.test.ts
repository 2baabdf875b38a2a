import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../services/testing/until.ts";

const dry = { SIMPLE_EMAIL_DRY_RUN: "true" };

/** Starts a function as a person would, and collects what it says. */
function start(env: Record<string, string>, name = "simple-email") {
  const child = Bun.spawn(["bun", new URL(`../${name}/main.ts`, import.meta.url).pathname], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = { text: "" };
  const collected = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) said.text += chunk;
  })();
  return {
    said,
    exited: Promise.all([child.exited, collected]).then(([code]) => code),
    complaint: () => new Response(child.stderr).text(),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    url: () => until("the function is ready", () => /"url":"([^"]+)"/.exec(said.text)?.[1]),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("a function with a free port says where it is, answers, and stops on SIGTERM with exit code 0", async () => {
  await using child = start({ ...dry, PORT: "0" });
  const url = await child.url();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const body = JSON.stringify({ to: "a@b.test", subject: "Hi", text: "Hello" });
  expect(await (await fetch(url, { method: "POST", body })).json()).toEqual({ complete: true, dryRun: true });
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

test("wrong settings stop the start, all named at once", async () => {
  await using child = start({ PORT: "many", MAILGUN_FROM: "nobody" });
  expect(await child.exited).toBe(1);
  const complaint = await child.complaint();
  expect(complaint).toStartWith("Cannot start simple-email: 4 settings are wrong:\n");
  for (const name of ["MAILGUN_API_KEY", "MAILGUN_DOMAIN", "MAILGUN_FROM", "PORT"])
    expect(complaint).toContain(`  ${name}`);
});

test.each([
  ["{{heading}} {{intro}} {{action}} {{link}}", undefined],
  ["{{heading}} {{intro}} {{action}}", "link-mail.mjml: Cannot compile the template: it never shows link."],
])("own templates are compiled before a start: %j", async (slots, fault) => {
  const folder = await mkdtemp(join(tmpdir(), "templates-"));
  const mjml = `<mjml><mj-body><mj-section><mj-column><mj-text>${slots}</mj-text></mj-column></mj-section></mj-body></mjml>`;
  await Bun.write(join(folder, "link-mail.mjml"), mjml);
  const settings = { SEND_EMAIL_LINK_DRY_RUN: "true", GRAPHQL_URL: "http://127.0.0.1:1", PORT: "0" };
  await using child = start({ ...settings, JOBS_EMAIL_TEMPLATES: folder }, "send-email-link");
  if (fault === undefined) expect((await fetch(`${await child.url()}/readyz`)).status).toBe(200);
  else {
    expect(await child.exited).toBe(1);
    expect(await child.complaint()).toBe(`Cannot start send-email-link: ${fault}\n`);
  }
  await rm(folder, { recursive: true });
});

test("a taken port is one line that names PORT", async () => {
  using taken = Bun.serve({ port: 0, fetch: () => new Response() });
  await using child = start({ ...dry, PORT: String(taken.port) });
  expect(await child.exited).toBe(1);
  expect(await child.complaint()).toBe(
    `Cannot start simple-email: port ${taken.port} is taken. Set PORT to another, or stop what listens there.\n`,
  );
});

test("what runs when SIGTERM comes is finished and answered", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  using mailgun = Bun.serve({
    port: 0,
    fetch: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  const settings = { MAILGUN_API_KEY: "k", MAILGUN_DOMAIN: "mg.test", MAILGUN_FROM: "a@mg.test" };
  await using child = start({ ...settings, MAILGUN_BASE_URL: `http://127.0.0.1:${mailgun.port}`, PORT: "0" });
  const body = JSON.stringify({ to: "a@b.test", subject: "Hi", text: "Hello" });
  const response = fetch(await child.url(), { method: "POST", body });
  await asked.promise;
  child.kill("SIGTERM");
  await until("it says that it stops", () => child.said.text.includes('"stopping"'));
  answer.resolve(Response.json({ id: "1" }));
  expect(await (await response).json()).toEqual({ complete: true });
  expect(await child.exited).toBe(0);
});
