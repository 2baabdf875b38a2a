import { refuse } from "./refuse.ts";

/** Gives an option's value, one of some words, or undefined where it was not given. Anything else ends the process. */
export function oneOf<Word extends string>(
  option: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  const word = words.find((known) => known === text);
  if (text === undefined || word !== undefined) return word;
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected one of ${words.join(", ")}.`);
}
