import { expect, test } from "bun:test";
import { withProcess } from "../../services/testing/with-process.ts";

test.each([
  ["model.ts", ["--long"], "Cannot read the command: Unknown option '--long'. Known: --short."],
  ["email-screenshots.ts", ["all"], "Cannot read the command: Unexpected argument 'all'. Known: no options."],
  ["chaos.ts", ["--jobs", "many"], 'Cannot read --jobs "many": expected a whole number.'],
])("%s says in one line why it does not take %j", async (script, words, message) => {
  await using command = withProcess(`scripts/${script}`, {}, words);
  expect(await command.exited).toBe(2);
  expect(command.output()).toBe(`${message}\n`);
});
