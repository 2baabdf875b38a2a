import { parseUrl } from "./parse-url.ts";

/** Where functions are. */
export type Gateway = {
  /** `http://gateway` or, with the task's name in it, `http://{task}.functions.svc.cluster.local/`. */
  readonly baseUrl: string | undefined;
  /** Full URL by task identifier; used as it is, before the base URL. */
  readonly overrides: Readonly<Record<string, string>>;
};

/** A task's URL, or in one line why it has none. */
export type TaskUrl = { readonly url: string } | { readonly fault: string };

/**
 * Gives the URL of a task's function (protocol §2).
 *
 * The task is one path segment: what could leave it is percent-encoded, and every other character that RFC 3986 §3.3 allows
 * there stays. `.` and `..` are refused: URL parsers drop them in any spelling, `%2e%2e` too. As part of
 * a host name the task has to be one DNS label, and no number, which URL parsers take for an IPv4 address, so that no task name
 * chooses another host.
 */
export function taskUrl(task: string, gateway: Gateway): TaskUrl {
  const override = Object.hasOwn(gateway.overrides, task) ? gateway.overrides[task] : undefined;
  if (override !== undefined) return parsed(override, task);
  if (gateway.baseUrl === undefined)
    return { fault: `Cannot call ${quoted(task)}: no gateway URL is set. Set KNATIVE_SERVICE_URL.` };
  if (task === "" || task === "." || task === "..")
    return {
      fault: `Cannot call ${quoted(task)}: the task's name cannot be part of a URL. Rename the task.`,
    };
  if (!gateway.baseUrl.includes("{task}")) return parsed(appended(gateway.baseUrl, task), task);
  return fromTemplate(gateway.baseUrl, task);
}

function appended(baseUrl: string, task: string): string {
  const end = baseUrl.search(/[?#]/);
  const path = end === -1 ? baseUrl : baseUrl.slice(0, end);
  const rest = end === -1 ? "" : baseUrl.slice(end);
  return `${path.replace(/\/+$/, "")}/${pathSegment(task)}${rest}`;
}

function fromTemplate(template: string, task: string): TaskUrl {
  const [, origin = "", path = "", query = ""] = /^([^/]*\/\/[^/?#]*)([^?#]*)(.*)$/s.exec(template) ?? [];
  if (origin.includes("{task}") && !/^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/i.test(task)) return noHost(task);
  const fill = (part: string, value: string) => part.replaceAll("{task}", () => value);
  const target = parsed(
    fill(origin, task) + fill(path, pathSegment(task)) + fill(query, encodeURIComponent(task.toWellFormed())),
    task,
  );
  const isAddress = "url" in target && /^[\d.]+$/.test(new URL(target.url).hostname);
  return origin.includes("{task}") && isAddress ? noHost(task) : target;
}

function noHost(task: string): TaskUrl {
  return {
    fault: `Cannot call ${quoted(task)}: the task's name cannot be part of a host name. Rename the task.`,
  };
}

function parsed(url: string, task: string): TaskUrl {
  const href = parseUrl(url);
  if (href === undefined || !/^https?:$/.test(href.protocol))
    return {
      fault: `Cannot call ${quoted(task)}: the gateway gives no http URL for it. Check KNATIVE_SERVICE_URL.`,
    };
  return { url: href.href };
}

// sub-delims, ":" and "@": legal in a path segment, though encodeURIComponent encodes them.
const legal = /%(?:24|26|2B|2C|3A|3B|3D|40)/g;

function pathSegment(task: string): string {
  return encodeURIComponent(task.toWellFormed()).replace(legal, decodeURIComponent);
}

function quoted(task: string): string {
  return JSON.stringify(task.length > 80 ? `${task.slice(0, 80)}…` : task);
}
