import { Context, type Effect, Schema, type Scope } from "effect"
import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import { errorText } from "../runtime/errorText.ts"
import type { SeriesMemory } from "./SeriesMemory.ts"

/** A file could not be opened, written or sealed. */
export class SinkError extends Schema.TaggedError<SinkError>()("SinkError", {
  series: Schema.String,
  operation: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.series}: could not ${this.operation}: ${errorText(this.cause)}`
  }
}

/** Rows that were given to a sink and will be in no file. */
export interface LostRows {
  readonly rows: number
  /** `exchange_sequence_id` of the first and of the last of them; null where they cannot be read any more. */
  readonly firstId: string | null
  readonly lastId: string | null
  /** Microseconds since the epoch. */
  readonly firstReceivedMicros: number
  readonly lastReceivedMicros: number
  /** The rows themselves, where they are still at hand; otherwise null. */
  readonly events: ReadonlyArray<Row> | null
}

/** What a sink has to know of its series. */
export interface OpenOptions {
  /** What each of its files says of how the venue's numbers show holes; null, the default, where it says nothing. */
  readonly rule: ContinuityRule | null
  /**
   * Told of rows when they are lost. Not of those that a stop could not write: the next start finds them in the journal, or
   * finds that `memory` ends before them.
   */
  readonly onLost: (rows: LostRows) => void
}

/** The open Parquet file of a series, and the rows that wait for it. */
export interface Sink {
  /**
   * Takes rows in the order given. What cannot be written is counted as lost and logged, never kept without bound. A bug ends
   * it as a defect, when the rows that it did not take are counted.
   */
  readonly append: (rows: ReadonlyArray<Row>) => Effect.Effect<void>
  /**
   * Takes rows as `append` does, at once; false, and none is taken, where something may have to be written, waited for or counted
   * first. Throws what would end `append` as a defect.
   */
  readonly appendNow: (rows: ReadonlyArray<Row>) => boolean
  /** What the sealed files of the series hold now, those of earlier processes included; put together at each reading. */
  readonly memory: SeriesMemory
}

/** Opens the sinks of this process, which share one memory budget. */
export class Sinks extends Context.Service<Sinks, {
  /** The sink of `series`; closing the scope flushes what is buffered and seals the file. */
  readonly open: (series: Series, options?: Partial<OpenOptions>) => Effect.Effect<Sink, SinkError, Scope.Scope>
}>()("ticklake/Sinks") {}
