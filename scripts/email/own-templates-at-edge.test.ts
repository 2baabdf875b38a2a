import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templatesOf } from "../../functions/send-email-link/compose.ts";
import { createSendEmailLink } from "../../functions/send-email-link/index.ts";
import { withGraphql } from "../../functions/testing/graphql-server.ts";
import { fieldOf, withMailgun } from "../../functions/testing/mailgun-server.ts";
import { postJob } from "../../functions/testing/post-job.ts";

const root = join(import.meta.dirname, "../..");
const own = `<mjml><mj-body><mj-section><mj-column>
<mj-text>Our own: {{heading}} {{intro}} <a href="{{link}}">{{action}}</a></mj-text>
</mj-column></mj-section></mj-body></mjml>`;

async function compile(...args: string[]) {
  const program = join(root, "scripts/email-compile.ts");
  const child = Bun.spawn([process.execPath, program, ...args], { stdout: "ignore", stderr: "pipe" });
  return { complaint: await new Response(child.stderr).text(), code: await child.exited };
}

test("templates of one's own are compiled into a module for an edge worker, without a fork", async () => {
  const folder = await mkdtemp(join(tmpdir(), "own-edge-"));
  await mkdir(join(folder, "mine"));
  await Bun.write(join(folder, "mine/forgot_password.mjml"), own);
  const compiled = join(folder, "compiled.ts");
  expect(await compile("--from", join(folder, "mine"), "--to", compiled)).toEqual({ complaint: "", code: 0 });

  const { ownTemplates } = await import(compiled);
  const job = createSendEmailLink({ templates: async () => templatesOf(ownTemplates), write: () => {} });
  await using graphql = withGraphql("id", {});
  await using mailgun = withMailgun();
  const payload = { email_type: "forgot_password", email: "b@c.test", user_id: "u", reset_token: "r" };
  const env = {
    GRAPHQL_URL: graphql.url,
    MAILGUN_API_KEY: "key-test",
    MAILGUN_DOMAIN: "mg.test",
    MAILGUN_FROM: "a@mg.test",
    MAILGUN_BASE_URL: mailgun.url,
  };
  expect((await postJob(job, payload, { env })).status).toBe(200);
  expect(fieldOf(mailgun.sent[0], "html")[0]).toContain("Our own: Choose a new password");
  await rm(folder, { recursive: true });
});

test("a folder without a file to write to is refused", async () => {
  const { complaint, code } = await compile("--from", "mine");
  expect([complaint, code]).toEqual([
    expect.stringContaining("--from FOLDER and --to FILE.ts belong together"),
    1,
  ]);
});

test("a folder that cannot be read is named as it was given, in one line", async () => {
  const { complaint, code } = await compile("--from", "/no/such", "--to", "/no/such/compiled.ts");
  expect([complaint, code]).toEqual([
    "Cannot read the templates of --from (/no/such): check the folder\n",
    1,
  ]);
});

test("an edge worker that is told a folder names the way to compile it in", async () => {
  const job = createSendEmailLink({ write: () => {} });
  await using graphql = withGraphql("id", {});
  const payload = { email_type: "forgot_password", email: "b@c.test", user_id: "u", reset_token: "r" };
  const env = { GRAPHQL_URL: graphql.url, SEND_EMAIL_LINK_DRY_RUN: "true", JOBS_EMAIL_TEMPLATES: "mine" };
  const answer = await (await postJob(job, payload, { env })).json();
  expect(answer.error).toContain("bun run email:compile --from FOLDER --to FILE.ts");
});
