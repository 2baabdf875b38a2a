import { readFile, stat } from "node:fs/promises";
import { socketPath } from "./open-transport.ts";
import type { ConnectionTarget, Host } from "./read-target.ts";

/** Gives the password for a host: that of the settings, else of the first line of the password file that fits. */
export async function passwordFor(target: ConnectionTarget, host: Host): Promise<string | undefined> {
  if (target.password !== undefined) return target.password;
  const text = await readPrivate(target.passwordFile);
  // A socket in its usual place is called localhost there.
  const isUsual =
    socketPath(host) !== undefined && ["/tmp", "/var/run/postgresql", "/run/postgresql"].includes(host.name);
  const wanted = [isUsual ? "localhost" : host.name, String(host.port), target.database, target.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    // A backslash keeps a colon, or itself; the password is all the rest.
    const fields = [...line.matchAll(/((?:[^:\\]|\\[^])*)(?::|$)/g)].map(([, field = ""]) => plain(field));
    const fits = wanted.every((value, place) => fields[place] === "*" || fields[place] === value);
    if (fits && fields[4] !== undefined && fields[4] !== "") return fields[4];
  }
  return undefined;
}

function plain(field: string): string {
  return field.replaceAll(/\\([^])/g, "$1");
}

/** Gives a file that nobody else may read, as libpq asks of a password file; no text where there is none such. */
async function readPrivate(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) return "";
    return await readFile(file, "utf8");
  } catch {
    return "";
  }
}
