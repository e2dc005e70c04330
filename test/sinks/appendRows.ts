import type { Row } from "../../src/domain/Event.ts"
import type { Series } from "../../src/domain/Series.ts"
import * as journalRecord from "../../src/sinks/journalRecord.ts"
import type { PageBytes } from "../../src/sinks/PageBytes.ts"
import { roomFor, writeRow } from "../../src/sinks/rowNotation.ts"

/** Appends `events` as one record, of which the first has the number `first`; answers its bytes. */
export const appendRows = (
  bytes: PageBytes,
  stream: number,
  series: Series,
  first: number,
  events: ReadonlyArray<Row>
): number => {
  const slices = events.map((event) => {
    const row = Buffer.alloc(roomFor(event))
    return row.subarray(0, writeRow(row, 0, event))
  })
  const rows = slices.reduce((sum, { length }) => sum + length, 0)
  return journalRecord.appendEncoded(bytes, stream, series, { first, rows: events.length, bytes: rows, slices })
}
