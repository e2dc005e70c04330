import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { Event } from "../../../src/domain/Event.ts"
import type { Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/binance/Binance.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import { frameOf, receivedAtMicros } from "../frameOf.ts"
import * as MarketData from "../marketData.ts"
import { reader, rows } from "../reader.ts"
import { encode, randomOf, Raw } from "../wireText.ts"
import * as Frames from "./frames.ts"

exchangeSuite("binance", make, {
  subscriptions: Frames.subscriptions,
  frames: Object.values(Frames).filter((frame) => typeof frame === "string"),
  maxRequestBytes: 4088,
  idleMillis: 60_000
})

const exchange = make(null)

const { malformed, parse, says, unrequested } = reader(exchange, Frames.subscriptions)

const bookRow = (text: string, sequenceId: string): Event => ({
  dataType: "orderbook",
  symbol: "btcusdt",
  sequenceId,
  timestampCollector: receivedAtMicros,
  timestampExchange: null,
  data: Buffer.from(text),
  position: null,
  isSnapshot: true
})

const tradeRow: Event = {
  dataType: "trade",
  symbol: "btcusdt",
  sequenceId: "5150001234",
  timestampCollector: receivedAtMicros,
  timestampExchange: 1_795_000_000_455_000,
  data: Buffer.from(Frames.trade),
  position: { first: 5_150_001_234, last: 5_150_001_234, previous: null },
  tradeId: "5150001234",
  price: 61_234.51,
  size: 0.0042,
  side: "buy"
}

describe("rows", () => {
  it("makes the same row of a combined and of a raw frame", () => {
    assert.deepStrictEqual(rows(parse(Frames.combinedBook)), [bookRow(Frames.book, "70112233445")])
    assert.deepStrictEqual(rows(parse(Frames.book)), [bookRow(Frames.book, "70112233445")])
    assert.deepStrictEqual(rows(parse(Frames.combinedTrade)), [tradeRow])
    assert.deepStrictEqual(rows(parse(Frames.trade)), [tradeRow])
  })

  it("takes a thin book", () => {
    assert.deepStrictEqual(rows(parse(Frames.thinBook)), [bookRow(`{"lastUpdateId":7,"bids":[],"asks":[]}`, "7")])
  })

  it("takes trades that still carry order ids", () => {
    const [event] = rows(parse(Frames.oldTrade))
    assert.strictEqual(event?.sequenceId, "42")
    assert.strictEqual(event?.timestampExchange, 1_600_000_000_001_000)
    assert.isTrue(event?.dataType === "trade" && event.side === "sell", "the buyer was the maker, so the taker sold")
  })

  it("carries the symbol as it was subscribed, whatever its case on the wire", () => {
    const subscriptions: ReadonlyArray<Subscription> = [
      { symbol: "BtcUsdt", dataType: "orderbook" },
      { symbol: "BtcUsdt", dataType: "trade" }
    ]
    for (const content of [Frames.combinedBook, Frames.book, Frames.combinedTrade, Frames.trade]) {
      assert.deepStrictEqual(rows(parse(content, subscriptions)).map((event) => event.symbol), ["BtcUsdt"])
    }
  })

  it("knows symbols outside of ASCII, escaped or not", () => {
    const subscriptions: ReadonlyArray<Subscription> = [{ symbol: "测试币usdt", dataType: "trade" }]
    const data = Frames.trade.replace("BTCUSDT", "测试币USDT")
    const escaped = Frames.trade.replace("BTCUSDT", "\\u6d4b\\u8bd5\\u5e01USDT")
    for (const content of [data, escaped]) {
      assert.deepStrictEqual(rows(parse(content, subscriptions)).map((event) => event.symbol), ["测试币usdt"])
      const combined = `{"stream":"测试币usdt@trade","data":${content}}`
      assert.deepStrictEqual(rows(parse(combined, subscriptions))[0]?.data, Buffer.from(content))
    }
  })

  it("reads microseconds where the URL asks for them, and nothing else then", () => {
    const micros = Frames.combinedTrade.replace("1795000000455", "1795000000455123")
    for (const query of ["?timeUnit=MICROSECOND", "?streams=x@trade&timeUnit=microsecond"]) {
      const parser = make(`wss://stream.example/stream${query}`).parser(Frames.subscriptions)
      assert.strictEqual(parser(frameOf(micros)).events[0]?.timestampExchange, 1_795_000_000_455_123)
      assert.deepStrictEqual(parser(frameOf(Frames.combinedTrade)).events, [], "milliseconds are not microseconds")
    }
    malformed(micros, /without a valid time T/)
  })
})

describe("control", () => {
  it("tells acknowledgements, refusals and announcements apart", () => {
    says(Frames.acknowledged, { _tag: "Acknowledged" })
    says(Frames.nestedError, { _tag: "Rejected", reason: "Invalid request: invalid stream (code 2)" })
    says(Frames.errorWithoutId, {
      _tag: "Rejected",
      reason: "Invalid JSON: expected value at line 1 column 1 (code 3)"
    })
    says(Frames.flatError, { _tag: "Rejected", reason: "Too many subscriptions (code 4)" })
    says(Frames.listed, { _tag: "Ignorable", description: "reply to a query" })
    const inTheShapeOfATrade = Frames.combinedTrade.replace(`"e":"trade"`, `"e":"serverShutdown"`)
    for (const content of [Frames.shutdown, Frames.combinedShutdown, inTheShapeOfATrade]) {
      const { control } = parse(content)
      assert.isTrue(control?._tag === "Notice" && control.code === "serverShutdown" && control.closing)
    }
  })
})

describe("problems", () => {
  const two: ReadonlyArray<Subscription> = [
    { symbol: "btcusdt", dataType: "orderbook" },
    { symbol: "ethusdt", dataType: "orderbook" }
  ]

  it("never guesses whose a nameless book is", () => {
    malformed(Frames.book, /base_url end in \/stream/, two)
    assert.deepStrictEqual(rows(parse(Frames.combinedBook, two)).map((event) => event.symbol), ["btcusdt"])
    unrequested(Frames.book, "a partial book", [{ symbol: "btcusdt", dataType: "trade" }])
  })

  it("reports what was not asked for", () => {
    unrequested(Frames.combinedBook.replace("btcusdt", "ethusdt"), "stream ethusdt@depth20@100ms")
    unrequested(Frames.combinedBook.replace("depth20", "depth5"), "stream btcusdt@depth5@100ms")
    unrequested(Frames.combinedTrade, "stream btcusdt@trade", two)
    unrequested(Frames.trade, "BTCUSDT trade", two)
    unrequested(Frames.trade.replace(`"trade"`, `"aggTrade"`), "BTCUSDT aggTrade")
    unrequested(Frames.book.replace(`{`, `{"e":"depthUpdate","s":"BTCUSDT",`), "BTCUSDT depthUpdate")
    malformed(Frames.combinedBook.replace(`{"last`, `{"e":"depthUpdate","last`), /no partial book/)
  })

  it("gives no row for a frame that is not as documented", () => {
    const changes: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"t":5150001234`, `"t":"5150001234"`, /valid id t/],
      [`"t":5150001234`, `"t":-1`, /valid id t/],
      [`"t":5150001234`, `"t":1.5`, /valid id t/],
      [`"t":5150001234`, `"t":1e400`, /valid id t/],
      [`"p":"61234.51000000"`, `"p":61234.51`, /valid price/],
      [`"p":"61234.51000000"`, `"p":"61_234"`, /valid price/],
      [`"q":"0.00420000"`, `"q":""`, /valid quantity/],
      [`"T":1795000000455`, `"T":null`, /valid time/],
      [`"m":false`, `"m":"false"`, /maker flag/],
      [`,"m":false`, ``, /maker flag/],
      [`"s":"BTCUSDT"`, `"s":"ETHUSDT"`, /no trade of its symbol/],
      [`"e":"trade"`, `"e":"aggTrade"`, /no trade of its symbol/],
      [`"t":5150001234`, `"t":5150001234,"\\u0074":5150001235`, /escape/],
      [`"stream"`, `"str\\u0065am"`, /escape/],
      [`"btcusdt@trade"`, `7`, /without stream and data/],
      [`"btcusdt@trade"`, `"btcusdt@depth20@100ms"`, /no partial book/]
    ]
    for (const [from, to, reason] of changes) malformed(Frames.combinedTrade.replace(from, to), reason)
    const bookChanges: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"lastUpdateId":70112233445`, `"lastUpdateId":"70112233445"`, /lastUpdateId/],
      [`"bids"`, `"b"`, /bids and asks/],
      [`"asks":[[`, `"asks":[[],[`, /bids and asks/],
      [`"asks":[["61234.51000000","2.10000000"]]`, `"asks":[["61234.51000000"]]`, /bids and asks/],
      [`"asks":[["61234.51000000","2.10000000"]]`, `"asks":{}`, /bids and asks/],
      [`"0.75000000"`, `0.75`, /bids and asks/],
      [`"data":`, `"datum":`, /without stream and data/]
    ]
    for (const [from, to, reason] of bookChanges) malformed(Frames.combinedBook.replace(from, to), reason)
    malformed(`{"e":"outboundAccountPosition"}`, /unknown event outboundAccountPosition/)
    malformed(`{"e":1,"s":"BTCUSDT"}`, /unknown event 1/)
    malformed(`{"error":{"code":1}}`, /without a msg/)
    malformed(`{"hello":1}`, /neither market data nor a reply/)
    malformed(`pong`, /JSON/)
    assert.deepStrictEqual(exchange.parser([])(frameOf(Buffer.from([0x22, 0xff, 0x22]))).problems, [
      { _tag: "Malformed", reason: "not UTF-8" }
    ])
  })

  it("takes the last of two equal keys, in the row as in its bytes", () => {
    const twice =
      `{"data":{"lastUpdateId":1,"bids":[],"asks":[]},"stream":"btcusdt@depth20@100ms","data":${Frames.book}}`
    assert.deepStrictEqual(rows(parse(twice)), [bookRow(Frames.book, "70112233445")])
  })
})

describe("connection", () => {
  it("prefers combined streams, and keeps what the configured URL says", () => {
    const urls: ReadonlyArray<readonly [string | null, string]> = [
      [null, "wss://stream.binance.com:9443/stream"],
      ["wss://data-stream.binance.vision/ws", "wss://data-stream.binance.vision/ws"],
      ["wss://data-stream.binance.vision/ws/", "wss://data-stream.binance.vision/ws"],
      ["wss://data-stream.binance.vision/stream", "wss://data-stream.binance.vision/stream"],
      ["wss://data-stream.binance.vision", "wss://data-stream.binance.vision/stream"],
      ["wss://data-stream.binance.vision/", "wss://data-stream.binance.vision/stream"],
      ["ws://127.0.0.1:9000/binance", "ws://127.0.0.1:9000/binance/stream"],
      ["wss://x.example?timeUnit=MICROSECOND", "wss://x.example/stream?timeUnit=MICROSECOND"],
      ["wss://x.example/ws/?timeUnit=MICROSECOND", "wss://x.example/ws?timeUnit=MICROSECOND"]
    ]
    for (const [baseUrl, url] of urls) assert.strictEqual(make(baseUrl).url(Frames.subscriptions), url)
  })

  it("subscribes in lower case", () => {
    const requests = exchange.subscribe([
      { symbol: "BTCUSDT", dataType: "orderbook" },
      { symbol: "BTCUSDT", dataType: "trade" }
    ])
    assert.deepStrictEqual(requests.map((request) => request(null)), [
      `{"method":"SUBSCRIBE","params":["btcusdt@depth20@100ms","btcusdt@trade"],"id":1}`
    ])
  })

  it("spreads many symbols over requests that are small enough, and asks for each stream once", () => {
    const many = Array.from(
      { length: 300 },
      (_, i): Subscription => ({ symbol: `测试${i}usdt`, dataType: "orderbook" })
    )
    const requests = exchange.subscribe([...many, ...many]).map((request) => request(null))
    const streams = requests.flatMap((request) => Schema.decodeSync(Request)(request).params)
    assert.deepStrictEqual(streams, many.map(({ symbol }) => `${symbol}@depth20@100ms`))
    assert.isAbove(requests.length, 1)
    for (const request of requests) assert.isAtMost(Buffer.byteLength(request), 4000)
  })

  it("tells the operator what to do about a refusal", () => {
    assert.include(exchange.refusalAdvice(451), "data-stream.binance.vision")
    for (const status of [403, 404, 418, 429]) assert.isString(exchange.refusalAdvice(status))
    assert.isNull(exchange.refusalAdvice(500))
  })

  it("accepts symbols of any script, and no separators", () => {
    const { pattern } = exchange.notation
    for (const symbol of ["btcusdt", "BTCUSDT", "1000satsusdt", "测试币456usdt"]) assert.isTrue(pattern.test(symbol))
    for (const symbol of ["btc-usdt", "btc/usdt", "btc usdt", "btcusdt@trade"]) assert.isFalse(pattern.test(symbol))
  })
})

const Request = Schema.fromJsonString(Schema.Struct({ params: Schema.Array(Schema.String) }))

describe("what is sent is what is read", () => {
  const symbol = Schema.Literals(["btcusdt", "ethusdt"])
  const subscriptions = ["btcusdt", "ethusdt"].flatMap((symbol): ReadonlyArray<Subscription> => [
    { symbol, dataType: "orderbook" },
    { symbol, dataType: "trade" }
  ])
  const parser = exchange.parser(subscriptions)
  const rawParser = make("wss://x.example/ws").parser([{ symbol: "btcusdt", dataType: "orderbook" }])

  const Trade = {
    symbol,
    id: MarketData.id,
    price: MarketData.decimal,
    size: MarketData.decimal,
    side: MarketData.side,
    millis: MarketData.millis,
    seed: MarketData.seed
  }

  it.prop("trades, in any spelling", Trade, ({ id, millis, price, seed, side, size, symbol }) => {
    const random = randomOf(seed)
    const element = encode({
      e: "trade",
      E: millis + 2,
      s: symbol.toUpperCase(),
      t: new Raw(id),
      p: price,
      q: size,
      T: millis,
      m: side === "sell",
      M: true
    }, random)
    const exact = MarketData.exact(id)
    const expected: Event = {
      dataType: "trade",
      symbol,
      sequenceId: id,
      timestampCollector: receivedAtMicros,
      timestampExchange: millis * 1000,
      data: Buffer.from(element),
      position: exact === null ? null : { first: exact, last: exact, previous: null },
      tradeId: id,
      price: Number(price),
      size: Number(size),
      side
    }
    const combined = frameOf(encode({ stream: `${symbol}@trade`, data: new Raw(element) }, random))
    for (const frame of [combined, frameOf(element)]) {
      const events = rows(parser(frame))
      assert.deepStrictEqual(events, [expected])
      assert.strictEqual(events[0]?.data.buffer, frame.bytes.buffer)
    }
  }, { arbitrary: { runs: 500 } })

  const Book = {
    symbol,
    id: MarketData.id,
    bids: MarketData.levels,
    asks: MarketData.levels,
    seed: Arbitrary.schema(MarketData.seed)
  }

  it.prop("books, in any spelling", Book, ({ asks, bids, id, seed, symbol }) => {
    const random = randomOf(seed)
    const element = encode({ lastUpdateId: new Raw(id), bids, asks }, random)
    const frame = frameOf(encode({ stream: `${symbol}@depth20@100ms`, data: new Raw(element) }, random))
    const events = rows(parser(frame))
    assert.deepStrictEqual(events, [{ ...bookRow(element, id), symbol }])
    assert.strictEqual(events[0]?.data.buffer, frame.bytes.buffer)
    assert.deepStrictEqual(rows(rawParser(frameOf(element))), [bookRow(element, id)])
  }, { arbitrary: { runs: 300 } })
})
