import { expect, test } from "bun:test";
import { withProcess } from "../../services/testing/with-process.ts";

test.each([
  ["model.ts", ["--long"], "Cannot read the command: Unknown option '--long'. Known: --short."],
  ["email-screenshots.ts", ["all"], "Cannot read the command: Unexpected argument 'all'. Known: no options."],
  ["email-preview.ts", ["--from", "/no/such"], 'Cannot read --from "/no/such": expected a folder.'],
  ["chaos.ts", ["--jobs", "many"], 'Cannot read --jobs "many": expected a whole number.'],
])("%s says in one line why it does not take %j", async (script, words, message) => {
  await using command = withProcess(`scripts/${script}`, {}, words);
  expect(await command.exited).toBe(2);
  expect(command.output()).toBe(`${message}\n`);
});

test("a preview whose port is taken names the port and the option", async () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  await using command = withProcess("scripts/email-preview.ts", {}, ["--port", String(taken.port)]);
  expect(await command.exited).toBe(2);
  expect(command.output()).toBe(
    `Cannot show the mails: port ${taken.port} is taken. Pass another by --port.\n`,
  );
});
