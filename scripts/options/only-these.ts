import { refuse } from "./refuse.ts";

/** Gives those whose names hold one of these parts; all where none is given. Parts that choose nothing end the process. */
export function onlyThese<Named extends { readonly name: string }>(
  all: readonly Named[],
  parts: readonly string[] | undefined,
): Named[] {
  if (parts === undefined) return [...all];
  for (const part of parts)
    if (!all.some(({ name }) => name.includes(part)))
      refuse(
        `Cannot read --only: ${JSON.stringify(part)} is part of no name. There are: ${all.map(({ name }) => name).join(", ")}.`,
      );
  return all.filter(({ name }) => parts.some((part) => name.includes(part)));
}
