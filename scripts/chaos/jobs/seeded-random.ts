/** Random numbers that a seed repeats. */
export type Random = {
  /** Gives a number from 0 up to, and without, 1. */
  readonly share: () => number;
  /** Gives a whole number from `least` to `most`. */
  readonly between: (least: number, most: number) => number;
  readonly shuffled: <T>(items: readonly T[]) => T[];
};

/** Gives random numbers from a seed, by mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    share,
    between: (least, most) => least + Math.floor(share() * (most - least + 1)),
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: share() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
  };
}
