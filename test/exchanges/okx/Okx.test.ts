import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { BookEvent, Event, TradeEvent } from "../../../src/domain/Event.ts"
import type { Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/okx/Okx.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import { frameOf, receivedAtMicros } from "../frameOf.ts"
import * as MarketData from "../marketData.ts"
import { reader, rows } from "../reader.ts"
import { encode, randomOf, Raw } from "../wireText.ts"
import * as Frames from "./frames.ts"

const { element1, element2, subscriptions, ...frames } = Frames

exchangeSuite("okx", make, {
  subscriptions,
  frames: Object.values(frames),
  maxRequestBytes: 65_536,
  idleMillis: 30_000
})

const exchange = make(null)

const { malformed, parse, says, unrequested } = reader(exchange, subscriptions)

const snapshotRow: BookEvent = {
  dataType: "orderbook",
  symbol: "BTC-USDT",
  sequenceId: "90111222333",
  timestampCollector: receivedAtMicros,
  timestampExchange: 1_795_000_000_123_000,
  data: Buffer.from(Frames.snapshot),
  position: { first: 90_111_222_333, last: 90_111_222_333, previous: -1 },
  isSnapshot: true
}

const tradeRow: TradeEvent = {
  dataType: "trade",
  symbol: "BTC-USDT",
  sequenceId: "1200300408",
  timestampCollector: receivedAtMicros,
  timestampExchange: 1_795_000_000_600_000,
  data: Buffer.from(element1),
  position: { first: 1_200_300_401, last: 1_200_300_408, previous: null },
  tradeId: "1200300408",
  price: 61_234.6,
  size: 0.9,
  side: "buy"
}

const secondTradeRow: TradeEvent = {
  ...tradeRow,
  sequenceId: "1200300409",
  data: Buffer.from(element2),
  position: { first: 1_200_300_409, last: 1_200_300_409, previous: null },
  tradeId: "1200300409",
  price: 61_234.7,
  size: 0.1
}

describe("books", () => {
  it("makes one row of the whole message", () => {
    assert.deepStrictEqual(rows(parse(Frames.snapshot)), [snapshotRow])
    assert.deepStrictEqual(rows(parse(Frames.update)), [{
      ...snapshotRow,
      sequenceId: "90111222390",
      timestampExchange: 1_795_000_000_223_000,
      data: Buffer.from(Frames.update),
      position: { first: 90_111_222_390, last: 90_111_222_390, previous: 90_111_222_333 },
      isSnapshot: false
    }])
  })

  it("keeps empty updates and restarts of the numbering", () => {
    const positions = [Frames.keepAlive, Frames.reset].flatMap((frame) => rows(parse(frame)).map((row) => row.position))
    assert.deepStrictEqual(positions, [
      { first: 90_111_222_390, last: 90_111_222_390, previous: 90_111_222_390 },
      { first: 3, last: 3, previous: 90_111_222_390 }
    ])
  })

  it("gives no row for a message that is not as documented", () => {
    const changes: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"action":"snapshot"`, `"action":"replace"`, /valid action/],
      [`"action":"snapshot",`, ``, /valid action/],
      [`"seqId":90111222333,`, ``, /valid seqId/],
      [`"seqId":90111222333`, `"seqId":"90111222333"`, /valid seqId/],
      [`"seqId":90111222333`, `"seqId":-5`, /valid seqId/],
      [`,"prevSeqId":-1`, ``, /valid prevSeqId/],
      [`,"prevSeqId":-1`, `,"prevSeqId":10.5`, /valid prevSeqId/],
      [`"ts":"1795000000123"`, `"ts":"soon"`, /valid time/],
      [`"ts":"1795000000123"`, `"ts":"1795000000123000"`, /valid time/],
      [`"asks":[["61234.6"`, `"asks":[[61234.6`, /asks and bids/],
      [`"bids":[["61234.5","0.07","0","1"]]`, `"bids":[["61234.5"]]`, /asks and bids/],
      [`"bids":[["61234.5","0.07","0","1"]]`, `"bids":[["cheap","0.07","0","1"]]`, /asks and bids/],
      [`"bids":[["61234.5","0.07","0","1"]]`, `"bids":null`, /asks and bids/],
      [`"data":[`, `"data":[{},`, /2 books instead of one/],
      [`"data":[`, `"data":[],"was":[`, /0 books instead of one/],
      [`"data":[`, `"data":[null],"was":[`, /1 books instead of one/],
      [`"data":[`, `"d\\u0061ta":[`, /escape/],
      [`"data":[`, `"datum":[`, /neither market data nor an event/],
      [`"instId":"BTC-USDT"`, `"instId":7`, /without channel and instId/]
    ]
    for (const [from, to, reason] of changes) malformed(Frames.snapshot.replace(from, to), reason)
  })
})

describe("trades", () => {
  it("makes a row of each element, in the order of the wire", () => {
    assert.deepStrictEqual(rows(parse(Frames.trades)), [tradeRow, secondTradeRow])
    assert.deepStrictEqual(rows(parse(Frames.trade)).map((row) => row.position), [
      { first: 1_200_300_400, last: 1_200_300_400, previous: null }
    ])
  })

  it("takes trades from before fills were merged", () => {
    const [row] = rows(parse(Frames.oldTrade))
    assert.deepStrictEqual(row?.position, { first: 555, last: 555, previous: null })
  })

  it("gives no position where the ids can not be counted", () => {
    for (const tradeId of ["1200300408x", "9007199254740993", "7", "0"]) {
      const [row] = rows(parse(Frames.trades.replace("1200300408", tradeId)))
      assert.strictEqual(row?.sequenceId, tradeId)
      assert.isNull(row?.position)
    }
  })

  it("loses only the element that is not as documented", () => {
    const changes: ReadonlyArray<readonly [string, string, RegExp]> = [
      [`"tradeId":"1200300408"`, `"tradeId":1200300408`, /valid tradeId/],
      [`"tradeId":"1200300408"`, `"tradeId":""`, /valid tradeId/],
      [`"instId":"BTC-USDT","tradeId"`, `"instId":"ETH-USDT","tradeId"`, /trade of ETH-USDT among those of BTC-USDT/],
      [`"px":"61234.6"`, `"px":61234.6`, /valid price/],
      [`"px":"61234.6"`, `"px":"NaN"`, /valid price/],
      [`"sz":"0.9"`, `"sz":"0x9"`, /valid size/],
      [`"side":"buy"`, `"side":"Buy"`, /valid side/],
      [`"ts":"1795000000600"`, `"ts":""`, /valid time/],
      [`"count":"8"`, `"count":"0"`, /valid count/],
      [`"count":"8"`, `"count":"-8"`, /valid count/],
      [`"count":"8"`, `"count":null`, /valid count/]
    ]
    for (const [from, to, reason] of changes) {
      const { events, problems } = parse(Frames.trades.replace(from, to))
      assert.deepStrictEqual(events, [secondTradeRow], to)
      assert.strictEqual(problems.length, 1)
      assert.isTrue(problems[0]?._tag === "Malformed" && reason.test(problems[0].reason), to)
    }
    assert.deepStrictEqual(parse(Frames.trades.replace(element1, "7")).events, [secondTradeRow])
  })

  it("reports a message without trades", () => {
    malformed(Frames.trades.replace(`${element1} , ${element2}`, ""), /no trades/)
    malformed(Frames.trades.replace("\"tradeId\"", "\"trad\\u0065Id\""), /escape/)
  })

  it("takes the last of two equal keys, in the rows as in their bytes", () => {
    const twice = Frames.trades.replace(`"data":[`, `"data":[${element2},7],"data":[`)
    assert.deepStrictEqual(rows(parse(twice)), [tradeRow, secondTradeRow])
  })
})

describe("control", () => {
  it("tells acknowledgements, refusals, announcements and pongs apart", () => {
    says(Frames.acknowledged, { _tag: "Acknowledged" })
    says(Frames.oldAcknowledged, { _tag: "Acknowledged" })
    says(Frames.unsubscribed, { _tag: "Ignorable", description: "unsubscribed" })
    says(Frames.refused, {
      _tag: "Rejected",
      reason: `Invalid request: {"op": "subscribe", "args":[{ "channel" : "nope", "instId" : "BTC-USDT"}]} (code 60012)`
    })
    says(Frames.unknownSymbol, {
      _tag: "Rejected",
      reason: "Subscribe failed, wrong URL or channel:books,instId:NO-SUCH doesn't exist. (code 60018)"
    })
    says(Frames.upgrade, {
      _tag: "Notice",
      code: "64008",
      message: "The connection will soon be closed for a service upgrade. Please reconnect.",
      closing: true
    })
    says(Frames.notice, { _tag: "Notice", code: "64999", message: "Something else.", closing: false })
    says("pong", { _tag: "Pong" })
  })

  it("reports what it does not know", () => {
    malformed("pong ", /JSON/)
    malformed("ping", /JSON/)
    malformed(`"pong"`, /not a JSON object/)
    malformed(`{"event":"login","code":"0"}`, /unknown event login/)
    malformed(`{"event":null}`, /unknown event null/)
    malformed(`{"event":"error","code":"1"}`, /without a msg/)
    malformed(`{"event":"notice","code":64008,"msg":"x"}`, /without code and msg/)
    malformed(`{"op":"subscribe"}`, /neither market data nor an event/)
  })

  it("reports what was not asked for", () => {
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<Subscription>, string]> = [
      [Frames.snapshot.replace("BTC-USDT", "ETH-USDT"), subscriptions, "books ETH-USDT"],
      [Frames.snapshot.replace("books", "books5"), subscriptions, "books5 BTC-USDT"],
      [Frames.snapshot, [{ symbol: "BTC-USDT", dataType: "trade" }], "books BTC-USDT"],
      [Frames.trades, [{ symbol: "BTC-USDT", dataType: "orderbook" }], "trades BTC-USDT"]
    ]
    for (const [content, wanted, subject] of cases) unrequested(content, subject, wanted)
  })
})

describe("connection", () => {
  it("connects to the public socket, or where the configuration says", () => {
    assert.strictEqual(exchange.url(subscriptions), "wss://ws.okx.com:8443/ws/v5/public")
    const regional = "wss://wseea.okx.com:8443/ws/v5/public"
    assert.strictEqual(make(regional).url(subscriptions), regional)
  })

  it("asks for all in one request, up to 100 of them", () => {
    assert.deepStrictEqual(exchange.subscribe(subscriptions).map((request) => request(null)), [
      `{"id":"1","op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"},{"channel":"trades","instId":"BTC-USDT"}]}`
    ])
    const many = Array.from({ length: 101 }, (_, i): Subscription => ({ symbol: `S${i}-USDT`, dataType: "trade" }))
    assert.deepStrictEqual(exchange.subscribe(many).map((request) => request(null)).slice(1), [
      `{"id":"2","op":"subscribe","args":[{"channel":"trades","instId":"S100-USDT"}]}`
    ])
  })

  it("pings with the bare word", () => {
    assert.deepStrictEqual(exchange.keepalive.ping, { _tag: "Text", text: "ping" })
  })

  it("tells the operator what to do about a refusal", () => {
    assert.include(exchange.refusalAdvice(403), "wsus.okx.com")
    for (const status of [404, 429]) assert.isString(exchange.refusalAdvice(status))
    assert.isNull(exchange.refusalAdvice(500))
  })

  it("accepts symbols in upper case with dashes", () => {
    const { pattern } = exchange.notation
    for (const symbol of ["BTC-USDT", "BTC-USDT-SWAP", "1INCH-USDT"]) assert.isTrue(pattern.test(symbol))
    for (const symbol of ["BTCUSDT", "btc-usdt", "BTC-", "-USDT", "BTC/USDT"]) assert.isFalse(pattern.test(symbol))
  })
})

describe("what is sent is what is read", () => {
  const symbol = Schema.Literals(["BTC-USDT", "ETH-USDT"])
  const parser = exchange.parser(["BTC-USDT", "ETH-USDT"].flatMap((symbol): ReadonlyArray<Subscription> => [
    { symbol, dataType: "orderbook" },
    { symbol, dataType: "trade" }
  ]))

  const Trade = Arbitrary.all({
    id: MarketData.id,
    price: MarketData.decimal,
    size: MarketData.decimal,
    side: Arbitrary.schema(MarketData.side),
    millis: Arbitrary.schema(MarketData.millis),
    count: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
  })

  const Trades = {
    symbol,
    trades: Arbitrary.array(Trade, { minLength: 1, maxLength: 6 }),
    bad: Schema.Boolean,
    seed: MarketData.seed
  }

  it.prop("trades, in any spelling", Trades, ({ bad, seed, symbol, trades }) => {
    const random = randomOf(seed)
    const texts = trades.map(({ count, id, millis, price, side, size }) =>
      encode({
        instId: symbol,
        tradeId: id,
        px: price,
        sz: size,
        side,
        ts: String(millis),
        count: String(count),
        source: "0",
        seqId: 5
      }, random)
    )
    const expected = trades.map(({ count, id, millis, price, side, size }, i): Event => {
      const last = MarketData.exact(id)
      return {
        dataType: "trade",
        symbol,
        sequenceId: id,
        timestampCollector: receivedAtMicros,
        timestampExchange: millis * 1000,
        data: Buffer.from(texts[i]!),
        position: last === null || last < count ? null : { first: last - count + 1, last, previous: null },
        tradeId: id,
        price: Number(price),
        size: Number(size),
        side
      }
    })
    const inserted = bad ? texts.toSpliced(seed % (texts.length + 1), 0, `{"instId":"${symbol}","tradeId":"x"}`) : texts
    const data = inserted.map((text) => new Raw(text))
    const frame = frameOf(encode({ arg: { channel: "trades", instId: symbol }, data }, random))
    const { events, problems } = parser(frame)
    assert.deepStrictEqual(events, expected)
    assert.strictEqual(problems.length, bad ? 1 : 0)
    for (const event of events) assert.strictEqual(event.data.buffer, frame.bytes.buffer)
  }, { arbitrary: { runs: 500 } })

  const Books = {
    symbol,
    id: MarketData.id,
    previous: Schema.Int.check(Schema.isBetween({ minimum: -1, maximum: 90_000_000_000 })),
    action: Schema.Literals(["snapshot", "update"]),
    bids: MarketData.levels,
    asks: MarketData.levels,
    millis: MarketData.millis,
    seed: MarketData.seed
  }

  it.prop("books, in any spelling", Books, ({ action, asks, bids, id, millis, previous, seed, symbol }) => {
    const frame = frameOf(encode({
      arg: { channel: "books", instId: symbol },
      action,
      data: [{
        asks: asks.map((level) => [...level, "0", "1"]),
        bids: bids.map((level) => [...level, "0", "1"]),
        ts: String(millis),
        checksum: 0,
        seqId: new Raw(id),
        prevSeqId: previous
      }]
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
      position: exact === null ? null : { first: exact, last: exact, previous },
      isSnapshot: action === "snapshot"
    }])
    assert.strictEqual(events[0]?.data.buffer, frame.bytes.buffer)
  }, { arbitrary: { runs: 300 } })
})
