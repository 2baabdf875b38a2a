import type { Flight, Job, Run, State } from "./state.ts";

const letters = {
  process: { down: "d", up: "u", frozen: "f" },
  row: { none: "n", kept: "k", over: "o" },
  hand: {
    unstarted: "u",
    waiting: "w",
    complete: "c",
    retry: "r",
    dead: "d",
    unreachable: "x",
    accepted: "a",
    none: "-",
  },
  call: { none: "-", travelling: "t", running: "r", working: "w", ended: "e" },
  reason: { "out of attempts": "o", "failed for good": "f", superseded: "s", cancelled: "c" },
} as const;

/**
 * Gives a text that two states share exactly when nothing tells them apart.
 *
 * A token matters only by whether it is its job's latest, and a run not by its place; so states that differ in nothing
 * else are one.
 */
export function encode(state: State): string {
  const { runs, jobs } = state;
  const order = runs.map((_, index) => index).sort((a, b) => compare(runText(runs[a]), runText(runs[b])));
  const places = runs.map((_, index) => order.indexOf(index));
  const flights = state.flights.map((flight) => flightText(flight, { jobs, places })).sort();
  return [
    order.map((index) => runText(runs[index])).join(""),
    jobs.map((job) => jobText(job, places)).join("|"),
    flights.join("|"),
    `${state.faults}${state.operations}`,
  ].join("/");
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const flag = (is: boolean | undefined) => (is ? "1" : "0");

function runText(run: Run | undefined): string {
  return run === undefined ? "" : `${letters.process[run.process]}${flag(run.holds)}${letters.row[run.row]}`;
}

function jobText({ enqueue, row, letter, endings, spent }: Job, places: readonly number[]): string {
  const kept = row ?? letter;
  const known =
    kept && `${kept.attempts}${flag(kept.token !== null)}${flag(kept.hasKey)}${flag(kept.isSuperseded)}`;
  const lease =
    row?.lease && `${row.lease.run === null ? "c" : places[row.lease.run]}${flag(row.lease.isOver)}`;
  const both = row && letter ? "2" : "";
  return `${enqueue[0]}${known ?? ""}${lease ?? ""}${letter ? letters.reason[letter.reason] : ""}${both}.${endings}${spent}`;
}

type Around = { readonly jobs: readonly Job[]; readonly places: readonly number[] };

function flightText(flight: Flight, { jobs, places }: Around): string {
  const { row, letter } = jobs[flight.job] ?? {};
  const isLatest = (row ?? letter)?.token === flight.token;
  const sent = flight.sent.map((report) => report[0]).join("");
  const place = flight.hand === "none" ? "-" : places[flight.run];
  return [
    flight.job,
    flag(isLatest),
    place,
    letters.hand[flight.hand],
    letters.call[flight.call],
    flag(flight.wasRun),
    flag(flight.wasTaken),
    sent,
  ].join("");
}
