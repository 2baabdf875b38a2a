/** Ends the process as one that was called wrongly, with a line that says why and what to do. */
export function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
