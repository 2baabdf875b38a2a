/** Gives the word after an option's name on the command line, or undefined where it is not there. */
export function readText(option: string): string | undefined {
  const place = process.argv.indexOf(option);
  return place === -1 ? undefined : process.argv[place + 1];
}
