import { expect, test } from "bun:test";
import { createLog } from "./log.ts";

test.each([
  ["an escape sequence", "\u001b[2J", String.raw`"\u001b[2J"`],
  ["a C1 control sequence", "\u009b2J", String.raw`"\u009b2J"`],
  ["a DEL", "a\u007f", String.raw`"a\u007f"`],
  ["text that turns its direction", "\u202eab", String.raw`\u202eab`],
  ["a line break", "a\nb", String.raw`"a\nb"`],
  ["plain text", "send-email-link", "send-email-link"],
])("a line for a person shows %s of others without steering the terminal", (_, task, shown) => {
  const lines: string[] = [];
  const now = () => new Date(0);
  const log = createLog({ level: "info", format: "text", write: (line) => lines.push(line), now });
  log.info("job completed", { task });
  expect(lines).toEqual([`00:00:00.000 info  job completed task=${shown}`]);
});
