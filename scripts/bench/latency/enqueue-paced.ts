import postgres from "postgres";
import { z } from "zod";

// enqueue-paced.ts FILE COUNT RATE: runs the statement of the file, `{"text": …, "values": […]}`, COUNT times, each in a
// transaction of its own, with the payload's 0 turned into the job's number. RATE 0 sends one at a time, 10 to 50 ms apart; another
// sends that many a second at random moments, whatever became of those before. Prints `[[n, committedAt, took], …]`: the server's own
// time of each commit, in ms since 1970, and how long the enqueuer waited for it, in ms.

const [file = "", count, rate] = process.argv.slice(2);
const jobs = Number(count);
const perSecond = Number(rate);
const statement = z
  .object({ text: z.string(), values: z.array(z.string()) })
  .parse(await Bun.file(file).json());
const lanes = Array.from({ length: perSecond === 0 ? 1 : 16 }, () =>
  postgres(process.env["DATABASE_URL"] ?? "", { max: 1, fetch_types: false, onnotice: () => {} }),
);
await Promise.all(lanes.map((lane) => lane`select`));
const transactions: { readonly xid: string; readonly ms: number }[] = [];

/** In one round trip, and the same for every queue: the id of a transaction leads to the time of its commit. */
async function enqueue(n: number): Promise<void> {
  const lane = lanes[n % lanes.length];
  if (lane === undefined) return;
  const startedAt = performance.now();
  const values = statement.values.map((value) => value.replace('"n":0', `"n":${n}`));
  const [, , [row]] = await Promise.all([
    lane.unsafe("begin"),
    lane.unsafe(statement.text, values, { prepare: true }),
    lane<{ xid: string }[]>`select pg_current_xact_id()::text as xid`,
    lane.unsafe("commit"),
  ]);
  if (row !== undefined) transactions[n] = { xid: row.xid, ms: performance.now() - startedAt };
}

if (perSecond === 0) {
  for (let n = 0; n < jobs; n++) {
    await enqueue(n);
    await Bun.sleep(10 + 40 * Math.random());
  }
} else {
  const sent: Promise<void>[] = [];
  let due = performance.now();
  while (sent.length < jobs) {
    while (due <= performance.now() && sent.length < jobs) {
      sent.push(enqueue(sent.length));
      due += (-Math.log(1 - Math.random()) * 1000) / perSecond;
    }
    await Bun.sleep(1);
  }
  await Promise.all(sent);
}

const [first] = lanes;
const rows = await first?.unsafe<{ at: string }[]>(
  `select extract(epoch from pg_xact_commit_timestamp(t.xid::xid)) * 1000 as at
   from unnest($1::text::text[]) with ordinality as t (xid, n)
   order by t.n`,
  [`{${transactions.map(({ xid }) => xid).join(",")}}`],
);
console.log(JSON.stringify(rows?.map(({ at }, n) => [n, Number(at), transactions[n]?.ms])));
process.exit(0);
