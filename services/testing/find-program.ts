/**
 * Gives the path of a program, which Debian's package manager installs where it is missing and may be used: as root. Gives
 * null where there is none.
 */
export async function findProgram(name: string, debianPackage: string): Promise<string | null> {
  const find = () => Bun.which(name, { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
  if (find() === null && process.getuid?.() === 0 && Bun.which("apt-get") !== null) {
    for (const words of [["update"], ["install", "-y", "--no-install-recommends", debianPackage]]) {
      // Run level 1 keeps a package from starting a server of its own.
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
      await Bun.spawn(["apt-get", "-qq", ...words], { env, stdout: "ignore", stderr: "ignore" }).exited;
    }
  }
  return find();
}
