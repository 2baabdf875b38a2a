import { refuse } from "./refuse.ts";

/** Gives an option's value as a number that is not negative. Anything else ends the process. */
export function readNumber(option: string, text: string): number {
  if (/^\d{1,15}(\.\d{1,9})?(e\d{1,2})?$/.test(text)) return Number(text);
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected a number, such as 4, 0.5 or 1e6.`);
}

/** Gives the numbers of a list such as `1,16,64`. Anything else ends the process. */
export function readNumbers(option: string, text: string): readonly number[] {
  return text.split(",").map((part) => readNumber(option, part));
}
