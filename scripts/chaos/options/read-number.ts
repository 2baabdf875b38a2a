/** Gives the whole number after an option's name on the command line, or `otherwise` where it is not there. */
export function readNumber(option: string, otherwise: number): number {
  const place = process.argv.indexOf(option);
  if (place === -1) return otherwise;
  const value = Number(process.argv[place + 1]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`Cannot read ${option}: expected a whole number after it.`);
}
