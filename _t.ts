import { mailCases } from "./scripts/bench/parsers/mail-cases.ts";
const filter = process.argv[2] ?? "";
for (const c of mailCases.filter((c) => c.name.includes(filter))) {
  const out: string[] = [];
  for (const n of [1024, 65536, 1048576]) {
    const input = c.make(n);
    await c.parse(input.slice(0));
    let best = Infinity; const rounds = n < 5000 ? 30 : n < 100000 ? 6 : 3;
    const t0 = performance.now();
    for (let i = 0; i < rounds && performance.now() - t0 < 4000; i++) { Bun.gc(true); const u = process.cpuUsage(); await c.parse(input); const d = process.cpuUsage(u); best = Math.min(best, (d.user + d.system) / 1000); }
    out.push(`${((best * 1e6) / input.length).toFixed(0)}`);
  }
  const [a, b, d] = out.map(Number);
  console.log((d! > 2 * Math.max(b!, 20)) ? "!!" : "  ", c.name, out.join(" / "), "ns/byte cpu");
}
