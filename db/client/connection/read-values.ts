import { type ConnectionVariable, connectionParameters, parameterNamed } from "./parameters.ts";
import { type ConnectionParameters, ConnectionTextError, readConnectionText } from "./read-text.ts";

/** Which database to use, by libpq's names: one URL, and the variables, which count for what the URL does not say. */
export type DatabaseSettings = { readonly DATABASE_URL?: string | undefined } & {
  readonly [Variable in ConnectionVariable]?: string | number | undefined;
};

/** What is wrong with one of the settings of a connection. The message repeats no value that may be a secret. */
export type TargetFault = { readonly setting: string; readonly message: string };

/** All that is wrong with the settings of a connection. */
export class ConnectionTargetError extends Error {
  override readonly name = "ConnectionTargetError";
  readonly faults: readonly TargetFault[];

  constructor(faults: readonly TargetFault[]) {
    super(faults.map(({ setting, message }) => `${setting}: ${message}`).join("; "));
    this.faults = faults;
  }
}

/** Gives what the settings say, by libpq's names, whether it can be honoured or not. */
export function valuesOf(settings: DatabaseSettings): ConnectionParameters {
  const { values } = gather(settings);
  return Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
}

/** What the settings say, and what of it is wrong or left out. */
export type Given = {
  readonly values: Readonly<Record<string, { readonly value: string; readonly setting: string }>>;
  readonly hasUrl: boolean;
  readonly faults: TargetFault[];
  readonly leftOut: string[];
};

/** Gathers what the settings say: the URL before the variables. */
export function gather(settings: DatabaseSettings): Given {
  const faults: TargetFault[] = [];
  const leftOut: string[] = [];
  const values: Record<string, { value: string; setting: string }> = {};
  for (const [name, { variable }] of Object.entries(connectionParameters)) {
    if (variable === undefined) continue;
    const value = String(settings[variable] ?? "");
    // A port of 0 is one that nobody chose.
    if (value !== "" && (value !== "0" || name !== "port")) values[name] = { value, setting: variable };
  }
  for (const [name, value] of Object.entries(textOf(settings, faults)))
    values[name] = { value, setting: "DATABASE_URL" };
  for (const [name, { value, setting }] of Object.entries(values)) {
    const { treatment, text } = parameterNamed(name);
    const shown = setting === "DATABASE_URL" ? name : setting;
    if (treatment === "left out" && !isHarmless(name, value)) leftOut.push(`${shown} (${text})`);
    if (treatment === "refused" && !isHarmless(name, value))
      faults.push({ setting, message: `${name} cannot be honoured: ${text}` });
  }
  return { values, hasUrl: settings.DATABASE_URL !== undefined, faults, leftOut };
}

function textOf({ DATABASE_URL: text }: DatabaseSettings, faults: TargetFault[]): ConnectionParameters {
  if (text === undefined) return {};
  try {
    return readConnectionText(text);
  } catch (error) {
    if (!(error instanceof ConnectionTextError)) throw error;
    faults.push({ setting: "DATABASE_URL", message: error.message });
    return {};
  }
}

/** Values that ask for nothing but what is done anyway. */
function isHarmless(name: string, value: string): boolean {
  const asIs: Readonly<Record<string, RegExp>> = {
    client_encoding: /^(utf-?8|unicode|auto)$/i,
    sslcompression: /^0$/,
    replication: /^(false|off|no|0)$/,
    min_protocol_version: /^3\.0$/,
    max_protocol_version: /^(3\.\d|latest)$/,
    gssdelegation: /^0$/,
    uselibpqcompat: /^true$/,
  };
  return asIs[name]?.test(value) ?? false;
}

/** Reads the parameters, and notes what is wrong with them. */
export type Reader = {
  readonly text: (name: string) => string | undefined;
  readonly oneOf: <Word extends string>(name: string, words: readonly Word[]) => Word | undefined;
  readonly seconds: (name: string) => number | undefined;
  readonly fault: (name: string, message: string, value?: string) => void;
  readonly hasUrl: boolean;
};

/** Gives a reader of what was gathered, whose faults are noted with the setting that is at fault. */
export function createReader({ values, faults, hasUrl }: Given): Reader {
  const text = (name: string) => values[name]?.value;
  // Of the URL a part is told, and its value, as the whole is kept secret; whoever tells of a variable adds its value.
  const fault = (name: string, message: string, value?: string) => {
    const setting = values[name]?.setting ?? "DATABASE_URL";
    const told = value === undefined ? "" : `, and not ${JSON.stringify(value)}`;
    faults.push({ setting, message: setting === "DATABASE_URL" ? `${name}: ${message}${told}` : message });
  };
  return {
    text,
    fault,
    hasUrl,
    oneOf: (name, words) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const word = words.find((known) => known === value);
      if (word === undefined) fault(name, `expected ${listed(words)}`, value);
      return word;
    },
    seconds: (name) => {
      const value = text(name);
      if (value === undefined) return undefined;
      if (/^-?\d{1,9}$/.test(value)) return Number(value);
      fault(name, "expected a whole number of seconds", value);
      return undefined;
    },
  };
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
