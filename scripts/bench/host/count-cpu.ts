import { readdir, readFile } from "node:fs/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";

/** Gives the CPU time that a process, all its threads, has used so far, in µs, to 10 ms; NaN where there is no /proc. */
export async function processCpuUs(pid: number): Promise<number> {
  return (await readStat(pid))?.ownUs ?? Number.NaN;
}

/** Gives the CPU time of a process of one thread so far, as Postgres's are, in µs and finer; NaN where there is no /proc. */
export async function threadCpuUs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/schedstat`, "utf8").catch(() => "");
  return text === "" ? Number.NaN : Number(text.split(" ")[0]) / 1000;
}

/**
 * Gives the CPU time of a whole Postgres server so far, in µs: its sessions, vacuum, checkpointer and writers, those that
 * have ended too. NaN where there is no /proc.
 */
export async function postgresCpuUs(sql: Sql): Promise<number> {
  const { text } = onlyRow(await sql<{ text: string }[]>`select pg_read_file('postmaster.pid') as text`);
  const postmaster = Number(text.split("\n")[0]);
  const stat = await readStat(postmaster);
  if (stat === null) return Number.NaN;
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const isOurs = async (pid: number) => pid === postmaster || (await readStat(pid))?.parent === postmaster;
  const used = await Promise.all(pids.map(async (pid) => ((await isOurs(pid)) ? await threadCpuUs(pid) : 0)));
  // One that ended between the two looks is counted among the ended the next time.
  return used.filter((us) => !Number.isNaN(us)).reduce((sum, us) => sum + us, stat.endedChildrenUs);
}

/** Linux counts in hundredths of a second there, whatever the machine. */
const usPerTick = 10_000;

async function readStat(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold spaces; what follows it begins with field 3, the state. See proc_pid_stat(5).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const us = (field: number) => Number(fields[field - 3]) * usPerTick;
  return { parent: Number(fields[1]), ownUs: us(14) + us(15), endedChildrenUs: us(16) + us(17) };
}
