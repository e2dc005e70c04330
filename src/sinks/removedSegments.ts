import { Effect, type FileSystem, Schema } from "effect"
import { quantity } from "../runtime/quantity.ts"
import type { JournalSegment } from "./JournalSegment.ts"

/** Somebody removed segments of the journal while the recorder ran. */
export class SegmentsRemoved extends Schema.TaggedError<SegmentsRemoved>()("SegmentsRemoved", {
  segments: Schema.Int,
  rows: Schema.Int
}) {
  override get message() {
    return `somebody removed ${quantity(this.segments, "segment")} of it with ${
      quantity(this.rows, "row")
    } that were in no row group yet; these are written to their files now, and the journal begins anew`
  }
}

/** Those of `segments` that are not there any more. */
export const removedSegments = (fs: FileSystem.FileSystem, segments: ReadonlyArray<JournalSegment>) =>
  Effect.filter(
    segments,
    ({ path }) => Effect.map(Effect.orElseSucceed(fs.exists(path), () => true), (there) => !there)
  )

/** Asks the streams that need rows of `removed` to bring them to disk; answers how many rows that are. */
export const expose = (removed: ReadonlyArray<JournalSegment>): number => {
  let rows = 0
  for (const segment of removed) {
    rows += segment.liveRows()
    for (const stream of segment.liveStreams().values()) stream.exposed = true
  }
  return rows
}
