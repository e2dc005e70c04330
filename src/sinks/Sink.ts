import { Context, type Effect, Schema, type Scope } from "effect"
import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import { errorText } from "../runtime/errorText.ts"

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

/** The open Parquet file of a series, and the rows that wait for it. */
export interface Sink {
  /**
   * Takes rows in the order given. What cannot be written is counted as lost and logged, never kept without bound. A bug ends
   * it as a defect, when the rows that it did not take are counted.
   */
  readonly append: (events: ReadonlyArray<Row>) => Effect.Effect<void>
}

/** Opens the sinks of this process, which share one memory budget. */
export class Sinks extends Context.Service<Sinks, {
  /** The sink of `series`; closing the scope flushes what is buffered and seals the file. */
  readonly open: (series: Series) => Effect.Effect<Sink, SinkError, Scope.Scope>
}>()("ticklake/Sinks") {}
