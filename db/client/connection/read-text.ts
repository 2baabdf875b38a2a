/** Parameters of a connection by name, as a text gives them: the last one counts. What is empty says nothing. */
export type ConnectionParameters = Readonly<Record<string, string>>;

/** Why a text is no connection. The message names the part and repeats no value: there are passwords among them. */
export class ConnectionTextError extends Error {
  override readonly name = "ConnectionTextError";
}

const scheme = /^postgres(?:ql)?:\/\//i;

/**
 * Reads a connection as libpq writes it: a URL, `postgres://user:password@host:port/database?name=value` with as many hosts as one
 * likes, or words, `host=… dbname=…`.
 *
 * @throws ConnectionTextError naming the part that cannot be read.
 */
export function readConnectionText(text: string): ConnectionParameters {
  if (scheme.test(text)) return readUrl(text.replace(scheme, ""));
  if (/^\s*\w+\s*=/.test(text)) return readWords(text);
  throw new ConnectionTextError("expected a postgres:// URL");
}

function readUrl(text: string): ConnectionParameters {
  const { userInfo, rest } = splitUserInfo(text);
  const [, hosts = "", path, query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?([^]*))?$/.exec(rest) ?? [];
  const [user, ...password] = userInfo?.split(":") ?? [];
  return keep([
    ["user", decode(user ?? "", "its user")],
    ["password", decode(password.join(":"), "its password")],
    ...readHosts(hosts),
    ["dbname", decode(path ?? "", "its database")],
    ...readQuery(query),
  ]);
}

/** As libpq, everything before an `@` that stands before the first `/`; of several in a password the last one, which libpq does not take. */
function splitUserInfo(text: string): { readonly userInfo: string | undefined; readonly rest: string } {
  const authority = text.split("/", 1)[0] ?? "";
  const first = authority.indexOf("@");
  if (first === -1) return { userInfo: undefined, rest: text };
  const query = authority.indexOf("?", first);
  const at = authority.lastIndexOf("@", query === -1 ? authority.length : query);
  return { userInfo: text.slice(0, at), rest: text.slice(at + 1) };
}

/** Hosts and ports, each a list of the same length. An IPv6 address stands in brackets. */
function readHosts(text: string): [string, string][] {
  if (text === "") return [];
  const parts = text.split(",").map((part) => {
    const found = /^(?:\[([^\]]*)\]|([^:[]*))(?::([^:]*))?$/.exec(part);
    if (found === null)
      throw new ConnectionTextError(
        "expected an IPv6 address to stand in brackets, as [::1], and a port behind a :",
      );
    const [, address, name = "", port = ""] = found;
    return { host: decode(address ?? name, "its host"), port: decode(port, "its port") };
  });
  const ports = parts.map(({ port }) => port);
  return [
    ["host", parts.map(({ host }) => host).join(",")],
    ["port", ports.every((port) => port === "") ? "" : ports.join(",")],
  ];
}

function readQuery(text: string): [string, string][] {
  if (text === "") return [];
  return text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", ...value] = part.split("=");
      const decoded = decode(name, "a parameter's name");
      if (value.length === 0) throw new ConnectionTextError(`expected ${decoded}=VALUE in its parameters`);
      return [decoded, decode(value.join("="), decoded)];
    });
}

/** A `%` that no two hexadecimal digits follow is a slip, most often in a password. A `+` is a plus, as in libpq. */
function decode(text: string, part: string): string {
  const stray = /%(?![\da-f]{2})/i.test(text);
  if (stray) throw new ConnectionTextError(`there is a lone % in ${part}: write %25 for it`);
  if (/%00/.test(text))
    throw new ConnectionTextError(`there is a %00 in ${part}, which Postgres does not take`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConnectionTextError(`what stands behind a % in ${part} is not UTF-8`);
  }
}

/** `name = value`, with spaces between; a value in quotes may hold spaces, and a backslash keeps what is behind it. */
const word = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\[^])*)'|((?:[^\s'\\]|\\[^])*))(?=\s|$)/y;

function readWords(text: string): ConnectionParameters {
  const entries: [string, string][] = [];
  word.lastIndex = 0;
  while (word.lastIndex < text.trimEnd().length) {
    const found = word.exec(text);
    if (found === null) {
      const after = entries.at(-1)?.[0];
      throw new ConnectionTextError(
        `cannot be read ${after === undefined ? "" : `behind ${after} `}as words of the form name=value`,
      );
    }
    const [, name = "", quoted, plain = ""] = found;
    entries.push([name, (quoted ?? plain).replaceAll(/\\([^])/g, "$1")]);
  }
  return keep(entries);
}

function keep(entries: readonly [string, string][]): ConnectionParameters {
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}
