import { Effect } from "effect"
import type { RecordedRow } from "../simulator/audit.ts"
import * as Duckdb from "./Duckdb.ts"

/** Every row of every sealed file below `folder`, as DuckDB reads them. */
export const readRows = Effect.fnUntraced(function*(folder: string) {
  const rows: Array<RecordedRow> = []
  for (const dataType of ["orderbook", "trade"]) {
    const files = Duckdb.literal(`${folder}/*/*/${dataType}/**/*.parquet`)
    const found = yield* Duckdb.query(`SELECT count(*) AS files FROM glob(${files})`)
    if (Number(found[0]?.["files"]) === 0) continue
    const origin = dataType === "trade" ? "origin" : "'live'"
    const columns =
      `exchange, symbol, data, exchange_sequence_id AS id, epoch_us(timestamp_exchange) AS micros, ${origin} AS origin`
    for (const row of yield* Duckdb.query(`SELECT ${columns} FROM read_parquet(${files})`)) {
      rows.push({
        exchange: String(row["exchange"]),
        symbol: String(row["symbol"]),
        dataType,
        sequenceId: String(row["id"]),
        exchangeMicros: row["micros"] === null ? null : Number(row["micros"]),
        data: String(row["data"]),
        origin: row["origin"] === "repair" ? "repair" : "live"
      })
    }
  }
  return rows
})
