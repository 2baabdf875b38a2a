import postgres from "postgres";
import { z } from "zod";

// drive-load.ts FILE CONNECTIONS SECONDS: runs the statement of the file, `{"text": …, "values": […]}`, again and again over so
// many connections, each waiting for its answer. Prints the statements a second, after a fifth of the time to warm up, and the
// share of one core that this process used for it.

const [file = "", connections, seconds] = process.argv.slice(2);
const statement = z
  .object({ text: z.string(), values: z.array(z.string()) })
  .parse(await Bun.file(file).json());
const lanes = Array.from({ length: Number(connections) }, () =>
  postgres(process.env["DATABASE_URL"] ?? "", { max: 1, fetch_types: false, onnotice: () => {} }),
);
await Promise.all(lanes.map((lane) => lane`select`));

const over = new AbortController();
let statements = 0;
const loops = lanes.map(async (lane) => {
  while (!over.signal.aborted) {
    await lane.unsafe(statement.text, [...statement.values], { prepare: true });
    statements += 1;
  }
});
await Bun.sleep(Number(seconds) * 200);
const from = { at: performance.now(), cpu: process.cpuUsage(), statements };
await Bun.sleep(Number(seconds) * 800);
const ms = performance.now() - from.at;
const cpu = process.cpuUsage(from.cpu);
const perSecond = ((statements - from.statements) / ms) * 1000;
console.log(JSON.stringify({ perSecond, clientCores: (cpu.user + cpu.system) / 1000 / ms }));
over.abort();
await Promise.all(loops);
process.exit(0);
