import { refuse } from "./refuse.ts";

const longest = 1_000;

/** Gives the numbers that an option's value names, `4` or `1-10`, or `otherwise` where it was not given. Anything else ends the process. */
export function numberRange(option: string, text: string | undefined, otherwise: number): readonly number[] {
  if (text === undefined) return [otherwise];
  const [, from, to] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? [];
  const first = Number(from);
  const count = Number(to ?? from) - first + 1;
  if (count >= 1 && count <= longest) return Array.from({ length: count }, (_, place) => first + place);
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected a number, or a range such as 1-10.`);
}
