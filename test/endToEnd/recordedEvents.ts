import { Effect } from "effect"
import * as Duckdb from "../../src/cli/Duckdb.ts"

/** A row of a book or a trade as the files have it. */
export interface RecordedEvent {
  /** `<exchange>/<symbol>/<data type>`. */
  readonly feed: string
  readonly id: string
  readonly receivedMicros: number
  readonly exchangeMicros: number | null
  readonly origin: "live" | "repair"
  readonly isSnapshot: boolean
  readonly data: string
}

/** Every row of a feed, in the order in which it was recorded. */
export const readEvents = Effect.fnUntraced(function*(folder: string) {
  const events: Array<RecordedEvent> = []
  for (const dataType of ["orderbook", "trade"]) {
    const files = Duckdb.literal(`${folder}/*/*/${dataType}/**/*.parquet`)
    const found = yield* Duckdb.query(`SELECT count(*) AS files FROM glob(${files})`)
    if (Number(found[0]?.["files"]) === 0) continue
    const own = dataType === "trade" ? "origin, false AS whole" : "'live' AS origin, is_snapshot AS whole"
    const rows = yield* Duckdb.query(
      `SELECT exchange, symbol, data, ${own}, exchange_sequence_id AS id, epoch_us(timestamp_collector) AS received, ` +
        `epoch_us(timestamp_exchange) AS micros FROM read_parquet(${files}, filename = true, file_row_number = true) ` +
        "ORDER BY filename, file_row_number"
    )
    for (const row of rows) {
      events.push({
        feed: `${String(row["exchange"])}/${String(row["symbol"])}/${dataType}`,
        id: String(row["id"]),
        receivedMicros: Number(row["received"]),
        exchangeMicros: row["micros"] === null ? null : Number(row["micros"]),
        origin: row["origin"] === "repair" ? "repair" : "live",
        isSnapshot: row["whole"] === true || row["whole"] === "true",
        data: String(row["data"])
      })
    }
  }
  return events
})
