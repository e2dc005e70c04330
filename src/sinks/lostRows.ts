import { Clock, Effect } from "effect"
import type { Row } from "../domain/Event.ts"
import { column } from "./columns.ts"
import { texts } from "./columnValues.ts"
import { decoded, unsound } from "./footer.ts"
import type { ParquetFile } from "./ParquetFile.ts"
import { columnOf, markOf } from "./rowGroupColumns.ts"
import { countRows, type SeqRange } from "./SeqRanges.ts"
import type { LostRows } from "./Sink.ts"

/** What is told of `rows`, of which there is one at least. */
export const ofRows = (rows: ReadonlyArray<Row>): LostRows => ({
  rows: rows.length,
  firstId: rows[0]?.sequenceId ?? null,
  lastId: rows.at(-1)?.sequenceId ?? null,
  firstReceivedMicros: rows[0]?.timestampCollector ?? 0,
  lastReceivedMicros: rows.at(-1)?.timestampCollector ?? 0,
  events: rows
})

/**
 * What is told of the rows `ranges` of `file`, which somebody has removed: as long as it is open, it can be read. Where not even that works,
 * they were received at some time after its first row, `firstMillis`.
 */
export const ofFile = Effect.fnUntraced(function*(
  file: ParquetFile,
  firstMillis: number,
  ranges: ReadonlyArray<SeqRange>
) {
  const groups = yield* Effect.orElseSucceed(file.groups, () => [])
  const source = file.source()
  const markAt = Effect.fnUntraced(function*(seq: number) {
    const group = groups.find(({ first, last }) => first <= seq && seq <= last)
    if (group === undefined) return yield* unsound(`it has no row ${seq}`)
    const { values } = yield* columnOf(source, group.metadata, column.sequenceId)
    const ids = yield* decoded("a page of ids", () => texts(values))
    return yield* markOf(source, group.metadata, seq - group.first, ids[seq - group.first] ?? "")
  })
  const first = ranges[0]?.first ?? 0
  const last = ranges.at(-1)?.last ?? 0
  const touched = groups.filter((group) => group.last >= first && group.first <= last)
  const found = touched.flatMap(({ metadata }) => metadata.received ?? [])
  const anyTime = { first: firstMillis * 1000, last: (yield* Clock.currentTimeMillis) * 1000 }
  const received = found.length === 0 ? [anyTime] : found
  const [firstMark, lastMark] = yield* Effect.orElseSucceed(
    Effect.all([markAt(first), markAt(last)]),
    () => [null, null] as const
  )
  const lost: LostRows = {
    rows: countRows(ranges),
    firstId: firstMark?.id ?? null,
    lastId: lastMark?.id ?? null,
    firstReceivedMicros: firstMark?.receivedMicros ?? Math.min(...received.map(({ first: micros }) => micros)),
    lastReceivedMicros: lastMark?.receivedMicros ?? Math.max(...received.map(({ last: micros }) => micros)),
    events: null
  }
  return lost
})
