import { Effect } from "effect"
import type { Row } from "../domain/Event.ts"
import type { LostRows, Sink } from "../sinks/Sink.ts"

/** A sink, and which of the rows that it loses follow each other. */
export interface LossRuns {
  /** Takes rows as the sink does; all of them must come this way. */
  readonly sink: Sink
  /**
   * To be asked of each loss in its turn: whether these rows were brought right after those that were lost before, so that none was
   * kept in between.
   */
  readonly goesOn: (lost: LostRows) => boolean
}

export const make = (to: Sink): LossRuns => {
  let brought = 0
  /** Empty while nothing is being brought: nobody holds on to the last frame of a quiet feed. */
  let bringing: ReadonlyArray<Row> = []
  /** How many had been brought with the last lost one; none where that was not the newest of them. */
  let lostUpTo = -1

  const begin = (rows: ReadonlyArray<Row>) => {
    brought += rows.length
    bringing = rows
  }
  const end = () => {
    bringing = []
  }
  return {
    sink: {
      append: (rows) =>
        Effect.suspend(() => {
          begin(rows)
          return Effect.ensuring(to.append(rows), Effect.sync(end))
        }),
      appendNow: (rows) => {
        begin(rows)
        try {
          const taken = to.appendNow(rows)
          if (!taken) brought -= rows.length
          return taken
        } finally {
          end()
        }
      },
      get memory() {
        return to.memory
      }
    },
    goesOn: ({ events, rows }) => {
      // What was taken before, and is lost only now, lies elsewhere.
      const newest = bringing.length > 0 && events?.at(-1) === bringing.at(-1)
      const goesOn = newest && lostUpTo === brought - rows
      lostUpTo = newest ? brought : -1
      return goesOn
    }
  }
}
