import { refuse } from "./refuse.ts";

/** Gives an option's value as a whole number, or `otherwise` where it was not given. Anything else ends the process. */
export function wholeNumber(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected a whole number.`);
}
