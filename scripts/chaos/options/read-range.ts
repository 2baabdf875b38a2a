/** Gives the numbers after an option's name on the command line, `4` or `1-10`, or undefined where it is not there. */
export function readRange(option: string): readonly number[] | undefined {
  const place = process.argv.indexOf(option);
  if (place === -1) return undefined;
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(process.argv[place + 1] ?? "") ?? [];
  const first = Number(from);
  const count = Number(to ?? from) - first + 1;
  if (count >= 1 && count <= 1_000) return Array.from({ length: count }, (_, place) => first + place);
  throw new Error(`Cannot read ${option}: expected a number or a range such as 1-10 after it.`);
}
