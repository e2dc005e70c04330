import { assert } from "@effect/vitest"
import type { Gap } from "../../src/domain/Gap.ts"
import type { RecordedEvent } from "./recordedEvents.ts"

/** How a change of a book names itself and the one before it. */
interface Link {
  readonly own: number
  readonly isAfter: (last: number) => boolean
}

const linkOf: Readonly<Record<string, (event: RecordedEvent) => Link>> = {
  bybit: ({ data, id }) => ({ own: Number(id), isAfter: (last) => JSON.parse(data).data.u === last + 1 }),
  okx: ({ data, id }) => ({ own: Number(id), isAfter: (last) => JSON.parse(data).data[0].prevSeqId === last })
}

/** A change that stands after one that is missing. */
export interface Broken {
  readonly feed: string
  readonly id: string
  readonly after: number | null
  readonly receivedMicros: number
}

/** How the replay of a book went. */
export interface Replay {
  readonly changes: number
  /** Changes that nobody can apply, and no gap says so. */
  readonly broken: ReadonlyArray<Broken>
  /** Gaps in which the book goes on as if nothing had been missing. */
  readonly falseGaps: ReadonlyArray<Gap>
}

const isTold = ({ closedMicros, openedMicros, status }: Gap, at: number): boolean =>
  (status === "open" || status === "missing") && at >= openedMicros && (closedMicros === null || at <= closedMicros)

/**
 * Replays a book as a reader does: a complete book begins it, and each change needs the one before it. Null where it is no book, or the
 * venue's books tell nothing of each other.
 */
export const replay = (
  feed: string,
  events: ReadonlyArray<RecordedEvent>,
  gaps: ReadonlyArray<Gap>
): Replay | null => {
  const [venue = "", , dataType] = feed.split("/")
  const link = linkOf[venue]
  if (link === undefined || dataType !== "orderbook") return null
  const broken: Array<Broken> = []
  let last: number | null = null
  let isWhole = false
  for (const event of events) {
    const { isAfter, own } = link(event)
    // A complete book goes on where nothing happened since, or is the very next change; after any other something is missing.
    const goesOn = last === null || own === last || isAfter(last) || (venue === "bybit" && own === 1)
    const fits = event.isSnapshot ? goesOn : isWhole && last !== null && isAfter(last)
    if (!fits && !gaps.some((gap) => isTold(gap, event.receivedMicros))) {
      broken.push({ feed, id: event.id, after: last, receivedMicros: event.receivedMicros })
    }
    if (event.isSnapshot || !fits) isWhole = event.isSnapshot
    last = own
  }
  return { changes: events.length, broken, falseGaps: falseGaps(events, gaps, link) }
}

/** Gaps that stand between two rows of which the second follows the first. */
const falseGaps = (
  events: ReadonlyArray<RecordedEvent>,
  gaps: ReadonlyArray<Gap>,
  link: (event: RecordedEvent) => Link
): ReadonlyArray<Gap> =>
  gaps.filter(({ closedMicros, openedMicros, status }) => {
    if (status !== "missing" || closedMicros === null) return false
    const before = events.findLast(({ receivedMicros }) => receivedMicros <= openedMicros)
    const inside = events.filter(({ receivedMicros }) =>
      receivedMicros > openedMicros && receivedMicros <= closedMicros
    )
    let last = before === undefined ? null : link(before).own
    if (last === null || inside.length === 0) return false
    for (const event of inside) {
      const { isAfter, own } = link(event)
      if (event.isSnapshot || !isAfter(last)) return false
      last = own
    }
    return true
  })

/** A reader can replay the book, but for what gaps tell. */
export const assertReplays = (feed: string, { broken, falseGaps }: Replay) =>
  assert.deepStrictEqual({ feed, broken: broken.slice(0, 3), falseGaps: falseGaps.slice(0, 3) }, {
    feed,
    broken: [],
    falseGaps: []
  })
