import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { posix } from "node:path"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { Venue } from "../../src/domain/Venue.ts"
import * as fileNames from "../../src/sinks/fileNames.ts"

const RowType = Schema.Literals(["orderbook", "trade", "gap"])
const Symbol = Schema.Union([
  Schema.Literals(["BTC-USDT", "krw/btc", "1000PEPE_USDT", "a.trade.5", "币安人生USDT", "..", ".", "-/_"]),
  Schema.String
])
const Home = Schema.NullOr(Schema.Union([Schema.Literals(["tokyo-1", "..", "2026-03-14", "a/b"]), Schema.String]))
// Up to the year 2255, where microseconds leave the integers that a double holds.
const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_007_199_254_740 }))
const inputs = { exchange: Venue, symbol: Symbol, dataType: RowType, home: Home, millis: Millis }

describe("fileNames", () => {
  it.prop("every path of a sealed file is inside the data folder and reads back", inputs, (given) => {
    const series = Series.make(given.exchange, given.symbol, given.dataType)
    const folder = fileNames.sealedFolder(series, given.home)
    if (Result.isFailure(folder)) return true
    const date = fileNames.utcDate(given.millis)
    const path = fileNames.sealedPath(folder.success, date, given.millis)
    assert.strictEqual(posix.normalize(posix.join("/data", path)), `/data/${path}`)
    assert.strictEqual(path.split("/").length, given.home === null ? 5 : 6)
    assert.deepStrictEqual(fileNames.parseSealedPath(path), {
      exchange: given.exchange,
      normalizedSymbol: series.normalizedSymbol,
      dataType: given.dataType,
      homeServerName: given.home,
      date,
      millis: given.millis
    })
    return true
  }, { arbitrary: { runs: 500 } })

  it.prop("every name of an open file is one name and reads back", inputs, (given) => {
    const series = Series.make(given.exchange, given.symbol, given.dataType)
    if (Result.isFailure(fileNames.sealedFolder(series, null))) return true
    const name = fileNames.openName(series, given.millis)
    assert.strictEqual(posix.basename(name), name)
    assert.deepStrictEqual(fileNames.parseOpenName(name), {
      exchange: given.exchange,
      normalizedSymbol: series.normalizedSymbol,
      dataType: given.dataType,
      millis: given.millis
    })
    return true
  }, { arbitrary: { runs: 500 } })

  it.prop(
    "what does not come from here is not taken for ours",
    [Schema.String],
    ([text]) => fileNames.parseSealedPath(text) === null && fileNames.parseOpenName(text) === null
  )

  it.each(["", ".", "..", "../../etc", ".open", "a\\b/..", "a\0b", "a\nb", " ", "a".repeat(81)])(
    "%j names no folder",
    (name) => {
      const feed = { ...Feed.make("okx", "x", "trade"), normalizedSymbol: name }
      assert.isTrue(Result.isFailure(fileNames.sealedFolder(feed, null)))
      assert.isTrue(Result.isFailure(fileNames.sealedFolder(Feed.make("okx", "btc", "trade"), name)))
    }
  )

  it("a home server name that looks like a date is refused, because the path would read as one without it", () => {
    const folder = fileNames.sealedFolder(Feed.make("okx", "btc", "trade"), "2026-03-14")
    assert.isTrue(Result.isFailure(folder) && folder.failure.message.includes("home_server_name"))
  })

  it.each([
    "binance/btcusdt/trade/2026-03-14/../1.parquet",
    "../binance/btcusdt/trade/2026-03-14/1.parquet",
    "binance/../trade/2026-03-14/1.parquet",
    "binance/btcusdt/trade/../2026-03-14/1.parquet",
    "binance/btcusdt/trade/2026-03-14/1.parquet.part",
    "kraken/btcusdt/trade/2026-03-14/1.parquet"
  ])("%s is no sealed file", (path) => {
    assert.isNull(fileNames.parseSealedPath(path))
  })
})
