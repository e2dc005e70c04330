import { Effect } from "effect"
import type { Feed } from "../../src/domain/Feed.ts"
import * as Recorder from "../../src/feeds/Recorder.ts"
import type { FeedStats } from "../../src/telemetry/Telemetry.ts"
import type { Sink } from "../../src/sinks/Sink.ts"
import { nothingSealed } from "../sinks/events.ts"

/** Where the rows of a feed without a past go: events to `append`, what is said of gaps to `gaps`. */
export const destination = (
  append: Sink["append"],
  gaps: Sink["append"] = () => Effect.void
): Recorder.Destination => ({
  events: { append, appendNow: () => false, memory: nothingSealed },
  gaps: { append: gaps, appendNow: () => false, memory: nothingSealed },
  memory: { tail: null, gaps: [] },
  hearLosses: () => {}
})

/** Records a feed for ever, by one course. */
export const record = (
  feed: Feed,
  to: Recorder.Destination,
  stats: FeedStats,
  { exchanges, history, messageTimeoutSecs, ...options }: Recorder.Options & Recorder.Course
) =>
  Effect.flatMap(
    Recorder.make(feed, { exchanges, history, messageTimeoutSecs }, to, stats, options),
    (recording) => recording.run
  )
