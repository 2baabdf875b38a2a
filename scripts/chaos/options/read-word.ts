/** Gives the word after an option's name on the command line, one of some, or undefined where the option is not there. */
export function readWord<Word extends string>(option: string, words: readonly Word[]): Word | undefined {
  const place = process.argv.indexOf(option);
  if (place === -1) return undefined;
  const word = words.find((known) => known === process.argv[place + 1]);
  if (word !== undefined) return word;
  throw new Error(`Cannot read ${option}: expected one of ${words.join(", ")} after it.`);
}
