import type { Action, Step } from "./action.ts";
import {
  callBack,
  claim,
  enqueue,
  isClaimable,
  type Model,
  operations,
  release,
  rescue,
  settle,
  withJob,
} from "./database.ts";
import type { Flight, Run, State } from "./state.ts";

/** Gives everything that may happen next, with the state after it. */
export function next(state: State, model: Model): Step[] {
  return [
    ...enqueues(state, model),
    ...state.runs.flatMap((run, index) => [
      ...lives(state, { run, index }, model),
      ...claims(state, { run, index }, model),
    ]),
    ...times(state, model),
    ...state.flights.flatMap((flight) => [
      ...works(state, flight, model),
      ...travels(state, flight, model),
      ...runsOn(state, flight, model),
    ]),
    ...operate(state, model),
  ];
}

const happens = (action: Action, state: State): Step => ({ action, state, isFault: false });

/** A fault, while there is one left. */
function fault(action: Action, state: State): Step[] {
  return state.faults === 0 ? [] : [{ action, state: { ...state, faults: state.faults - 1 }, isFault: true }];
}

function withRun(state: State, index: number, change: Partial<Run>): State {
  const run = state.runs[index];
  return run === undefined ? state : { ...state, runs: state.runs.with(index, { ...run, ...change }) };
}

/** Changes one flight, and forgets those that nothing can come of any more. */
function withFlight(
  state: State,
  { job, token }: Pick<Flight, "job" | "token">,
  change: Partial<Flight>,
): State {
  const isIt = (flight: Flight) => flight.job === job && flight.token === token;
  const flights = state.flights.map((flight) => (isIt(flight) ? { ...flight, ...change } : flight));
  return { ...state, flights: flights.filter(isOpen) };
}

const isOpen = ({ hand, call, sent }: Flight) =>
  hand !== "none" || sent.length > 0 || (call !== "none" && call !== "ended");

/** Empties the hands of a worker; what its functions do goes on. */
function drop(state: State, run: number): State {
  const flights = state.flights.map((flight) =>
    flight.run === run ? { ...flight, hand: "none" as const } : flight,
  );
  return { ...state, flights: flights.filter(isOpen) };
}

function enqueues(state: State, model: Model): Step[] {
  return state.jobs.flatMap((job, index) =>
    job.enqueue === "pending" ? [happens({ kind: "enqueue", job: index }, enqueue(state, index, model))] : [],
  );
}

type Worker = { readonly run: Run; readonly index: number };

function lives(state: State, { run, index }: Worker, model: Model): Step[] {
  const steps: Step[] = [];
  const at = { run: index };
  if ((run.process !== "up" || !run.holds) && run.row === "kept")
    steps.push(happens({ kind: "expire", ...at }, withRun(state, index, { row: "over" })));
  if (run.process === "down")
    steps.push(happens({ kind: "start", ...at }, withRun(state, index, { process: "up" })));
  if (run.process === "frozen")
    steps.push(happens({ kind: "thaw", ...at }, withRun(state, index, { process: "up" })));
  if (run.process === "up" && !run.holds && run.row === "none")
    steps.push(happens({ kind: "register", ...at }, withRun(state, index, { holds: true, row: "kept" })));
  if (run.process === "up" && run.holds && run.row !== "kept") {
    const lost = withRun(state, index, { holds: false });
    steps.push(
      happens({ kind: "beat in vain", ...at }, model.rules.forgetsWhenLost ? drop(lost, index) : lost),
    );
  }
  if (run.process === "up" && run.holds)
    steps.push(...fault({ kind: "freeze", ...at }, withRun(state, index, { process: "frozen" })));
  if (run.process !== "down") {
    const crashed = withRun(drop(state, index), index, { process: "down", holds: false });
    steps.push(...fault({ kind: "crash", ...at }, crashed));
  }
  return steps;
}

function claims(state: State, { run, index }: Worker, model: Model): Step[] {
  if (run.process !== "up" || !run.holds || run.row !== "kept") return [];
  const steps = state.jobs.flatMap((_, job) => {
    if (!isClaimable(state, job, model)) return [];
    const claimed = claim(state, { job, run: index }, model);
    const flight: Flight = {
      job,
      token: claimed.jobs[job]?.row?.token ?? 0,
      run: index,
      hand: "unstarted",
      call: "none",
      sent: [],
      wasRun: false,
      wasTaken: false,
    };
    const action = { kind: "claim", job, run: index } as const;
    return [
      happens({ ...action, isHeard: true }, { ...claimed, flights: [...claimed.flights, flight] }),
      ...fault({ ...action, isHeard: false }, claimed),
    ];
  });
  return [...steps, ...givesBack(state, { run, index }, model)];
}

/** What was claimed and not started: at once where there is any, the rest when it drains. */
function givesBack(state: State, { index }: Worker, model: Model): Step[] {
  const mine = state.flights.filter(({ run, hand }) => run === index && hand !== "none");
  const known = mine.filter(({ hand }) => hand !== "unstarted").map(({ job }) => job);
  const steps: Step[] = [];
  const isStray = state.jobs.some(({ row }, job) => row?.lease?.run === index && !known.includes(job));
  if (isStray && model.rules.findsStrays) {
    const unstarted = state.flights.filter(({ run, hand }) => run !== index || hand !== "unstarted");
    const released = release({ ...state, flights: unstarted }, { run: index, known }, model);
    steps.push(happens({ kind: "give back", run: index }, released));
  }
  if (state.operations > 0 && model.configuration.operators.includes("drain")) {
    const released = release(drop(state, index), { run: index, known: [] }, model);
    const ended = withRun(released, index, { process: "down", holds: false, row: "none" });
    steps.push(happens({ kind: "drain", run: index }, { ...ended, operations: state.operations - 1 }));
  }
  return steps;
}

/** What comes by itself, and the rescue, which any process does that runs. */
function times(state: State, model: Model): Step[] {
  const steps = state.jobs.flatMap(({ row }, job) => {
    if (row?.lease?.run !== null || row.lease.isOver) return [];
    const over = withJob(state, job, { row: { ...row, lease: { run: null, isOver: true } } });
    return [happens({ kind: "deadline", job }, over)];
  });
  const isWanted =
    state.runs.some(({ row }) => row === "over") ||
    state.jobs.some(({ row }) => row && model.rules.isLost(row, state.runs));
  if (isWanted && state.runs.some(({ process }) => process === "up"))
    steps.push(happens({ kind: "rescue" }, rescue(state, model)));
  return steps;
}

/** What the worker does with what it has in hand. */
function works(state: State, flight: Flight, model: Model): Step[] {
  const { job, token, hand } = flight;
  const at = { job, token };
  const run = state.runs[flight.run];
  if (hand === "none" || run?.process !== "up") return [];
  if (hand === "unstarted")
    return run.holds
      ? [happens({ kind: "send", ...at }, withFlight(state, flight, { hand: "waiting", call: "travelling" }))]
      : [];
  if (hand === "waiting") return fault({ kind: "cut", ...at }, withFlight(state, flight, { hand: "retry" }));
  const settled = settle(state, flight, { model, outcome: hand });
  const action = { kind: "settle", ...at, outcome: hand } as const;
  const isNew = settled !== state;
  return [
    happens({ ...action, isHeard: true }, withFlight(settled, flight, { hand: "none" })),
    ...(isNew ? fault({ ...action, isHeard: false }, settled) : []),
  ];
}

/** What happens to requests and callbacks on their way. */
function travels(state: State, flight: Flight, model: Model): Step[] {
  const { job, token, call, hand } = flight;
  const at = { job, token };
  const steps: Step[] = [];
  if (call === "travelling") {
    const refused = hand === "waiting" ? { hand: model.rules.refused() } : {};
    steps.push(
      happens({ kind: "arrive", ...at }, withFlight(state, flight, { call: "running", wasRun: true })),
      happens({ kind: "refuse", ...at }, withFlight(state, flight, { call: "ended", ...refused })),
    );
  }
  for (const report of flight.sent) {
    const { state: after, told } = callBack(state, flight, { model, report });
    const rest = { sent: flight.sent.filter((one) => one !== report) };
    const action = { kind: "call back", ...at, report, told } as const;
    steps.push(
      happens({ ...action, comesAgain: false }, withFlight(after, flight, rest)),
      ...(after === state ? [] : fault({ ...action, comesAgain: true }, after)),
      ...fault({ kind: "lose", ...at, report }, withFlight(state, flight, rest)),
    );
  }
  return steps;
}

/** What a function does that runs. */
function runsOn(state: State, flight: Flight, { configuration }: Model): Step[] {
  const { job, token, call, hand } = flight;
  const at = { job, token };
  const sends = (report: (typeof configuration.reports)[number]) => ({
    sent: [...new Set([...flight.sent, report])].sort(),
  });
  if (call === "running")
    return configuration.answers.flatMap((outcome) => {
      const ended: Partial<Flight> = {
        call: outcome === "accepted" ? "working" : "ended",
        ...(hand === "waiting" ? { hand: outcome } : {}),
      };
      const action = { kind: "answer", ...at, outcome } as const;
      const quietly = happens({ ...action, reports: false }, withFlight(state, flight, ended));
      if (outcome === "accepted" || !configuration.reports.includes(outcome)) return [quietly];
      const both = withFlight(state, flight, { ...ended, ...sends(outcome) });
      return [quietly, happens({ ...action, reports: true }, both)];
    });
  if (call !== "working") return [];
  const reported = configuration.reports.map((report) => {
    const change = report === "progress" ? {} : ({ call: "ended" } as const);
    return happens(
      { kind: "report", ...at, report },
      withFlight(state, flight, { ...sends(report), ...change }),
    );
  });
  return [
    ...reported,
    ...fault({ kind: "fall silent", ...at }, withFlight(state, flight, { call: "ended" })),
  ];
}

function operate(state: State, model: Model): Step[] {
  if (state.operations === 0) return [];
  return model.configuration.operators.flatMap((kind) => {
    if (kind === "drain") return [];
    return state.jobs.flatMap((_, job) => {
      const after = operations[kind](state, job, model);
      return after === null ? [] : [happens({ kind, job }, { ...after, operations: state.operations - 1 })];
    });
  });
}
