import { Effect } from "effect"
import type { Destination } from "../../src/feeds/Recorder.ts"
import type { Sink } from "../../src/sinks/Sink.ts"
import { nothingSealed } from "../sinks/events.ts"

/** Where the rows of a feed without a past go: events to `append`, what is said of gaps to `gaps`. */
export const destination = (
  append: Sink["append"],
  gaps: Sink["append"] = () => Effect.void
): Destination => ({
  events: { append, memory: nothingSealed },
  gaps: { append: gaps, memory: nothingSealed },
  memory: { tail: null, gaps: [] }
})
