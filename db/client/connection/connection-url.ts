import { type DatabaseSettings, valuesOf } from "./read-values.ts";

/** Gives the connection as one URL that says all that the settings say, for people and their psql. */
export function connectionUrl(settings: DatabaseSettings): string {
  const {
    user = "postgres",
    password,
    host = "localhost",
    port = "5432",
    dbname = "postgres",
    ...others
  } = valuesOf(settings);
  const ports = port.split(",");
  const hosts = host.split(",").map((name, place) => {
    const written = name.includes(":") ? `[${name.replace(/^\[|\]$/g, "")}]` : encodeURIComponent(name);
    return `${written}:${ports[place] ?? ports[0]}`;
  });
  const who = encodeURIComponent(user) + (password === undefined ? "" : `:${encodeURIComponent(password)}`);
  const query = Object.entries(others).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `postgres://${who}@${hosts.join(",")}/${encodeURIComponent(dbname)}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}
