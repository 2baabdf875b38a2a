import { refuse } from "./refuse.ts";

/** Gives those of the words that an option's value names: the one, or all where it was not given. Anything else ends the process. */
export function oneOf<Word extends string>(
  option: string,
  text: string | undefined,
  words: readonly Word[],
): readonly Word[] {
  if (text === undefined) return words;
  const word = words.find((known) => known === text);
  if (word !== undefined) return [word];
  return refuse(`Cannot read ${option} ${JSON.stringify(text)}: expected one of ${words.join(", ")}.`);
}
