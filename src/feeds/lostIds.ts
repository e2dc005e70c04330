import type { Missing } from "../completeness/Verdict.ts"
import type { LostRows } from "../sinks/Sink.ts"

/** Rows that are lost, as far as their ids follow each other. */
export interface LostRun extends Pick<LostRows, "rows" | "firstReceivedMicros" | "lastReceivedMicros"> {
  /** Null where nobody can tell which ids they had. */
  readonly ids: Missing | null
}

/** Parts lost rows, of a venue that counts, into runs of ids: they may have come late, or been fetched, in any order. */
export const lostIds = (lost: LostRows): ReadonlyArray<LostRun> => {
  const positions = (lost.events ?? []).flatMap((event) =>
    event.position === null ? [] : [{ ...event.position, micros: event.timestampCollector }]
  )
  if (lost.events === null || positions.length < lost.events.length) {
    const ids = { first: Number(lost.firstId), last: Number(lost.lastId) }
    const known = lost.firstId !== null && lost.lastId !== null && ids.last - ids.first + 1 === lost.rows
    return [{ ...lost, ids: known ? ids : null }]
  }
  const runs: Array<LostRun & { readonly ids: Missing }> = []
  for (const { first, last, micros } of positions.toSorted((a, b) => a.first - b.first)) {
    const run = runs.at(-1)
    if (run === undefined || run.ids.last + 1 !== first) {
      runs.push({ rows: 1, ids: { first, last }, firstReceivedMicros: micros, lastReceivedMicros: micros })
      continue
    }
    runs[runs.length - 1] = {
      rows: run.rows + 1,
      ids: { first: run.ids.first, last },
      firstReceivedMicros: Math.min(run.firstReceivedMicros, micros),
      lastReceivedMicros: Math.max(run.lastReceivedMicros, micros)
    }
  }
  return runs
}
