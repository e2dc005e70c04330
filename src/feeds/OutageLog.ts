import { Clock, Effect } from "effect"
import type { Feed } from "../domain/Feed.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { VenueOutage } from "./VenueOutage.ts"

/** How often it is looked whether a line for a venue is due. */
const everyMillis = 250

/** What a feed tells of its own comings and goings. */
export interface FeedOutage {
  /** The feed is without data for `reason`; `text` is the line for it. */
  readonly lost: (reason: string, text: string) => Effect.Effect<void>
  /** The feed delivers; `text` is the line for it. */
  readonly delivers: (text: string) => Effect.Effect<void>
}

/** Logs which feeds are without data: one by one where few of a venue are, in lines for the venue where many are. */
export interface OutageLog {
  /** For a feed that is recorded from now on. */
  readonly join: (feed: Feed) => FeedOutage
  /** The feed is not recorded any more. */
  readonly leave: (feed: Feed) => void
  readonly of: (feed: Feed) => FeedOutage
  /** Logs for ever what is due for the venues. */
  readonly run: Effect.Effect<never>
}

export const make = (feeds: ReadonlyArray<Feed>): OutageLog => {
  const outages = new Map<string, VenueOutage>()
  const outageOf = ({ exchange }: Feed): VenueOutage => {
    const known = outages.get(exchange)
    if (known !== undefined) return known
    const outage = new VenueOutage(exchange, 0)
    outages.set(exchange, outage)
    return outage
  }
  for (const feed of feeds) outageOf(feed).joined()
  const of = (feed: Feed): FeedOutage => {
    const outage = outageOf(feed)
    return {
      lost: (reason, text) =>
        Effect.flatMap(
          Clock.Clock,
          (clock) => outage.lost(feed, reason, monotonicMillis(clock)) ? Effect.logWarning(text) : Effect.logDebug(text)
        ),
      delivers: (text) => Effect.suspend(() => outage.delivers(feed) ? Effect.logInfo(text) : Effect.logDebug(text))
    }
  }
  return {
    of,
    join: (feed) => {
      outageOf(feed).joined()
      return of(feed)
    },
    leave: (feed) => outageOf(feed).left(feed),
    run: Effect.gen(function*() {
      const clock = yield* Clock.Clock
      while (true) {
        yield* Effect.sleep(everyMillis)
        for (const outage of outages.values()) {
          const line = outage.due(monotonicMillis(clock))
          if (line !== null) yield* line.over ? Effect.logInfo(line.text) : Effect.logWarning(line.text)
        }
      }
    })
  }
}
