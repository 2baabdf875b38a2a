/** Severity of a log line, in rising order. */
export type Level = "debug" | "info" | "warn" | "error";

/** Facts of one event. Never payloads, tokens or addresses. */
export type Fields = Readonly<Record<string, unknown>>;

/** One event a line: `log.info("job completed", { jobId: "7", task: "send-email-link" })`. */
export type Log = {
  readonly debug: (event: string, fields?: Fields) => void;
  readonly info: (event: string, fields?: Fields) => void;
  readonly warn: (event: string, fields?: Fields) => void;
  readonly error: (event: string, fields?: Fields) => void;
  /** Gives a log that adds these fields to each of its lines. */
  readonly with: (fields: Fields) => Log;
};

/** Where lines go and how they look. */
export type LogOptions = {
  readonly level: Level | "silent";
  /** `json`: one object a line, for machines. `text`: for a person at a terminal. */
  readonly format: "json" | "text";
  readonly write: (line: string) => void;
  readonly now: () => Date;
};

const order: Record<Level | "silent", number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

/** Gives a log with these options. An Error among the fields becomes its message and code, with its cause. */
export function createLog(options: LogOptions, base: Fields = {}): Log {
  const at =
    (level: Level) =>
    (event: string, fields: Fields = {}) => {
      if (order[level] < order[options.level]) return;
      const all = { ...base, ...fields };
      options.write(
        options.format === "json"
          ? jsonLine(options.now(), level, { event, fields: all })
          : textLine(options.now(), level, { event, fields: all }),
      );
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(options, { ...base, ...fields }),
  };
}

type Entry = { readonly event: string; readonly fields: Fields };

function jsonLine(time: Date, level: Level, { event, fields }: Entry): string {
  const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readable(value)]));
  return JSON.stringify({ time: time.toISOString(), level, event, ...plain });
}

function textLine(time: Date, level: Level, { event, fields }: Entry): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${shown(readable(value))}`);
  return [time.toISOString().slice(11, 23), level.padEnd(5), event, ...facts].join(" ");
}

/** What others wrote, a task's name for one, must not steer the terminal; JSON escapes some control characters alone. */
function shown(value: unknown): string {
  const text = typeof value === "string" && /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  return text?.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function readable(value: unknown): unknown {
  if (value instanceof Error) {
    const code = "code" in value ? { code: value.code } : {};
    const cause = value.cause === undefined ? {} : { cause: readable(value.cause) };
    const message = value.message === "" ? value.name : value.message;
    return Object.keys({ ...code, ...cause }).length === 0 ? message : { message, ...code, ...cause };
  }
  return typeof value === "bigint" ? String(value) : value;
}
