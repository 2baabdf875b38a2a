import { readdir, readFile } from "node:fs/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";

/** Gives the seconds of CPU that a process, all its threads, has used so far; NaN where there is no /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readStat(pid);
  return stat === null ? Number.NaN : stat.ownSeconds;
}

/** Gives the seconds of CPU that a Postgres server has used so far, ended sessions included; NaN where there is no /proc. */
export async function postgresCpuSeconds(sql: Sql): Promise<number> {
  const { text } = onlyRow(await sql<{ text: string }[]>`select pg_read_file('postmaster.pid') as text`);
  const postmaster = Number(text.split("\n")[0]);
  const stat = await readStat(postmaster);
  if (stat === null) return Number.NaN;
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const all = await Promise.all(pids.map(readStat));
  const sessions = all.flatMap((other) => (other?.parent === postmaster ? [other.ownSeconds] : []));
  return sessions.reduce((sum, seconds) => sum + seconds, stat.ownSeconds + stat.endedChildrenSeconds);
}

/** Linux counts in hundredths of a second there, whatever the machine. */
const ticksPerSecond = 100;

async function readStat(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold spaces; what follows it begins with field 3, the state. See proc_pid_stat(5).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const seconds = (field: number) => Number(fields[field - 3]) / ticksPerSecond;
  return {
    parent: Number(fields[1]),
    ownSeconds: seconds(14) + seconds(15),
    endedChildrenSeconds: seconds(16) + seconds(17),
  };
}
