import type { DataType } from "../domain/Feed.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { idOf } from "../domain/GapIds.ts"
import type { Missing } from "./Verdict.ts"

/** What is missing, as far as it is known. */
export interface Sized {
  readonly ids: Missing | null
  readonly missing: number | null
}

/** The size of a gap whose events are known by their ids, or not at all. */
export const sized = (ids: Missing | null): Sized => ({ ids, missing: ids === null ? null : ids.last - ids.first + 1 })

/** Ids as a gap has them. */
export const idTexts = (ids: Missing | null) => ({
  firstMissingId: ids === null ? null : String(ids.first),
  lastMissingId: ids === null ? null : String(ids.last)
})

/** Makes the gaps of one feed and one run of the recorder, each with an id of its own. Each that is made is to be said. */
export class NewGaps {
  readonly #dataType: DataType
  /** Unique also beside earlier runs. */
  readonly #run: string
  #count = 0

  constructor(dataType: DataType, startedMicros: number) {
    this.#dataType = dataType
    this.#run = `${dataType}-${startedMicros}`
  }

  /** The id of the newest one; null where none was made. */
  get newest(): string | null {
    return this.#count === 0 ? null : idOf(this.#run, this.#count)
  }

  make(
    gap: Pick<Gap, "cause" | "openedMicros" | "connectionBefore" | "connectionAfter"> & {
      readonly cause: GapCause
      readonly closedMicros: number
      readonly sized: Sized
    }
  ): Gap {
    const { cause, closedMicros, connectionAfter, connectionBefore, openedMicros, sized: { ids, missing } } = gap
    return {
      id: idOf(this.#run, ++this.#count),
      revision: 1,
      dataType: this.#dataType,
      cause,
      status: "missing",
      openedMicros,
      closedMicros: Math.max(openedMicros, closedMicros),
      ...idTexts(ids),
      missing,
      recovered: 0,
      connectionBefore,
      connectionAfter
    }
  }
}
