/**
 * Runs what the program's first word names, and hands it the words after that; without a word, the first command. Each part is loaded
 * when it is asked for. A word that names nothing ends the program with 2.
 */
export async function runCommand(commands: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  const names = Object.keys(commands);
  const [name = names[0] ?? ""] = process.argv.splice(2, 1);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    console.error(
      `Cannot run ${JSON.stringify(name)}: there is no such command. Use one of: ${names.join(", ")}.`,
    );
    process.exit(2);
  }
  await command();
}
