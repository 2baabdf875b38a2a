import type { ParserCase } from "./parser-case.ts";

/** What a reader took for its worst input of each size, in ns per byte, and whether that does not grow. */
export type ParserFigures = {
  readonly name: string;
  readonly nsPerByte: readonly number[];
  /** How many times as long a byte takes in the largest input, where it takes longest, as in the one of 64 KB. */
  readonly growth: number;
  readonly isMet: boolean;
};

/** Sizes of the inputs, in bytes. */
export const sizes = [1_024, 65_536, 1_048_576];

/** Garbage collection and caches make a byte of a large input dearer, and a parser that begins anew at each makes it hundreds of times so. */
const mostGrowth = 4;

/** Below this no growth counts, in ns per byte: a gigabyte takes seconds. */
const quickNs = 5;

/** So long each reader works on each input, in µs of CPU. */
const workUs = 30_000;

/** Times one reader by the CPU of this process, which other work on the machine does not count into. */
export async function measureParser({ name, make, parse }: ParserCase): Promise<ParserFigures> {
  const nsPerByte: number[] = [];
  for (const size of sizes) {
    const input = make(size);
    // Once to warm up.
    await parse(input);
    const before = process.cpuUsage();
    let runs = 0;
    let usedUs = 0;
    while (usedUs < workUs) {
      await parse(input);
      runs += 1;
      const { user, system } = process.cpuUsage(before);
      usedUs = user + system;
    }
    nsPerByte.push((usedUs * 1_000) / runs / Buffer.byteLength(input));
  }
  const [small = 0, medium = 0, large = 0] = nsPerByte;
  const growth = Math.max(medium, large) / Math.min(small, medium);
  return { name, nsPerByte, growth, isMet: growth <= mostGrowth || Math.max(medium, large) <= quickNs };
}
