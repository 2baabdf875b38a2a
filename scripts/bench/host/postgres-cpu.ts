import { readdir, readFile } from "node:fs/promises";

/** Gives the CPU time that a process has used so far, in µs, as Linux's scheduler counts it; NaN elsewhere. */
export async function processCpuUs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/schedstat`, "utf8").catch(() => "");
  return text === "" ? Number.NaN : Number(text.split(" ")[0]) / 1000;
}

/**
 * Gives the CPU time of a whole Postgres server so far, in µs: its sessions, vacuum, checkpointer and writers, those that
 * have ended too. `pid` is one of its sessions. NaN where there is no Linux.
 */
export async function serverCpuUs(pid: number): Promise<number> {
  const postmaster = (await statOf(String(pid)))?.parent;
  if (postmaster === undefined) return Number.NaN;
  let total = (await statOf(postmaster))?.endedChildrenUs ?? Number.NaN;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const isOurs = name === postmaster || (await statOf(name))?.parent === postmaster;
    const used = isOurs ? await processCpuUs(Number(name)) : 0;
    if (!Number.isNaN(used)) total += used;
  }
  return total;
}

async function statOf(pid: string): Promise<{ parent: string; endedChildrenUs: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in brackets may hold anything; the numbers follow it: state, parent, …, cutime and cstime in ticks of 10 ms.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const parent = fields[1];
  return parent === undefined
    ? undefined
    : { parent, endedChildrenUs: (Number(fields[13]) + Number(fields[14])) * 10_000 };
}
