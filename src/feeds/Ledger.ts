import { Clock, Effect } from "effect"
import type { GapEvent, Row } from "../domain/Event.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import type { LostRows, Sink } from "../sinks/Sink.ts"
import type { SinkStats } from "../telemetry/SinkStats.ts"

/** Statements that wait for a disk; of more, the oldest are lost. */
const mostWaiting = 10_000

/** How often a disk that took no statement is asked again. */
const againMillis = 1000

/** The sink of the gaps of a symbol. What the disk does not take is said again: a gap that nobody tells of is a silent loss. */
export interface Ledger {
  readonly sink: Sink
  /** Hears what the sink loses. */
  readonly lost: (rows: LostRows) => void
  /** Says again what has not been written. */
  readonly again: Effect.Effect<void>
  /** Says it for the last time, before the sink closes: what it loses from here on is lost. */
  readonly end: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function*(sink: Sink, stats: SinkStats) {
  const clock = yield* Clock.Clock
  const waiting = new Map<string, GapEvent>()
  let triedAt = -Infinity
  let ended = false

  const lost = ({ events }: LostRows) => {
    if (ended) return
    for (const row of events ?? []) {
      if (row.dataType !== "gap") continue
      waiting.delete(row.gap.id)
      waiting.set(row.gap.id, row)
      // It is kept, so it is not lost.
      stats.rowsLost--
    }
    for (const id of waiting.keys()) {
      if (waiting.size <= mostWaiting) return
      waiting.delete(id)
      stats.rowsLost++
    }
  }

  /** What waits, and does not any more. */
  const taken = (): ReadonlyArray<GapEvent> => {
    const rows = [...waiting.values()]
    waiting.clear()
    return rows
  }

  const append = (rows: ReadonlyArray<Row>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      if (waiting.size === 0 || now - triedAt < againMillis) return rows.length === 0 ? Effect.void : sink.append(rows)
      triedAt = now
      return sink.append([...taken(), ...rows])
    })

  const ledger: Ledger = {
    sink: {
      append,
      appendNow: () => false,
      get memory() {
        return sink.memory
      }
    },
    lost,
    again: Effect.suspend(() => append([])),
    end: Effect.suspend(() => {
      ended = true
      return waiting.size === 0 ? Effect.void : sink.append(taken())
    })
  }
  return ledger
})
