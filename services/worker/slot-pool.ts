/** One member's share of the requests in flight. */
export type SlotShare = {
  /** Requests in flight at most, of all members, but for the extra ones. */
  readonly limit: number;
  /** So many more may be in flight while slow tasks hold the others; see createSlots. None where members share the slots. */
  readonly extra: () => number;
  /** How many more requests the member may start now, the extra ones included. With 0 it is known to want more, and is told when it may. */
  readonly free: () => number;
  /** Whether there is more work than the member could take the last time that it looked. */
  readonly wantsMore: (isSo: boolean) => void;
  /** A request of the member has started. */
  readonly take: () => void;
  /** A request of the member is over. */
  readonly give: () => void;
};

/** Requests in flight, shared by those who work for several databases. */
export type SlotPool = {
  /** Adds a member. `onRoom` is called when it may start a request that it could not start before. */
  readonly join: (onRoom: () => void) => SlotShare;
};

type Member = {
  inFlight: number;
  wantsMore: boolean;
  /** Since when there has been room that was kept for it alone; null where there was none since it last asked or took. */
  offeredAt: number | null;
  readonly onRoom: () => void;
};

/** For so many slots there is an extra one. */
const slotsPerExtra = 8;

/** How long room is kept for a member that wants more, in ms: one whose database hangs meanwhile holds up nobody. */
const offerMs = 1_000;

/**
 * Gives a pool of so many requests in flight at most.
 *
 * Nothing is set aside but one request for each member that has none in flight, so that a member whose first job comes does not
 * wait for the others' requests to end. Among those that want more, the one with the fewest in flight is next: while all
 * have work they come to equal numbers, and what one does not use the others do (max-min fairness: Bertsekas and Gallager,
 * Data Networks, 1992, §6.5.2).
 */
export function createSlotPool(limit: number, now: () => number = () => performance.now()): SlotPool {
  const members: Member[] = [];
  const extra = Math.floor(limit / slotsPerExtra);
  let inFlight = 0;

  const isHungry = ({ wantsMore, offeredAt }: Member, at: number) =>
    wantsMore && (offeredAt === null || at - offeredAt <= offerMs);

  const roomOf = (member: Member): number => {
    if (members.length === 1) return Math.max(0, limit + extra - inFlight);
    let room = limit - inFlight;
    if (room <= 0) return 0;
    const at = now();
    for (const other of members) {
      if (other === member) continue;
      if (isHungry(other, at) && other.inFlight < member.inFlight) {
        other.offeredAt ??= at;
        return 0;
      }
      if (other.inFlight === 0) room -= 1;
    }
    return Math.max(0, room);
  };

  const feed = () => {
    const at = now();
    const hungry = members.filter((member) => isHungry(member, at));
    hungry.sort((a, b) => a.inFlight - b.inFlight);
    const next = hungry.find((member) => roomOf(member) > 0);
    if (next === undefined) return;
    next.offeredAt ??= at;
    next.onRoom();
  };

  return {
    join: (onRoom) => {
      const member: Member = { inFlight: 0, wantsMore: false, offeredAt: null, onRoom };
      members.push(member);
      const wantsMore = (isSo: boolean) => {
        member.wantsMore = isSo;
        member.offeredAt = null;
      };
      return {
        limit,
        extra: () => (members.length === 1 ? extra : 0),
        wantsMore,
        free: () => {
          const room = roomOf(member);
          if (room === 0 && members.length > 1) wantsMore(true);
          return room;
        },
        take: () => {
          member.inFlight += 1;
          member.offeredAt = null;
          inFlight += 1;
        },
        give: () => {
          member.inFlight -= 1;
          inFlight -= 1;
          if (members.length > 1) feed();
        },
      };
    },
  };
}
