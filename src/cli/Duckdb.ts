import { Effect, Schema } from "effect"

/** DuckDB, an optional dependency, is not there or refuses a query. */
export class DuckdbError extends Schema.TaggedError<DuckdbError>()("DuckdbError", { cause: Schema.Defect() }) {
  override get message() {
    const reason = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `DuckDB could not answer: ${reason}`
  }
}

/** The rows of one query, as DuckDB's JSON values. The library is loaded at the first call. */
export const query = (sql: string) =>
  Effect.acquireUseRelease(
    Effect.tryPromise({
      try: async () => {
        const { DuckDBInstance } = await import("@duckdb/node-api")
        const instance = await DuckDBInstance.create(":memory:")
        return { instance, connection: await instance.connect() }
      },
      catch: (cause) => new DuckdbError({ cause })
    }),
    ({ connection }) =>
      Effect.tryPromise({
        try: async () => (await connection.runAndReadAll(sql)).getRowObjectsJson(),
        catch: (cause) => new DuckdbError({ cause })
      }),
    ({ connection, instance }) =>
      Effect.sync(() => {
        connection.closeSync()
        instance.closeSync()
      })
  )

/** A text as a SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
