import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import { Listings } from "../../src/simulator/Listings.ts"
import { isAnswer } from "../../src/simulator/RestVenue.ts"
import { defaultTimings, type Timings } from "../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { sequentialId } from "../../src/simulator/upbit/messages.ts"
import * as upbitRest from "../../src/simulator/upbit/rest.ts"
import { ask, askTimes } from "./restClient.ts"
import { shape } from "./shape.ts"

/** How each venue is asked for trades: the newest, and those that come before or after an id. */
const paths: Readonly<Record<Venue, (limit: number, id?: string) => string>> = {
  binance: (limit, id) =>
    `/api/v3/historicalTrades?symbol=BTCUSDT&limit=${limit}${id === undefined ? "" : `&fromId=${id}`}`,
  coinbase: (limit, id) => `/products/BTC-USD/trades?limit=${limit}${id === undefined ? "" : `&after=${id}`}`,
  upbit: (limit, id) => `/v1/trades/ticks?market=KRW-BTC&count=${limit}${id === undefined ? "" : `&cursor=${id}`}`,
  okx: (limit, id) =>
    `/api/v5/market/history-trades?instId=BTC-USDT&type=1&limit=${limit}${id === undefined ? "" : `&after=${id}`}`,
  bybit: (limit) => `/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=${limit}`
}

const symbols: Readonly<Record<Venue, string>> = {
  binance: "btcusdt",
  coinbase: "BTC-USD",
  upbit: "KRW-BTC",
  okx: "BTC-USDT",
  bybit: "BTCUSDT"
}

/** The ids in an answer, found by plain text search: some have more digits than a number holds. */
const idsOf = (body: string): ReadonlyArray<string> =>
  [...body.matchAll(/"(?:id|trade_id|sequential_id|tradeId|execId)":"?(\d+)/g)].map((match) => match[1] ?? "")

/** The day of an Upbit id. */
const dayOfId = (id = "0") => Math.floor(Number(id) / 10_000 / 86_400_000)

/** A simulator with some trades on each market, of which nobody was told. */
const start = Effect.fnUntraced(function*(timings: Partial<Timings> = {}) {
  const simulator = yield* Simulator.make({ rate: 0, timings })
  for (const venue of venues) yield* simulator.produce(venue, symbols[venue], 400)
  const from = (path: string) => ask(`${simulator.restUrl()}${path}`)
  const generated = (venue: Venue) => simulator.trades(venue, symbols[venue]).map(({ id }) => id)
  return { simulator, from, generated }
})

describe("past trades over HTTP", () => {
  for (const venue of venues) {
    it.live(`${venue}: the newest, in the venue's order, whether or not they were sent to anybody`, () =>
      Effect.gen(function*() {
        const { from, generated, simulator } = yield* start()
        const { body, status } = yield* from(paths[venue](50))
        assert.strictEqual(status, 200)
        const newest = generated(venue).slice(-50)
        assert.deepStrictEqual(idsOf(body), venue === "binance" ? newest : newest.toReversed())
        assert.strictEqual(simulator.ledger.count, 0)
        const [inquiry] = simulator.ledger.inquiries()
        assert.deepInclude(inquiry, { venue, status: 200, trades: 50, fault: null })
      }))
  }

  for (const venue of ["coinbase", "upbit", "okx"] as const) {
    it.live(`${venue}: page by page back to the beginning`, () =>
      Effect.gen(function*() {
        const { from, generated } = yield* start()
        const seen: Array<string> = []
        while (true) {
          const { body } = yield* from(paths[venue](venue === "okx" ? 100 : 97, seen.at(-1)))
          const ids = idsOf(body)
          if (ids.length === 0) break
          seen.push(...ids)
        }
        const all = generated(venue)
        // Trades of an earlier day are asked for by their day.
        const oldest = venue === "upbit" ? all.findIndex((id) => dayOfId(id) === dayOfId(all.at(-1))) : 0
        assert.deepStrictEqual(seen.toReversed(), all.slice(oldest))
      }))
  }

  it.live("binance: from an id on, that one included, up to the newest", () =>
    Effect.gen(function*() {
      const { from, generated, simulator } = yield* start()
      const all = generated("binance")
      const { body, headers } = yield* from(paths.binance(1_000, all[100]))
      assert.deepStrictEqual(idsOf(body), all.slice(100, 1_100))
      assert.strictEqual(headers["x-mbx-used-weight-1m"], "25")
      const micros = yield* ask(`${simulator.restUrl()}${paths.binance(1)}`, { "X-MBX-TIME-UNIT": "MICROSECOND" })
      assert.match(micros.body, /"time":\d{16},/)
      const beyond = yield* from(paths.binance(1_000, String(BigInt(all.at(-1) ?? 0) + 1n)))
      assert.strictEqual(beyond.body, "[]")
    }))

  it.live("coinbase: cursors in the headers, and what is newer than an id", () =>
    Effect.gen(function*() {
      const { from, generated } = yield* start()
      const all = generated("coinbase")
      const { headers } = yield* from(paths.coinbase(10))
      assert.deepStrictEqual([headers["cb-before"], headers["cb-after"]], [all.at(-1), all.at(-10)])
      const newer = yield* from(`/products/BTC-USD/trades?before=${all.at(-4)}`)
      assert.deepStrictEqual(idsOf(newer.body), all.slice(-3).toReversed())
    }))

  it.live("okx: single fills, also by time", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      const all = simulator.trades("okx", "BTC-USDT")
      const moment = all.at(-1)?.atMillis ?? 0
      const { body } = yield* from(`/api/v5/market/history-trades?instId=BTC-USDT&type=2&after=${moment}`)
      const older = all.filter(({ atMillis }) => atMillis < moment).slice(-100).map(({ id }) => id)
      assert.deepStrictEqual(idsOf(body), older.toReversed())
      assert.notInclude(body, "count")
    }))

  it.live("upbit: one day at a time", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      const all = simulator.trades("upbit", "KRW-BTC")
      const dayOf = (millis: number) => Math.floor(millis / 86_400_000)
      const today = all.filter(({ atMillis }) => dayOf(atMillis) === dayOf(all.at(-1)?.atMillis ?? 0))
      assert.deepStrictEqual(
        idsOf((yield* from(paths.upbit(500))).body),
        today.slice(-500).map(({ id }) => id).toReversed()
      )
      assert.strictEqual((yield* from(`${paths.upbit(500)}&days_ago=7`)).body, "[]")
      assert.strictEqual((yield* from(`${paths.upbit(500)}&to=000000`)).body, "[]")
    }))

  it("upbit: an earlier day is asked for by its number, also up to a time of it", () => {
    const listings = new Listings({
      seed: "days",
      venue: "upbit",
      symbols: ["KRW-BTC"],
      rate: 1_000,
      depth: 5,
      restartProbability: 0,
      tapeLength: 10_000
    })
    const midnight = 1_790_000_000_000 - (1_790_000_000_000 % 86_400_000)
    for (const minutes of [-90, -30, 30]) listings.produce("KRW-BTC", 20, midnight + minutes * 60_000)
    const tape = listings.get("KRW-BTC", midnight)?.market.tape ?? assert.fail("no market")
    const venue = upbitRest.make(listings, defaultTimings)
    const minutesOf = (query: string) => {
      const request = venue.read({ path: "/v1/trades/ticks", query: new URLSearchParams(query), headers: {} })
      if (request === null || isAnswer(request)) return assert.fail(query)
      return [...new Set(request.select(tape).map(({ atMillis }) => Math.round((atMillis - midnight) / 60_000)))]
    }
    assert.deepStrictEqual(minutesOf("market=KRW-BTC&count=500"), [30])
    assert.deepStrictEqual(minutesOf("market=KRW-BTC&count=500&days_ago=1"), [-30, -90])
    assert.deepStrictEqual(minutesOf("market=KRW-BTC&count=500&days_ago=1&to=23:00:00"), [-90])
    assert.deepStrictEqual(minutesOf("market=KRW-BTC&count=500&days_ago=1&to=230000"), [-90])
    const yesterday = tape.slice(tape.placeAt(midnight) - 1, tape.placeAt(midnight))[0] ?? assert.fail("no trade")
    assert.deepStrictEqual(minutesOf(`market=KRW-BTC&count=1&days_ago=1&cursor=${sequentialId(yesterday)}`), [-30])
    assert.deepStrictEqual(minutesOf(`market=KRW-BTC&count=500&cursor=${sequentialId(yesterday)}`), [])
  })

  it.live("in the documented shapes", () =>
    Effect.gen(function*() {
      const { from } = yield* start()
      const seen: Readonly<Record<Venue, string>> = {
        binance:
          `[{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.00001200","time":1499865549590,"isBuyerMaker":true,"isBestMatch":true}]`,
        coinbase:
          `[{"trade_id":74,"side":"sell","size":"0.01000000","price":"10.00000000","time":"2014-11-07T22:19:28.578544Z"}]`,
        upbit:
          `[{"market":"KRW-BTC","trade_date_utc":"2026-07-30","trade_time_utc":"07:41:00","timestamp":1785397260660,"trade_price":91200000.0,"trade_volume":0.00010971,"prev_closing_price":91424000.0,"change_price":-224000.0,"ask_bid":"BID","sequential_id":17853972606600000}]`,
        okx:
          `{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"sell","sz":"0.00001","source":"0","px":"29963.2","tradeId":"242720720","ts":"1654161646974"}]}`,
        bybit:
          `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"execId":"2100000000007764263","symbol":"BTCUSDT","price":"16618.49","size":"0.00012","side":"Buy","time":"1672052955758","isBlockTrade":false,"isRPITrade":true,"seq":"123456"}]},"retExtInfo":{},"time":1672053054358}`
      }
      for (const venue of venues) {
        const { body, headers } = yield* from(paths[venue](40))
        const withoutExponents = body.replaceAll(/\de-\d\d|\d\.\d+e-\d\d/g, "0.1")
        assert.strictEqual(shape(withoutExponents), shape(seen[venue]), venue)
        assert.strictEqual(headers["content-type"], "application/json")
      }
    }))

  it.live("refuse what they do not know, in their own words", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      const expected: ReadonlyArray<readonly [path: string, status: number, body: string]> = [
        ["/api/v3/historicalTrades?symbol=NOPE", 400, `{"code":-1121,"msg":"Invalid symbol."}`],
        ["/api/v3/historicalTrades", 400, `"code":-1102`],
        ["/api/v3/historicalTrades?symbol=btcusdt", 400, `"code":-1100`],
        ["/api/v3/historicalTrades?symbol=BTCUSDT&fromId=x", 400, `parameter 'fromId'`],
        ["/api/v3/historicalTrades?symbol=BTCUSDT&limit=x", 400, `"code":-1130`],
        ["/products/NOPE-USD/trades", 404, `{"message":"NotFound"}`],
        ["/products/BTC-USD/trades?after=x", 400, "Invalid cursor"],
        ["/v1/trades/ticks?market=KRW-NOPE", 404, `{"error":{"name":404,"message":"Code not found"}}`],
        ["/v1/trades/ticks?market=KRW-BTC&count=501", 400, "count"],
        ["/v1/trades/ticks?market=KRW-BTC&days_ago=8", 400, "days_ago"],
        ["/v1/trades/ticks?market=KRW-BTC&to=250000", 400, "to"],
        ["/api/v5/market/history-trades?instId=NOPE-USDT", 200, `"code":"51001"`],
        ["/api/v5/market/history-trades", 400, `"code":"50014"`],
        ["/api/v5/market/history-trades?instId=BTC-USDT&limit=101", 400, `"code":"51000"`],
        ["/v5/market/recent-trade?category=spot&symbol=NOPE", 200, `{"retCode":10001,"retMsg":"Not supported symbols"`],
        ["/v5/market/recent-trade?symbol=BTCUSDT", 200, `"retCode":10001`],
        ["/nothing", 404, ""]
      ]
      for (const [path, status, body] of expected) {
        const answer = yield* from(path)
        assert.strictEqual(answer.status, status, path)
        assert.include(answer.body, body, path)
      }
      // Two of them want to know who asks.
      assert.strictEqual((yield* ask(`${simulator.restUrl()}${paths.coinbase(1)}`, {})).status, 400)
      assert.strictEqual((yield* ask(`${simulator.restUrl()}${paths.okx(1)}`, {})).status, 403)
    }))
})

describe("rate limits", () => {
  it.live("binance: 429 when the weight of a minute is used up, and 418 for who goes on; both say for how long", () =>
    Effect.gen(function*() {
      const { simulator } = yield* start({ binanceBan: 120_000 })
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.binance(1)}`, 252)
      const statuses = answers.map(({ status }) => status)
      const count = (status: number) => statuses.filter((each) => each === status).length
      assert.deepStrictEqual([count(200), count(429), count(418)], [240, 10, 2])
      for (const { headers, status } of answers) {
        const seconds = Number(headers["retry-after"])
        if (status === 429) assert.isTrue(seconds > 30 && seconds <= 60, String(seconds))
        if (status === 418) assert.strictEqual(seconds, 120)
      }
      assert.strictEqual(Math.max(...answers.map(({ headers }) => Number(headers["x-mbx-used-weight-1m"]))), 6_000)
      assert.include(answers.at(-1)?.body, "-1003")
    }))

  it.live("coinbase: fifteen in a burst", () =>
    Effect.gen(function*() {
      const { simulator } = yield* start()
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.coinbase(1)}`, 20)
      const refused = answers.filter(({ status }) => status === 429)
      assert.isAtLeast(refused.length, 1)
      assert.isAtMost(refused.length, 5)
      assert.strictEqual(refused[0]?.body, `{"message":"Public rate limit exceeded"}`)
    }))

  it.live("upbit: ten a second, with what is left in a header, and a ban for who goes on", () =>
    Effect.gen(function*() {
      const { simulator } = yield* start()
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.upbit(1)}`, 30)
      const first = simulator.ledger.inquiries().findIndex(({ status }) => status !== 200)
      assert.isAtLeast(first, 10)
      assert.include(answers.map(({ headers }) => headers["remaining-req"]), "group=trade; min=600; sec=9")
      assert.include(answers.map(({ headers }) => headers["remaining-req"]), "group=trade; min=600; sec=0")
      const statuses = new Set(answers.map(({ status }) => status))
      assert.deepStrictEqual([...statuses].toSorted(), [200, 418, 429])
      assert.include(answers.find(({ status }) => status === 418)?.body, "Blocked for")
    }))

  it.live("okx: twenty in two seconds", () =>
    Effect.gen(function*() {
      const { simulator } = yield* start()
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.okx(1)}`, 23)
      assert.deepStrictEqual(answers.filter(({ status }) => status === 200).length, 20)
      assert.strictEqual(
        answers.find(({ status }) => status === 429)?.body,
        `{"code":"50011","msg":"Too Many Requests","data":[]}`
      )
    }))

  it.live("bybit: 600 in five seconds, then 403 for a long time", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.bybit(1)}`, 601)
      const refused = answers.filter(({ status }) => status === 403)
      assert.strictEqual(refused.length, 1)
      assert.strictEqual(refused[0]?.body, "access too frequent")
      assert.strictEqual((yield* from(paths.bybit(1))).status, 403)
    }))
})

describe("faults of the answers", () => {
  it.live("a status, as often as told, with a Retry-After, in the venue's words", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      yield* simulator.faults.misanswer({ kind: "rest-status", status: 429, retryAfterSecs: 3 }, {
        times: 2,
        venue: "binance"
      })
      yield* simulator.faults.misanswer({ kind: "rest-status", status: 500 }, {
        times: 1,
        venue: "okx",
        symbol: "BTC-USDT"
      })
      const other = yield* from("/api/v5/market/history-trades?instId=ETH-USDT")
      assert.strictEqual(other.status, 200)
      const answers = yield* Effect.forEach([1, 2, 3], () => from(paths.binance(1)))
      assert.deepStrictEqual(answers.map(({ headers, status }) => [status, headers["retry-after"]]), [
        [429, "3"],
        [429, "3"],
        [200, undefined]
      ])
      assert.include(answers[0]?.body, "-1003")
      const troubled = yield* from(paths.okx(1))
      assert.deepStrictEqual([troubled.status, JSON.parse(troubled.body).code], [500, "50001"])
      assert.strictEqual((yield* from(paths.okx(1))).status, 200)
      assert.deepStrictEqual(simulator.ledger.inquiries().map(({ fault }) => fault), [
        null,
        "rest-status",
        "rest-status",
        null,
        "rest-status",
        null
      ])
    }))

  for (const venue of venues) {
    it.live(`${venue}: lies about ids, symbols, duplicates and holes`, () =>
      Effect.gen(function*() {
        const { from, generated, simulator } = yield* start()
        const truth = idsOf((yield* from(paths[venue](30))).body)
        const known = new Set(generated(venue))
        const lie = Effect.fnUntraced(function*(form: "ids" | "symbol" | "duplicates" | "holes") {
          yield* simulator.faults.misanswer({ kind: "rest-lie", form }, { times: 1 })
          return (yield* from(paths[venue](30))).body
        })
        const wrong = idsOf(yield* lie("ids"))
        assert.strictEqual(wrong.length, 30)
        assert.isFalse(wrong.some((id) => known.has(id)))
        const foreign = yield* lie("symbol")
        assert.isAbove(idsOf(foreign).length, 0)
        assert.isFalse(idsOf(foreign).some((id) => known.has(id)))
        if (venue !== "binance" && venue !== "coinbase") assert.include(foreign, "ETH")
        assert.deepStrictEqual(idsOf(yield* lie("duplicates")), truth.flatMap((id) => [id, id]))
        assert.deepStrictEqual(idsOf(yield* lie("holes")), truth.filter((_, index) => index % 3 !== 1))
        assert.deepStrictEqual(idsOf((yield* from(paths[venue](30))).body), truth)
      }))
  }

  it.live("lies about the symbol where there is only one", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, symbols: { okx: ["BTC-USDT"] } })
      yield* simulator.faults.misanswer({ kind: "rest-lie", form: "symbol" })
      const { body } = yield* ask(`${simulator.restUrl()}${paths.okx(5)}`)
      assert.include(body, `"instId":"BTC-USDTX"`)
    }))

  it.live("end short, break off, or stay away until lifted", () =>
    Effect.gen(function*() {
      const { from, simulator } = yield* start()
      yield* simulator.faults.misanswer({ kind: "rest-short", trades: 4 }, { times: 1 })
      assert.strictEqual(idsOf((yield* from(paths.upbit(30))).body).length, 4)
      yield* simulator.faults.misanswer({ kind: "rest-short", trades: 0 }, { times: 1 })
      assert.strictEqual((yield* from(paths.coinbase(30))).body, "[]")
      yield* simulator.faults.misanswer({ kind: "rest-broken" }, { times: 1 })
      const broken = yield* from(paths.bybit(30))
      assert.strictEqual(broken.status, 200)
      assert.throws(() => JSON.parse(broken.body))
      yield* simulator.faults.misanswer({ kind: "rest-silent" })
      const waiting = yield* Effect.forkChild(from(paths.okx(1)))
      yield* simulator.until((ledger) => ledger.inquiries().at(-1)?.status === "no-answer")
      assert.isUndefined(waiting.pollUnsafe())
      yield* simulator.faults.lift
      assert.strictEqual((yield* from(paths.okx(1))).status, 200)
    }))

  it.live("come with a share of the requests, as scheduled", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({
        rate: 0,
        faults: [{
          fault: { kind: "rest-status", status: 503 },
          target: { venue: "bybit" },
          when: { probability: 0.3 }
        }]
      })
      const answers = yield* askTimes(`${simulator.restUrl()}${paths.bybit(1)}`, 200)
      const share = answers.filter(({ status }) => status === 503).length / 200
      assert.isTrue(share > 0.15 && share < 0.45, String(share))
      assert.strictEqual((yield* ask(`${simulator.restUrl()}${paths.okx(1)}`)).status, 200)
    }))
})
