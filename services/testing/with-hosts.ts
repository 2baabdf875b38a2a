import { readlink } from "node:fs/promises";
import { findProgram } from "./find-program.ts";
import { until } from "./until.ts";

/** A host of a test's own: a network namespace of Linux, with an address and nothing else in its network. */
export type TestHost = {
  readonly address: string;
  /** Runs a command on this host. It shares all with ours but the network, and ends with the test at the latest. */
  readonly through: readonly string[];
  /** Pulls the cable: packets vanish, and nobody is told. */
  readonly cutOff: () => Promise<void>;
  readonly plugIn: () => Promise<void>;
};

/** Hosts that reach each other over one switch, and nothing of this machine, nor it them. */
export type TestHosts = AsyncDisposable & { readonly add: () => Promise<TestHost> };

/** Addresses of RFC 5737, for documentation: nobody's. */
const addressOf = (n: number) => `192.0.2.${n}`;

/** Gives why hosts cannot be made here, or null where they can: it takes root, Linux's namespaces and iproute2. */
export async function hostsFault(): Promise<string | null> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it takes root on Linux";
  if ((await findProgram("ip", "iproute2")) === null) return "iproute2 is not installed";
  const missing = ["unshare", "nsenter", "setpriv"].find((name) => Bun.which(name) === null);
  if (missing !== undefined) return `${missing} of util-linux is not installed`;
  return await run(["unshare", "--net", "ip", "link", "add", "switch", "type", "bridge"]).then(
    () => null,
    (error: Error) => error.message,
  );
}

/**
 * Gives a switch to add hosts to.
 *
 * The namespaces have no names, only processes that hold them, and those end with this one by the kernel's parent death
 * signal: nothing is left behind, however the test ends.
 */
export async function withHosts(): Promise<TestHosts> {
  await using opened = new AsyncDisposableStack();
  const hub = opened.use(await holdNetwork());
  await run([...hub.through, "ip", "link", "add", "switch", "up", "type", "bridge"]);
  let count = 0;
  const closing = opened.move();
  return {
    add: async () => {
      const n = ++count;
      const port = `port${n}`;
      const host = closing.use(await holdNetwork());
      const cable = ["type", "veth", "peer", "name", "eth0", "netns", String(host.pid)];
      await run([...hub.through, "ip", "link", "add", port, "up", "master", "switch", ...cable]);
      await run([...host.through, "ip", "address", "add", `${addressOf(n)}/24`, "dev", "eth0"]);
      for (const device of ["lo", "eth0"]) await run([...host.through, "ip", "link", "set", device, "up"]);
      const set = (state: "up" | "down") => run([...hub.through, "ip", "link", "set", port, state]);
      return {
        address: addressOf(n),
        through: host.through,
        cutOff: () => set("down"),
        plugIn: () => set("up"),
      };
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const diesWithUs = ["setpriv", "--pdeathsig", "KILL"];

/** Makes a network namespace and a process that keeps it. */
async function holdNetwork() {
  const holder = Bun.spawn([...diesWithUs, "unshare", "--net", "sleep", "infinity"], { stderr: "inherit" });
  await using opened = new AsyncDisposableStack();
  opened.defer(async () => {
    holder.kill("SIGKILL");
    await holder.exited;
  });
  const own = await networkOf("self");
  await until("the network namespace is there", async () => (await networkOf(holder.pid)) !== own);
  const closing = opened.move();
  return {
    pid: holder.pid,
    through: ["nsenter", `--net=/proc/${holder.pid}/ns/net`, ...diesWithUs],
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Gives the identity of a process's network namespace. */
function networkOf(pid: number | "self"): Promise<string> {
  return readlink(`/proc/${pid}/ns/net`);
}

/** @throws Error with what the command printed, where it fails. */
async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "pipe" });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot run ${command.join(" ")}: ${said.trim()}`);
}
