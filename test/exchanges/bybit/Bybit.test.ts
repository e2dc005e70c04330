import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { BookEvent, Event, TradeEvent } from "../../../src/domain/Event.ts"
import type { Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/bybit/Bybit.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import { frameOf, receivedAtMicros } from "../frameOf.ts"
import * as MarketData from "../marketData.ts"
import { reader, rows } from "../reader.ts"
import { encode, randomOf, Raw } from "../wireText.ts"
import * as Frames from "./frames.ts"

const { element1, element2, subscriptions, ...frames } = Frames

exchangeSuite("bybit", make, {
  subscriptions,
  frames: Object.values(frames),
  maxRequestBytes: 21_000,
  idleMillis: 600_000
})

const exchange = make(null)

const { malformed, parse, says, unrequested } = reader(exchange, subscriptions)

const snapshotRow: BookEvent = {
  dataType: "orderbook",
  symbol: "BTCUSDT",
  sequenceId: "330044001",
  timestampCollector: receivedAtMicros,
  timestampExchange: 1_795_000_000_124_000,
  data: Buffer.from(Frames.snapshot),
  position: { first: 330_044_001, last: 330_044_001, previous: null },
  isSnapshot: true
}

const tradeRow: TradeEvent = {
  dataType: "trade",
  symbol: "BTCUSDT",
  sequenceId: "2290000001300500701",
  timestampCollector: receivedAtMicros,
  timestampExchange: 1_795_000_000_301_000,
  data: Buffer.from(element1),
  position: null,
  tradeId: "2290000001300500701",
  price: 61_234.1,
  size: 0.00389,
  side: "sell"
}

const secondTradeRow: TradeEvent = {
  ...tradeRow,
  sequenceId: "2290000001300500733",
  timestampExchange: 1_795_000_000_302_000,
  data: Buffer.from(element2),
  tradeId: "2290000001300500733",
  price: 61_234.2,
  size: 0.06,
  side: "buy"
}

describe("books", () => {
  it("makes one row of the whole message, in whatever order its keys come", () => {
    assert.deepStrictEqual(rows(parse(Frames.snapshot)), [snapshotRow])
    const delta = {
      ...snapshotRow,
      sequenceId: "330044002",
      timestampExchange: 1_795_000_000_140_000,
      data: Buffer.from(Frames.delta),
      position: { first: 330_044_002, last: 330_044_002, previous: null },
      isSnapshot: false
    }
    assert.deepStrictEqual(rows(parse(Frames.delta)), [delta])
    assert.deepStrictEqual(rows(parse(Frames.otherOrder)), [{
      ...delta,
      sequenceId: "330044003",
      timestampExchange: 1_795_000_000_160_000,
      data: Buffer.from(Frames.otherOrder),
      position: { first: 330_044_003, last: 330_044_003, previous: null }
    }])
  })

  it("takes the time of the gateway where the matching engine's is absent", () => {
    assert.deepStrictEqual(rows(parse(Frames.withoutCts)).map((row) => row.timestampExchange), [1_795_000_000_186_000])
  })

  it("takes update 1 for a complete book", () => {
    assert.deepStrictEqual(rows(parse(Frames.restart)), [{
      ...snapshotRow,
      sequenceId: "1",
      timestampExchange: 1_795_000_000_200_000,
      data: Buffer.from(Frames.restart),
      position: { first: 1, last: 1, previous: null }
    }])
  })

  it("gives no row for a message that is not as documented", () => {
    const changes: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"type":"snapshot"`, `"type":"full"`, /valid type/],
      [`"type":"snapshot",`, ``, /valid type/],
      [`"u":330044001,`, ``, /update id u/],
      [`"u":330044001`, `"u":"330044001"`, /update id u/],
      [`"u":330044001`, `"u":0.5`, /update id u/],
      [`"s":"BTCUSDT"`, `"s":"ETHUSDT"`, /of ETHUSDT in the topic of BTCUSDT/],
      [`"b":[[`, `"b":[[],[`, /bids b and asks a/],
      [`"a":[["61234.1","0.25"]]`, `"a":[["61234.1",0.25]]`, /bids b and asks a/],
      [`"a":[["61234.1","0.25"]],`, ``, /bids b and asks a/],
      [`"cts":1795000000124`, `"cts":null`, /valid time/],
      [`"cts":1795000000124`, `"cts":1795000000124000`, /valid time/],
      [`"data":{`, `"datum":{`, /without data/],
      [`"u":330044001`, `"u":330044001,"\\u0075":330044005`, /escape/],
      [`"orderbook.50.BTCUSDT"`, `50`, /topic that is not text/]
    ]
    for (const [from, to, reason] of changes) malformed(Frames.snapshot.replace(from, to), reason)
  })
})

describe("trades", () => {
  it("makes a row of each element, in the order of the wire", () => {
    assert.deepStrictEqual(rows(parse(Frames.trades)), [tradeRow, secondTradeRow])
  })

  it("takes as many as Bybit sends at once", () => {
    const texts = Array.from({ length: 1024 }, (_, i) => element1.replace("2290000001300500701", String(i)))
    const events = rows(parse(Frames.trades.replace(`${element1}, ${element2}`, texts.join(","))))
    assert.deepStrictEqual(events.map((event) => event.data.toString()), texts)
    assert.deepStrictEqual(events.map((event) => event.sequenceId), texts.map((_, i) => String(i)))
  })

  it("loses only the element that is not as documented", () => {
    const changes: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"i":"2290000001300500701"`, `"i":2290000001300500701`, /valid id/],
      [`"i":"2290000001300500701"`, `"i":""`, /valid id/],
      [`"s":"BTCUSDT"`, `"s":"ETHUSDT"`, /trade of ETHUSDT among those of BTCUSDT/],
      [`"p":"61234.1"`, `"p":61234.1`, /valid price/],
      [`"p":"61234.1"`, `"p":".1"`, /valid price/],
      [`"v":"0.00389"`, `"v":" 1"`, /valid size/],
      [`"S":"Sell"`, `"S":"sell"`, /valid side/],
      [`"T":1795000000301`, `"T":-1`, /valid time/]
    ]
    for (const [from, to, reason] of changes) {
      const { events, problems } = parse(Frames.trades.replace(from, to))
      assert.deepStrictEqual(events, [secondTradeRow], to)
      assert.strictEqual(problems.length, 1)
      assert.isTrue(problems[0]?._tag === "Malformed" && reason.test(problems[0].reason), to)
    }
    assert.deepStrictEqual(parse(Frames.trades.replace(element1, "null")).events, [secondTradeRow])
  })

  it("reports a message without trades", () => {
    malformed(Frames.trades.replace(`${element1}, ${element2}`, " "), /no trades/)
    malformed(Frames.trades.replace(`"data"`, `"datum"`), /without data/)
    malformed(Frames.trades.replace(`"data"`, `"d\\u0061ta"`), /escape/)
  })
})

describe("control", () => {
  it("tells acknowledgements, refusals and pongs apart", () => {
    says(Frames.acknowledged, { _tag: "Acknowledged" })
    says(Frames.acknowledgedBriefly, { _tag: "Acknowledged" })
    says(Frames.unsubscribed, { _tag: "Ignorable", description: "unsubscribed" })
    says(Frames.tooManyArgs, { _tag: "Rejected", reason: "args size >10" })
    says(Frames.unknownSymbol, { _tag: "Rejected", reason: "Invalid symbol :[orderbook.50.NOSUCH]" })
    says(Frames.refusedSilently, { _tag: "Rejected", reason: "refused without a reason" })
    for (const frame of [Frames.pong, Frames.pongWithoutId, Frames.otherPong, Frames.barePong]) {
      says(frame, { _tag: "Pong" })
    }
  })

  it("reports what it does not know", () => {
    malformed(`pong`, /JSON/)
    malformed(`[{"topic":"publicTrade.BTCUSDT"}]`, /not a JSON object/)
    malformed(`{"success":false}`, /without ret_msg/)
    malformed(`{"success":true,"op":"auth","ret_msg":""}`, /known reply/)
    malformed(`{"op":"subscribe"}`, /known reply/)
  })

  it("reports what was not asked for", () => {
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<Subscription>, string]> = [
      [Frames.snapshot.replace("50.BTC", "50.ETH"), subscriptions, "topic orderbook.50.ETHUSDT"],
      [Frames.snapshot.replace("book.50", "book.200"), subscriptions, "topic orderbook.200.BTCUSDT"],
      [Frames.snapshot, [{ symbol: "BTCUSDT", dataType: "trade" }], "topic orderbook.50.BTCUSDT"],
      [Frames.trades, [{ symbol: "BTCUSDT", dataType: "orderbook" }], "topic publicTrade.BTCUSDT"]
    ]
    for (const [content, wanted, subject] of cases) unrequested(content, subject, wanted)
  })
})

describe("connection", () => {
  it("connects to the spot socket, or where the configuration says", () => {
    assert.strictEqual(exchange.url(subscriptions), "wss://stream.bybit.com/v5/public/spot")
    const testnet = "wss://stream-testnet.bybit.com/v5/public/spot"
    assert.strictEqual(make(testnet).url(subscriptions), testnet)
  })

  it("asks for ten topics a request, and for each once", () => {
    const many = Array.from({ length: 11 }, (_, i): Subscription => ({ symbol: `S${i}USDT`, dataType: "trade" }))
    assert.deepStrictEqual(exchange.subscribe([...many, ...many]).map((request) => request(null)), [
      `{"req_id":"1","op":"subscribe","args":[${
        Array.from({ length: 10 }, (_, i) => `"publicTrade.S${i}USDT"`).join(",")
      }]}`,
      `{"req_id":"2","op":"subscribe","args":["publicTrade.S10USDT"]}`
    ])
    assert.deepStrictEqual(exchange.subscribe(subscriptions).map((request) => request(null)), [
      `{"req_id":"1","op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT"]}`
    ])
  })

  it("pings with a request", () => {
    assert.deepStrictEqual(exchange.keepalive.ping, { _tag: "Text", text: `{"req_id":"ping","op":"ping"}` })
  })

  it("tells the operator what to do about a refusal", () => {
    assert.include(exchange.refusalAdvice(403), "10 minutes")
    for (const status of [404, 429]) assert.isString(exchange.refusalAdvice(status))
    assert.isNull(exchange.refusalAdvice(500))
  })

  it("accepts symbols in upper case without separators", () => {
    const { pattern } = exchange.notation
    for (const symbol of ["BTCUSDT", "1000PEPEUSDT"]) assert.isTrue(pattern.test(symbol))
    for (const symbol of ["BTC-USDT", "btcusdt", "BTC/USDT"]) assert.isFalse(pattern.test(symbol))
  })
})

describe("what is sent is what is read", () => {
  const symbol = Schema.Literals(["BTCUSDT", "ETHUSDT"])
  const parser = exchange.parser(["BTCUSDT", "ETHUSDT"].flatMap((symbol): ReadonlyArray<Subscription> => [
    { symbol, dataType: "orderbook" },
    { symbol, dataType: "trade" }
  ]))

  const Trade = Arbitrary.all({
    id: MarketData.id,
    price: MarketData.decimal,
    size: MarketData.decimal,
    side: Arbitrary.schema(MarketData.side),
    millis: Arbitrary.schema(MarketData.millis)
  })

  const Trades = {
    symbol,
    trades: Arbitrary.array(Trade, { minLength: 1, maxLength: 6 }),
    bad: Schema.Boolean,
    seed: MarketData.seed
  }

  it.prop("trades, in any spelling", Trades, ({ bad, seed, symbol, trades }) => {
    const random = randomOf(seed)
    const texts = trades.map(({ id, millis, price, side, size }) =>
      encode({
        i: id,
        T: millis,
        p: price,
        v: size,
        S: side === "buy" ? "Buy" : "Sell",
        seq: 5,
        s: symbol,
        BT: false,
        RPI: false
      }, random)
    )
    const expected = trades.map(({ id, millis, price, side, size }, i): Event => ({
      dataType: "trade",
      symbol,
      sequenceId: id,
      timestampCollector: receivedAtMicros,
      timestampExchange: millis * 1000,
      data: Buffer.from(texts[i]!),
      position: null,
      tradeId: id,
      price: Number(price),
      size: Number(size),
      side
    }))
    const inserted = bad ? texts.toSpliced(seed % (texts.length + 1), 0, `{"s":"${symbol}","i":"x"}`) : texts
    const data = inserted.map((text) => new Raw(text))
    const frame = frameOf(encode({ topic: `publicTrade.${symbol}`, ts: 5, type: "snapshot", data }, random))
    const { events, problems } = parser(frame)
    assert.deepStrictEqual(events, expected)
    assert.strictEqual(problems.length, bad ? 1 : 0)
    for (const event of events) assert.strictEqual(event.data.buffer, frame.bytes.buffer)
  }, { arbitrary: { runs: 500 } })

  const Books = {
    symbol,
    id: MarketData.id,
    type: Schema.Literals(["snapshot", "delta"]),
    bids: MarketData.levels,
    asks: MarketData.levels,
    millis: MarketData.millis,
    seed: MarketData.seed
  }

  it.prop("books, in any spelling", Books, ({ asks, bids, id, millis, seed, symbol, type }) => {
    const frame = frameOf(encode({
      topic: `orderbook.50.${symbol}`,
      ts: millis + 2,
      type,
      data: { s: symbol, b: bids, a: asks, u: new Raw(id), seq: 5 },
      cts: millis
    }, randomOf(seed)))
    const exact = MarketData.exact(id)
    const events = rows(parser(frame))
    assert.deepStrictEqual(events, [{
      dataType: "orderbook",
      symbol,
      sequenceId: id,
      timestampCollector: receivedAtMicros,
      timestampExchange: millis * 1000,
      data: frame.bytes,
      position: exact === null ? null : { first: exact, last: exact, previous: null },
      isSnapshot: type === "snapshot" || id === "1"
    }])
    assert.strictEqual(events[0]?.data.buffer, frame.bytes.buffer)
  }, { arbitrary: { runs: 300 } })
})
