import { readdir } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { onlyThese } from "../options/only-these.ts";
import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { compareWithLlhttp } from "./parsers/llhttp.ts";
import { measureParser, type ParserFigures, sizes } from "./parsers/measure-parser.ts";
import type { ParserCase } from "./parsers/parser-case.ts";

// What the readers of strangers' bytes take for the worst inputs that are known, per byte, at 1 KB, 64 KB and 1 MB: it must not grow. Each
// file parsers/NAME-cases.ts gives a list. Then: an ordinary answer read by us and by llhttp.

const values = readOptions({
  only: { type: "string", multiple: true },
  rounds: { type: "string", default: "15" },
  json: { type: "boolean", default: false },
});
const print = values.json ? () => {} : console.log;

const folder = join(import.meta.dirname, "parsers");
const files = (await readdir(folder)).filter((name) => name.endsWith("-cases.ts")).sort();
const lists = await Promise.all(
  files.map(async (name) =>
    Object.values((await import(join(folder, name))) as Record<string, ParserCase[]>),
  ),
);
const cases = onlyThese(lists.flat(2), values.only);

const setup = { cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`, bun: Bun.version };
print(setup);
print(`ns per byte at ${sizes.map((size) => `${size / 1_024} KB`).join(", ")}`);
const figures: ParserFigures[] = [];
for (const one of cases) {
  const measured = await measureParser(one);
  figures.push(measured);
  print(lineOf(measured));
}
const missed = figures.filter(({ isMet }) => !isMet);
print(
  `a byte takes no longer in large inputs, in ${figures.length - missed.length} of ${figures.length}: ${missed.length === 0 ? "met" : "not met"}`,
);

const { oursUs, llhttpUs } = compareWithLlhttp(readNumber("--rounds", values.rounds));
print(`an ordinary answer: ${oursUs.toFixed(2)} µs of CPU, by llhttp ${llhttpUs.toFixed(2)} µs`);
if (values.json) console.log(JSON.stringify({ setup, sizes, figures, answer: { oursUs, llhttpUs } }));

function lineOf({ name, nsPerByte, growth, isMet }: ParserFigures): string {
  const each = nsPerByte.map((ns) => ns.toFixed(2).padStart(10)).join("");
  return `${each}  × ${growth.toFixed(1).padStart(5)}  ${isMet ? "met    " : "not met"}  ${name}`;
}
