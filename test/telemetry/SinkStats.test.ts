import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import * as stopAccounts from "../../src/telemetry/stopAccounts.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { quietRegistry } from "./quietRegistry.ts"

const feed = Feed.make("okx", "BTC-USDT", "trade")
const gaps = Series.make("okx", "BTC-USDT", "gap")

it.live("the gaps of a symbol are counted where rows and files are, and are no feed", () =>
  Effect.gen(function*() {
    const telemetry = yield* Telemetry
    assert.strictEqual(telemetry.sinkStats(feed), telemetry.stats(feed))
    assert.strictEqual(telemetry.sinkStats(gaps), telemetry.sinkStats(gaps))
    assert.deepStrictEqual(telemetry.all().map(({ feed: { id } }) => id), ["okx/btcusdt/trade"])
    telemetry.stats(feed).rowsWritten = 5
    telemetry.sinkStats(gaps).rowsWritten = 3
    const body = yield* Effect.promise(() => quietRegistry(telemetry).write("text"))
    const seriesOf = (name: string) => body.split("\n").filter((line) => line.startsWith(`${name}{`))
    const labels = (dataType: string) => `{exchange="okx",symbol="btcusdt",data_type="${dataType}"}`
    assert.deepStrictEqual(seriesOf("collector_parquet_rows_written_total"), [
      `collector_parquet_rows_written_total${labels("trade")} 5`,
      `collector_parquet_rows_written_total${labels("gap")} 3`
    ])
    assert.deepStrictEqual(seriesOf("collector_feed_live"), [`collector_feed_live${labels("trade")} 0`])
    const { text } = yield* stopAccounts.ofSinks(telemetry.allSinks, "data")()
    assert.match(text, /8 rows left/)
  }).pipe(Effect.provide(Telemetry.layer)))
