import { expect, test } from "bun:test";
import { withQueue } from "./with-queue.ts";

test("schedule add prints the next ticks, list shows it, remove removes it", async () => {
  await using queue = await withQueue();
  const options = ["--tz", "Europe/Berlin", "--start", "2030-03-30", "--payload", '{"all":true}'];
  const added = await queue.jobs(["schedule", "add", "report", "--rule", "30 2 * * *", ...options]);
  expect(added.out).toBe("1");
  expect(added.err.split("\n").slice(1)).toEqual([
    "  2030-03-30 02:30:00 Europe/Berlin (2030-03-30T01:30:00Z)",
    "  2030-03-31 03:00:00 Europe/Berlin (2030-03-31T01:00:00Z)",
    "  2030-04-01 02:30:00 Europe/Berlin (2030-04-01T00:30:00Z)",
  ]);
  const [listed] = (await queue.jobs(["schedule", "list", "--json"])).out.split("\n");
  expect(JSON.parse(listed ?? "")).toMatchObject({
    id: "1",
    scheduleInfo: { rule: "30 2 * * *", tz: "Europe/Berlin", start: "2030-03-30" },
    nextTick: null,
  });
  expect((await queue.jobs(["schedule", "list"])).out).toContain("not read yet");
  expect(await queue.jobs(["schedule", "remove", "1", "8"])).toEqual({
    exit: 0,
    out: "ID\n1",
    err: "Not there: 8.",
  });
  expect((await queue.jobs(["schedule", "remove", "1"])).exit).toBe(3);
});

test("schedule add writes the policies down, and refuses those that contradict each other", async () => {
  await using queue = await withQueue();
  const add = (...options: string[]) =>
    queue.jobs(["schedule", "add", "report", "--rule", "0 * * * *", ...options]);
  await add("--missed", "all:24", "--overlap", "allow", "--jitter", "30", "--scheduled-at-field", "period");
  const [row] = await queue.sql`select schedule_info from app_jobs.scheduled_jobs`;
  expect(row?.["schedule_info"]).toEqual({
    rule: "0 * * * *",
    missed: { all: 24 },
    overlap: "allow",
    jitterSeconds: 30,
    scheduledAtField: "period",
  });
  expect((await add("--missed", "all:24")).err).toContain('without overlap "allow"');
  expect((await add("--missed", "all")).err).toContain("Expected latest, skip, or all:LIMIT.");
  expect((await add("--overlap", "both")).exit).toBe(2);
});

test("schedule pause and resume change one or all, once", async () => {
  await using queue = await withQueue();
  for (let count = 0; count < 3; count++)
    await queue.jobs(["schedule", "add", "report", "--rule", "0 0 1 1 *"]);
  const schedule = (...args: string[]) => queue.jobs(["schedule", ...args]);
  expect(await schedule("pause", "2", "9")).toEqual({
    exit: 0,
    out: "ID\n2",
    err: "Left as they were; not there, or paused already: 9.",
  });
  expect((await schedule("list")).out.match(/paused/g)).toHaveLength(1);
  expect((await schedule("pause", "2")).exit).toBe(3);
  expect((await schedule("pause", "--all", "--json")).out).toBe('{"id":"1"}\n{"id":"3"}');
  expect((await schedule("resume", "--all")).out).toBe("ID\n1\n2\n3");
  expect(await schedule("resume", "--all")).toMatchObject({
    exit: 3,
    err: expect.stringContaining("Cannot resume"),
  });
  expect((await schedule("pause")).err).toContain("pass either the numbers of schedules or --all");
});

test("schedule add refuses what can never tick, with the reason, and adds nothing", async () => {
  await using queue = await withQueue();
  const add = async (...options: string[]) => queue.jobs(["schedule", "add", "report", ...options]);
  expect(await add("--rule", "61 * * * *")).toEqual({
    exit: 2,
    out: "",
    err: 'Cannot add the schedule: rule "61 * * * *" cannot be read: Invalid value for minute: 61.',
  });
  expect((await add("--rule", "0 0 30 2 *")).err).toContain("can never tick: no date matches");
  expect((await add("--recurrence", '{"hour":25}')).err).toContain(
    "hour 25: expected a whole number from 0 to 23",
  );
  const ranges = Array.from({ length: 20_000 }, () => "{}").join(",");
  expect(
    (await queue.jobs(["schedule", "add", "report", "--recurrence", "-"], `{"year":[${ranges}]}`)).err,
  ).toBe("Cannot add the schedule: is 60010 bytes long; at most 16384 are read.");
  expect((await add()).err).toContain("pass --rule or --recurrence");
  expect(await queue.sql`select from app_jobs.scheduled_jobs`).toHaveLength(0);
});
