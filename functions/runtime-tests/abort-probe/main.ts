import worker from "./worker.ts";

const { port } = Bun.serve({
  port: 0,
  idleTimeout: 0,
  fetch: (request) => worker.fetch(request, process.env),
});
console.log(JSON.stringify({ event: "ready", port }));
