/** Facts of one event. Never payloads, tokens or addresses. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one event: `log.info("mail sent", { type: "invite_email" })`. */
export type Log = {
  readonly info: (event: string, fields?: LogFields) => void;
  readonly warn: (event: string, fields?: LogFields) => void;
  readonly error: (event: string, fields?: LogFields) => void;
  /** Gives a log that adds these fields to each of its lines. */
  readonly with: (fields: LogFields) => Log;
};

/** Gives a log that writes one JSON object a line. Fields that JSON cannot hold are left out, and said to be: no line fails a job. */
export function createLog(write: (line: string) => void, base: LogFields = {}): Log {
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      write(lineOf({ time: new Date().toISOString(), level, event, ...base }, fields));
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(write, { ...base, ...fields }),
  };
}

function lineOf(known: LogFields, fields: LogFields): string {
  try {
    return JSON.stringify({ ...known, ...fields });
  } catch {
    return JSON.stringify({ ...known, fields: "left out: JSON cannot hold them" });
  }
}

/** Writes a line to wherever the runtime shows its console: standard output, or the platform's log. */
export function writeToConsole(line: string): void {
  // The one way to write that every runtime has.
  // oxlint-disable-next-line no-console
  console.log(line);
}
