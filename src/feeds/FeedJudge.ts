import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import * as ConnectionContinuity from "../completeness/ConnectionContinuity.ts"
import * as Continuity from "../completeness/Continuity.ts"
import { RecentIds } from "../completeness/RecentIds.ts"
import type { Missing, Verdict } from "../completeness/Verdict.ts"

/** Ids of trades that are remembered where a venue's ids do not follow each other: some seconds of a busy market. */
const rememberedIds = 4096

/** The shortest time between two connections that are opened for a new book. */
const askAnewMillis = 60_000

/** A frame's events as they are to be recorded, and the hole that was found before or among them. */
export interface Judged {
  readonly events: ReadonlyArray<Event>
  readonly gap: Gap | null
}

/** Events are missing; `missing` where the venue's numbers say which. */
export interface Gap {
  readonly missing: Missing | null
}

/** Judges a feed for as long as it is recorded, over all its connections: counts, and drops what had been received before. */
export interface FeedJudge {
  /** The next frame comes over another connection. */
  readonly connected: () => void
  /**
   * Whether a book with a hole may be asked for anew, by monotonic milliseconds: once a minute at most. Venues limit connections,
   * and numbers that a venue means in another way than we read them must not cost the feed.
   */
  readonly mayAskAnew: (nowMillis: number) => boolean
  readonly judge: (events: ReadonlyArray<Event>, connectionSequence: number | null) => Judged
}

export const make = (rule: ContinuityRule, stats: SequenceStats): FeedJudge => {
  const continuity = Continuity.make(rule)
  const recent = new RecentIds(rememberedIds)
  let judgeConnection = ConnectionContinuity.make()
  let askedAnewAt = -Infinity

  const lost = (missing: Missing | null): Gap => {
    stats.gaps++
    if (missing !== null) {
      const size = missing.last - missing.first + 1
      stats.gapSize.observe(size)
      if (rule !== "connection") stats.missing += size
    }
    return { missing }
  }

  /** Of an event without a number, only its id can tell that it came before. Books of such venues repeat theirs legally. */
  const isRepeated = (event: Event): boolean => event.dataType === "trade" && !recent.add(event.sequenceId)

  const keeps = (event: Event, verdict: Verdict): boolean => {
    switch (verdict._tag) {
      case "InOrder":
      case "Gap":
        return true
      case "Reset":
        stats.resets++
        return true
      case "OutOfOrder":
        stats.outOfOrder++
        stats.missing -= verdict.filled
        return true
      case "Duplicate":
        stats.duplicates++
        return false
      case "Unverifiable":
        if (!isRepeated(event)) return true
        stats.duplicates++
        return false
    }
  }

  return {
    mayAskAnew: (nowMillis) => {
      if (nowMillis - askedAnewAt < askAnewMillis) return false
      askedAnewAt = nowMillis
      return true
    },
    connected: () => {
      continuity.connected()
      judgeConnection = ConnectionContinuity.make()
    },
    judge: (events, connectionSequence) => {
      let gap: Gap | null = null
      if (rule === "connection" && connectionSequence !== null) {
        const verdict = judgeConnection(connectionSequence)
        if (verdict._tag === "Gap") gap = lost(verdict.missing)
        if (verdict._tag === "OutOfOrder") stats.outOfOrder += events.length
        if (verdict._tag === "Duplicate") {
          stats.duplicates += events.length
          return { events: none, gap }
        }
      }
      let kept: Array<Event> | null = null
      for (let index = 0; index < events.length; index++) {
        const event = events[index]!
        const verdict = continuity.judge(event)
        if (verdict._tag === "Gap") gap = lost(verdict.missing)
        if (keeps(event, verdict)) kept?.push(event)
        else kept ??= events.slice(0, index)
      }
      return { events: kept ?? events, gap }
    }
  }
}

const none: ReadonlyArray<Event> = []
