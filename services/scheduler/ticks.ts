import type { Calendar } from "./calendar.ts";
import type { Zone } from "./zone.ts";

/** The local times of a rule: the days that it matches, and the times of each of them. */
export type LocalTimes = {
  readonly calendar: Calendar;
  /** Each sorted, without doubles. */
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** Whether the rule means an interval, which goes on where the clock changes, and no times of day. */
  readonly isInterval: boolean;
};

type Direction = 1 | -1;

/** From where to where, in seconds; the end is no part of it. */
type Span = { readonly from: number; readonly to: number };

const day = 86_400;

/**
 * Gives the ticks later than an instant, or the ticks before one, the nearest first. Times are whole seconds since 1970.
 *
 * It goes through the days of UTC on which a local day of the rule may lie: each is at most a day away, so that days without a tick
 * are leapt over, and a rule for one day in four years costs what one for each day does. Where the clock changes:
 *
 * - A time that does not exist runs once, right after the gap, also where the gap ends on the next day, or lasts for one.
 * - A time that exists twice runs once, the first time.
 * - An interval just goes on: it ticks whenever the clock shows one of its times.
 */
export function* ticksFrom(
  times: LocalTimes,
  zone: Zone,
  {
    after,
    before,
  }:
    | ({ readonly after: number } & { readonly before?: undefined })
    | { readonly after?: undefined; readonly before: number },
): Generator<number, void> {
  const direction: Direction = after === undefined ? -1 : 1;
  let present = after === undefined ? before : after + 1;
  while (true) {
    const today = Math.floor((direction === 1 ? present : present - 1) / day);
    const nearest = direction === 1 ? times.calendar.next(today - 1) : times.calendar.previous(today + 1);
    if (nearest === null) return;
    const distance = (nearest - today) * direction;
    if (distance > 1) {
      present = direction === 1 ? (nearest - 1) * day : (nearest + 2) * day;
      continue;
    }
    const span =
      direction === 1 ? { from: present, to: (today + 1) * day } : { from: today * day, to: present };
    yield* ticksWithin(times, zone, { span, direction });
    present = direction === 1 ? span.to : span.from;
  }
}

type Within = { readonly span: Span; readonly direction: Direction };

function* ticksWithin(times: LocalTimes, zone: Zone, { span, direction }: Within): Generator<number> {
  const pieces = zone.pieces(span.from, span.to);
  for (const { from, to, offset, change } of direction === 1 ? pieces : pieces.toReversed()) {
    const shift = change === null || times.isInterval ? 0 : offset - change.before;
    const leftOut = { from: from + offset - shift, to: from + offset };
    const closesGap = shift > 0 && change?.at === from && !localTimes(times, leftOut, 1).next().done;
    if (closesGap && direction === 1) yield from;
    for (const local of localTimes(times, { from: from + offset, to: to + offset }, direction)) {
      const tick = local - offset;
      const isSecondPass = shift < 0 && change !== null && tick - change.at < -shift;
      if (!isSecondPass && !(closesGap && tick === from)) yield tick;
    }
    if (closesGap && direction === -1) yield from;
  }
}

/** Gives the local times of a rule within a span of local time, in order or from the last one back. */
function* localTimes(times: LocalTimes, { from, to }: Span, direction: Direction): Generator<number> {
  const { calendar } = times;
  const first =
    direction === 1 ? calendar.next(Math.floor(from / day)) : calendar.previous(Math.floor((to - 1) / day));
  for (let date = first; date !== null && date * day < to && (date + 1) * day > from; ) {
    const midnight = date * day;
    const part = { from: from - midnight, to: to - midnight };
    for (const time of timesOfDay(times, part, direction)) yield midnight + time;
    date = direction === 1 ? calendar.next(date + 1) : calendar.previous(date - 1);
  }
}

/** Gives the times of one day within a part of it, in seconds since its midnight; hours and minutes outside are passed over. */
function* timesOfDay(
  { hours, minutes, seconds }: LocalTimes,
  part: Span,
  direction: Direction,
): Generator<number> {
  const inOrder = (numbers: readonly number[]) => (direction === 1 ? numbers : numbers.toReversed());
  const meets = (from: number, length: number) => from < part.to && from + length > part.from;
  const [minutesInOrder, secondsInOrder] = [inOrder(minutes), inOrder(seconds)];
  for (const hour of inOrder(hours)) {
    if (!meets(hour * 3_600, 3_600)) continue;
    for (const minute of minutesInOrder) {
      const start = hour * 3_600 + minute * 60;
      if (!meets(start, 60)) continue;
      for (const second of secondsInOrder) if (meets(start + second, 1)) yield start + second;
    }
  }
}
