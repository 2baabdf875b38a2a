import { refuse } from "./refuse.ts";

/** Gives the words that an option's value lists, `readers,burst`. One that is not known ends the process. */
export function someOf<Word extends string>(
  option: string,
  text: string,
  words: readonly Word[],
): readonly Word[] {
  return text.split(",").map((part) => {
    const word = words.find((known) => known === part);
    if (word !== undefined) return word;
    return refuse(`Cannot read ${option} ${JSON.stringify(part)}: expected some of ${words.join(", ")}.`);
  });
}
