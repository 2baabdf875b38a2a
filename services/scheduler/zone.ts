/** A part of a time span in which a zone's clock does not change. All times here are whole seconds. */
export type Piece = {
  /** Its first second, and the first second after it. */
  readonly from: number;
  readonly to: number;
  /** What local time is ahead of UTC. */
  readonly offset: number;
  /** The clock's latest change, where that was within a day before; it may be `from` itself. */
  readonly change: { readonly at: number; readonly before: number } | null;
};

/** A time zone: how local time and UTC go together. */
export type Zone = {
  /** Its name as the time zone database spells it, or an offset such as +02:00. */
  readonly name: string;
  /** Gives the pieces of a span of two days at most, in order. */
  readonly pieces: (from: number, to: number) => Piece[];
  /** Gives when a local time is, as if it were UTC: the first time where it comes twice, the end of the gap where it does not come. */
  readonly instantOf: (local: number) => number;
};

const day = 86_400;

// Longer than any name of the time zone database.
const longestName = 50;

/**
 * Gives the time zone of this name, or null where this system knows none.
 *
 * No zone changes its clock twice within six days, or by more than a day (the time zone database, 1970 to 2040), so that the offsets at
 * both ends of two days tell whether it changes between them.
 */
export function zoneOf(name: string): Zone | null {
  if (name.length > longestName || !/^(?:[A-Za-z][\w+/-]*|[+-][\d:]+)$/.test(name)) return null;
  try {
    const { timeZoneId } = at(0, name);
    return createZone(timeZoneId);
  } catch {
    return null;
  }
}

function createZone(name: string): Zone {
  const offsetAt = (second: number) =>
    name === "UTC" ? 0 : at(second, name).offsetNanoseconds / 1_000_000_000;

  /** The first change after a second, where the clock is known to change. */
  const changeAfter = (second: number) => {
    const change = at(second, name).getTimeZoneTransition("next");
    return change === null ? Infinity : change.epochMilliseconds / 1_000;
  };

  const latestChange = (second: number): Piece["change"] => {
    const before = offsetAt(second - day);
    return before === offsetAt(second) ? null : { at: changeAfter(second - day), before };
  };

  const pieces: Zone["pieces"] = (from, to) => {
    const offset = offsetAt(from);
    const change = latestChange(from);
    if (to <= from || offsetAt(to) === offset) return [{ from, to, offset, change }];
    const next = changeAfter(from);
    if (next >= to) return [{ from, to, offset, change }];
    return [
      { from, to: next, offset, change },
      { from: next, to, offset: offsetAt(next), change: { at: next, before: offset } },
    ];
  };

  return {
    name,
    pieces,
    instantOf: (local) => {
      const around = pieces(local - day, local + day);
      const found = around.find(({ from, to, offset }) => local - offset >= from && local - offset < to);
      return found === undefined ? (around[1]?.from ?? local) : local - found.offset;
    },
  };
}

function at(second: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(second * 1_000).toZonedDateTimeISO(zone);
}
