import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import { MissingIds } from "./MissingIds.ts"
import { RecentNumbers } from "./RecentNumbers.ts"
import { duplicate, inOrder, type Missing, reset, unverifiable, type Verdict } from "./Verdict.ts"

/** Holes of a feed that a late event may still fill. */
const rememberedHoles = 1000

/** An event that is newer than the last one by this much, yet numbered far below it, tells of a new count. */
const resetMicros = 1_000_000

/** Judges the events of one feed, one after the other. A new connection is to be announced before its first event. */
export interface Continuity {
  readonly judge: (event: Event) => Verdict
  /** The next event comes over another connection. */
  readonly connected: () => void
  /**
   * Takes note that an event with these ids is there though no connection brought it, by the venue's time where that is known; answers how
   * many of the ids were missing.
   */
  readonly fetched: (ids: Missing, timestampExchange: number | null) => number
  /** Takes note that events with these ids, which had been received, are lost after all. */
  readonly lose: (ids: Missing) => void
}

/** Where the counting of a feed stood when it was recorded last. */
export interface Before {
  readonly last: number
  /** Microseconds since the epoch by the venue's clock. */
  readonly lastTime: number | null
  readonly missing: ReadonlyArray<Missing>
}

/** Trades: ids follow each other by one and outlive connections. */
const consecutive = (before: Before | null): Continuity => {
  const missing = new MissingIds(rememberedHoles)
  // Whatever is below was received, or is known to be missing.
  let first: number | null = before === null ? null : 0
  let last = before?.last ?? 0
  let lastTime = before?.lastTime ?? 0
  /** Received although their numbers are none that were to come: another connection may bring each of them again. */
  let odd: RecentNumbers | null = null
  for (const ids of before?.missing ?? []) missing.add(ids)

  const startAt = (from: number, to: number, time: number | null) => {
    first = from
    last = to
    lastTime = time ?? lastTime
    odd = null
    missing.clear()
  }

  return {
    connected: () => {},
    fetched: (ids, timestampExchange) => {
      const filled = missing.take(ids.first, ids.last)
      // A connection that brings it again brings nothing new.
      if (filled > 0) lastTime = Math.max(lastTime, timestampExchange ?? 0)
      return filled
    },
    lose: (ids) => missing.add(ids),
    judge: ({ position, timestampExchange }) => {
      if (position === null) return unverifiable
      if (first === null) {
        startAt(position.first, position.last, timestampExchange)
        return inOrder
      }
      if (position.last <= last) {
        const filled = missing.take(position.first, position.last)
        if (filled > 0) {
          lastTime = Math.max(lastTime, timestampExchange ?? 0)
          return { _tag: "OutOfOrder", filled }
        }
        const newerBy = timestampExchange === null ? 0 : timestampExchange - lastTime
        if (newerBy >= resetMicros) {
          startAt(position.first, position.last, timestampExchange)
          return reset
        }
        // What is newer than everything before was never received, whatever its number.
        if (position.first >= first && newerBy <= 0) return duplicate
        odd ??= new RecentNumbers()
        if (odd.has(position.last)) return duplicate
        odd.add(position.last)
        return { _tag: "OutOfOrder", filled: 0 }
      }
      const expected = last + 1
      last = position.last
      lastTime = Math.max(lastTime, timestampExchange ?? 0)
      if (position.first <= expected) return inOrder
      const hole = { first: expected, last: position.first - 1 }
      missing.add(hole)
      return { _tag: "Gap", missing: hole }
    }
  }
}

/** Only events that are counted for ever can be fetched one by one. */
const neverFetched = { fetched: () => 0, lose: () => {} }

/** Books that count their changes by one: a snapshot begins anew. */
const stepping = (): Continuity => {
  const missing = new MissingIds(rememberedHoles)
  const seen = new RecentNumbers()
  let last: number | null = null
  let lastTime = 0

  const startAt = (id: number | null) => {
    last = id
    missing.clear()
    if (id !== null) seen.add(id)
  }

  return {
    ...neverFetched,
    connected: () => startAt(null),
    judge: (event) => {
      const { position, timestampExchange } = event
      if (position === null) return unverifiable
      const before = last
      const newer = timestampExchange !== null && timestampExchange > lastTime
      if (newer) lastTime = timestampExchange
      if (isSnapshot(event)) {
        startAt(position.last)
        return before === null || position.first === before + 1 ? inOrder : reset
      }
      // Changes without the book that they change are of no use to anyone: the snapshot is what is missing.
      if (before === null) {
        startAt(position.last)
        return { _tag: "Gap", missing: null }
      }
      if (position.last <= before) {
        const filled = missing.take(position.first, position.last)
        if (filled > 0) return { _tag: "OutOfOrder", filled }
        if (!newer && seen.has(position.last)) return duplicate
        // The snapshot that began a new count is what is missing.
        startAt(position.last)
        return { _tag: "Gap", missing: null }
      }
      last = position.last
      seen.add(last)
      if (position.first === before + 1) return inOrder
      const hole = { first: before + 1, last: position.first - 1 }
      missing.add(hole)
      return { _tag: "Gap", missing: hole }
    }
  }
}

/** Books whose changes name their predecessor: ids move by any amount, and may legally fall. */
const linked = (): Continuity => {
  const seen = new RecentNumbers()
  let last: number | null = null
  let lastTime = 0
  /** Between a change and the predecessor that the next one named. */
  let holes: Array<Missing> = []

  const startAt = (id: number | null) => {
    last = id
    holes = []
    if (id !== null) seen.add(id)
  }

  return {
    ...neverFetched,
    connected: () => startAt(null),
    judge: (event) => {
      const { position, timestampExchange } = event
      if (position === null) return unverifiable
      const before = last
      const newer = timestampExchange !== null && timestampExchange > lastTime
      if (newer) lastTime = timestampExchange
      if (isSnapshot(event)) {
        startAt(position.last)
        return before === null ? inOrder : reset
      }
      const previous = position.previous ?? position.last
      if (previous === before) {
        last = position.last
        seen.add(last)
        return inOrder
      }
      if (!newer && seen.has(position.last)) return duplicate
      seen.add(position.last)
      // Of what is numbered lower, only what fits into a hole is late: the venue may have begun to count anew.
      if (holes.some(({ first, last }) => previous >= first && position.last <= last)) {
        return { _tag: "OutOfOrder", filled: 0 }
      }
      if (before !== null && previous > before) {
        holes.push({ first: before, last: previous })
        if (holes.length > rememberedHoles) holes.shift()
      }
      last = position.last
      return { _tag: "Gap", missing: null }
    }
  }
}

const isSnapshot = (event: Event): boolean => event.dataType === "orderbook" && event.isSnapshot

const unverified: Continuity = { ...neverFetched, judge: () => unverifiable, connected: () => {} }

/** A judge of a feed by its rule, which goes on from `before` where the ids outlive connections. What a connection numbers is judged by `ConnectionContinuity`. */
export const make = (rule: ContinuityRule, before: Before | null = null): Continuity => {
  switch (rule) {
    case "consecutive":
      return consecutive(before)
    case "stepping":
      return stepping()
    case "linked":
      return linked()
    case "connection":
    case "none":
      return unverified
  }
}
