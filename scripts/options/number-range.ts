import { refuse } from "./refuse.ts";

/** Gives an option's value, `4` or `1-10`, as these numbers, or undefined where it was not given. Anything else ends the process. */
export function numberRange(option: string, text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? [];
  const first = Number(from);
  const count = Number(to ?? from) - first + 1;
  if (count >= 1 && count <= 1_000) return Array.from({ length: count }, (_, place) => first + place);
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected a number or a range such as 1-10.`);
}
