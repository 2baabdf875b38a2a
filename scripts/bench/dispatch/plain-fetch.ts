// plain-fetch.ts URL COUNT WIDTH: calls the function COUNT times, with WIDTH requests in flight.

const [url = "", count, width] = process.argv.slice(2);
let left = Number(count);
const callers = Array.from({ length: Number(width) }, async () => {
  while (left-- > 0) {
    const response = await fetch(`${url}/mail`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"n":1}',
    });
    await response.text();
  }
});
await Promise.all(callers);
// It stays until it is ended, so that its CPU can be read.
setInterval(() => {}, 60_000);
