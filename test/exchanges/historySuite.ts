import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { TradeEvent } from "../../src/domain/Event.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import type { MakeExchange } from "../../src/exchanges/Exchange.ts"
import type { HistoryAnswer, HistoryResponse, TradeHistory, Wanted } from "../../src/exchanges/TradeHistory.ts"
import { lagging } from "../../src/exchanges/wire/tradePages.ts"
import { countInside, mutate, Mutations, replaceInside } from "./damage.ts"
import { frameOf, receivedAtMicros } from "./frameOf.ts"
import { decimal, seed, side } from "./marketData.ts"
import { encode, randomOf, type Wire } from "./wireText.ts"

/** A trade as it happened, whoever writes of it. */
export interface Dealt {
  readonly id: bigint
  readonly price: string
  readonly size: string
  /** The taker's. */
  readonly side: "buy" | "sell"
  readonly millis: number
}

/** A trade with its element of the answer. */
interface Listed {
  readonly id: bigint
  readonly millis: number
  readonly text: string
}

/** What the suite has to know about a venue's list of past trades. */
export interface Shop {
  readonly make: MakeExchange
  readonly symbol: string
  /** The id of the next trade. */
  readonly nextId: (previous: bigint, millis: number) => bigint
  /** Whether ids have no holes. */
  readonly isDense: boolean
  /** The element of a trade. */
  readonly element: (trade: Dealt) => Wire
  /** The message in which the trade comes live. */
  readonly live: (trade: Dealt) => string
  /** Those of `tape`, oldest first, that the documented endpoint answers with, in its order; `most` is its limit. */
  readonly select: (url: URL, tape: ReadonlyArray<Listed>, most: number, nowMillis: number) => ReadonlyArray<Listed>
  /** The answer around the elements. */
  readonly wrap: (elements: string) => string
  /** Whether one request sees all there is. */
  readonly isSinglePage: boolean
}

/** The answer to a request. */
export const responseOf = (body: string | Uint8Array, changes: Partial<HistoryResponse> = {}): HistoryResponse => ({
  status: 200,
  headers: {},
  body: frameOf(body).bytes,
  receivedAtMicros,
  ...changes
})

export const historyOf = (make: MakeExchange, baseUrl: string | null = null, restUrl: string | null = null) => {
  const history = make(baseUrl).tradeHistory?.(restUrl)
  return history ?? assert.fail("no trade history")
}

export const wantedOf = (symbol: string, afterId: string, beforeId: string): Wanted => ({
  symbol,
  afterId,
  beforeId,
  afterMicros: receivedAtMicros - 60_000_000,
  beforeMicros: receivedAtMicros
})

/** The reason of a refusal. */
export const reasonOf = (answer: HistoryAnswer): string =>
  answer._tag === "Refused" ? answer.reason : assert.fail(`${answer._tag} in place of a refusal`)

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

// Up to 29 steps of at most 5 hours: within the 7 days that Upbit remembers, and over several midnights.
const deal = Arbitrary.all([
  decimal,
  decimal,
  Arbitrary.schema(side),
  Arbitrary.schema(Schema.Literals([0, 1, 1, 250, 18_000_000]))
])

const scene = Arbitrary.all([
  Arbitrary.array(deal, { minLength: 2, maxLength: 30 }),
  Arbitrary.schema(between(0, 1000)),
  Arbitrary.schema(between(0, 1000)),
  Arbitrary.schema(between(1, 9)),
  Arbitrary.schema(between(0, 36_000_000)),
  Arbitrary.schema(seed)
])
type Scene = readonly [
  deals: ReadonlyArray<readonly [price: string, size: string, side: "buy" | "sell", stepMillis: number]>,
  one: number,
  other: number,
  most: number,
  laterMillis: number,
  spelling: number
]

const firstMillis = Date.UTC(2026, 8, 29, 22, 30)

const prepare = (shop: Shop, [deals, one, other, most, later, spelling]: Scene) => {
  const random = randomOf(spelling)
  let id = 1_100_000_000n
  let millis = firstMillis
  const tape = deals.map(([price, size, side, step]) => {
    millis += step
    id = shop.nextId(id, millis)
    const trade: Dealt = { id, price, size, side, millis }
    return { ...trade, text: encode(shop.element(trade), random) }
  })
  // Where ids have holes, nothing but the trade after the gap itself shows that a list reaches up to it.
  const last = shop.isDense ? tape.length : tape.length - 1
  const [from = 0, second = 0] = [one % last, other % tape.length].toSorted((a, b) => a - b)
  const to = shop.isDense ? second : Math.max(second, from + 1)
  const before = from === to ? tape[to]!.id + 1n : tape[to]!.id
  const wanted = wantedOf(shop.symbol, String(tape[from]!.id), String(before))
  const nowMillis = millis + later
  return { tape, wanted, most, nowMillis, random, missing: tape.slice(from + 1, Math.max(from + 1, to)) }
}

const answerOf = (shop: Shop, listed: ReadonlyArray<Listed>): string =>
  shop.wrap(`[${listed.map(({ text }) => text).join(",")}]`)

/** Asks until there is no more to ask for. */
const walk = (
  history: TradeHistory,
  wanted: Wanted,
  nowMillis: number,
  serve: (url: URL) => string,
  atMost: number
) => {
  const trades = new Map<string, TradeEvent>()
  const asked = new Set<string>()
  let url: string | null = history.first(wanted)
  let complete = false
  while (url !== null) {
    assert.isFalse(asked.has(url), `${url} is asked for again`)
    asked.add(url)
    assert.isAtMost(asked.size, atMost, "no end")
    const response = responseOf(serve(new URL(url)), { receivedAtMicros: nowMillis * 1000 })
    const answer = history.read(wanted, url, response)
    if (answer._tag === "Refused" && answer.reason === lagging) return { trades, complete: false, requests: asked.size }
    if (answer._tag !== "Page") return assert.fail(JSON.stringify(answer))
    const ids = answer.trades.map(({ tradeId }) => BigInt(tradeId))
    for (let i = 1; i < ids.length; i++) assert.isTrue(ids[i - 1]! <= ids[i]!, "not oldest first")
    for (const trade of answer.trades) trades.set(trade.tradeId, trade)
    complete = answer.complete
    url = answer.next
  }
  return { trades, complete, requests: asked.size }
}

const assertSound = (answer: HistoryAnswer, body: Buffer, symbol: string): void => {
  switch (answer._tag) {
    case "Busy":
      assert.isTrue(Number.isSafeInteger(answer.pauseMillis))
      assert.isAtLeast(answer.pauseMillis, 1000)
      return assert.isAtMost(answer.pauseMillis, 259_200_000)
    case "Refused":
      assert.isAbove(answer.reason.length, 0)
      return assert.isBelow(answer.reason.length, 300, "a reason must not quote a whole answer")
    case "Page":
      if (answer.next !== null) assert.isNotNull(URL.parse(answer.next))
      for (const { data, origin, price, sequenceId, size, symbol: filed, timestampExchange } of answer.trades) {
        assert.strictEqual(origin, "repair")
        assert.strictEqual(filed, symbol)
        assert.match(sequenceId, /^\d+$/)
        assert.isTrue(Number.isFinite(price) && Number.isFinite(size) && Number.isSafeInteger(timestampExchange))
        assert.isTrue(data.buffer === body.buffer, "data is not a slice of the answer")
        JSON.parse(data.toString("utf8"))
      }
  }
}

/** The promises of `TradeHistory` that hold for every venue. */
export const historySuite = (name: Venue, shop: Shop): void => {
  const history = historyOf(shop.make)
  const parse = shop.make(null).parser([{ symbol: shop.symbol, dataType: "trade" }])
  const isWanted = ({ afterId, beforeId }: Wanted, id: string) =>
    BigInt(id) > BigInt(afterId) && BigInt(id) < BigInt(beforeId)

  describe(`${name} keeps the contract of the trade history`, () => {
    it.prop("fetches every missing trade, in pages of any size, as it would have come live", [scene], ([drawn]) => {
      const { missing, most, nowMillis, tape, wanted } = prepare(shop, drawn)
      const serve = (url: URL) => answerOf(shop, shop.select(url, tape, most, nowMillis))
      const { complete, trades } = walk(history, wanted, nowMillis, serve, tape.length + 12)
      const seen = shop.isSinglePage ? tape.slice(-most) : tape
      assert.strictEqual(complete, seen.some(({ id }) => id <= BigInt(wanted.afterId)))
      const fetched = [...trades.values()].filter(({ tradeId }) => isWanted(wanted, tradeId))
      const byId = new Map(fetched.map((trade) => [trade.tradeId, trade]))
      const expected = missing.filter((trade) => seen.includes(trade))
      assert.deepStrictEqual(
        [...byId.keys()].toSorted((a, b) => BigInt(a) < BigInt(b) ? -1 : 1),
        expected.map(({ id }) => String(id))
      )
      for (const trade of expected) {
        const { data, timestampCollector, ...fields } = byId.get(String(trade.id))!
        const live = parse(frameOf(shop.live(trade))).events[0]
        if (live?.dataType !== "trade") return assert.fail(shop.live(trade))
        const { data: _data, timestampCollector: _received, ...sent } = live
        assert.deepStrictEqual(fields, { ...sent, origin: "repair" })
        assert.strictEqual(data.toString("utf8"), trade.text)
        assert.strictEqual(timestampCollector, nowMillis * 1000)
      }
    }, { arbitrary: { runs: 300 } })

    it.prop("takes pages in another order, with trades twice and trades nobody asked for", [scene], ([drawn]) => {
      const { missing, most, nowMillis, random, tape, wanted } = prepare(shop, drawn)
      const serve = (url: URL) => {
        const page = shop.select(url, tape, most, nowMillis)
        const muddled = [...page, ...page.filter(() => random() < 0.3)].map((listed) => ({ listed, rank: random() }))
        return answerOf(shop, muddled.toSorted((a, b) => a.rank - b.rank).map(({ listed }) => listed))
      }
      const { trades } = walk(history, wanted, nowMillis, serve, tape.length + 12)
      const seen = shop.isSinglePage ? tape.slice(-most) : tape
      for (const trade of missing) assert.strictEqual(trades.has(String(trade.id)), seen.includes(trade))
    }, { arbitrary: { runs: 200 } })

    it.prop("comes to an end, whatever pages it gets", [scene], ([drawn]) => {
      const { nowMillis, random, tape, wanted } = prepare(shop, drawn)
      const same = answerOf(shop, tape.filter(() => random() < 0.5))
      assert.isAtMost(walk(history, wanted, nowMillis, () => same, 12).requests, 12)
      walk(history, wanted, nowMillis, () => answerOf(shop, tape.filter(() => random() < 0.3)), tape.length + 12)
      walk(history, wanted, nowMillis, () => answerOf(shop, []), 12)
    }, { arbitrary: { runs: 200 } })

    it("calls nothing complete when nothing comes", () => {
      const wanted = wantedOf(shop.symbol, "17853972606600000", "17853972606600009")
      const empty = () => answerOf(shop, [])
      assert.isFalse(walk(history, wanted, firstMillis, empty, 12).complete)
    })

    if (!shop.isDense) {
      it.prop("takes nothing of a list that lags behind the stream", [scene], ([drawn]) => {
        const { most, nowMillis, tape, wanted } = prepare(shop, drawn)
        const behind = tape.filter(({ id }) => id < BigInt(wanted.beforeId))
        const serve = (url: URL) => answerOf(shop, shop.select(url, behind, most, nowMillis))
        const { complete, trades } = walk(history, wanted, nowMillis, serve, tape.length + 12)
        assert.isFalse(complete)
        assert.strictEqual(trades.size, 0)
      }, { arbitrary: { runs: 200 } })
    }

    if (shop.isDense) {
      it.prop("does not call complete what has a hole", [scene, Schema.Int], ([drawn, at]) => {
        const { missing, most, nowMillis, tape, wanted } = prepare(shop, drawn)
        const lost = missing[Math.abs(at) % Math.max(1, missing.length)]
        if (lost === undefined) return
        const left = tape.filter((trade) => trade !== lost)
        const serve = (url: URL) => answerOf(shop, shop.select(url, left, most, nowMillis))
        assert.isFalse(walk(history, wanted, nowMillis, serve, tape.length + 12).complete)
      }, { arbitrary: { runs: 200 } })
    }

    it("states usable limits", () => {
      assert.isAbove(history.limit.count, 0)
      assert.isAbove(history.limit.perMillis, 0)
      assert.isTrue(history.horizonMillis === null || history.horizonMillis > 86_400_000)
    })

    it("asks the host that is configured, over TLS by default, and never mixes a stand-in with the venue", () => {
      const wanted = wantedOf(shop.symbol, "1", "9")
      const { pathname, protocol } = new URL(history.first(wanted))
      assert.strictEqual(protocol, "https:")
      const at = (baseUrl: string | null, restUrl: string | null) =>
        historyOf(shop.make, baseUrl, restUrl).first(wanted).split("?")[0]
      assert.strictEqual(at(null, "http://relay.example:81"), `http://relay.example:81${pathname}`)
      assert.strictEqual(at("ws://127.0.0.1:9401/x", "https://a.example/b/"), `https://a.example/b${pathname}`)
      assert.strictEqual(at("ws://127.0.0.1:9401/x?y", null), `http://127.0.0.1:9401${pathname}`)
      assert.strictEqual(at("wss://relay.example/x", null), `https://relay.example${pathname}`)
    })

    it("leaves no way out of the URL to a symbol", () => {
      for (const symbol of ["a&limit=1", "a#b", "a b?c", "../x", "\ud800", "\u8fd9"]) {
        const url = new URL(history.first(wantedOf(symbol, "1", "9")))
        assert.strictEqual(url.hash, "")
        assert.isAbove(Number(url.searchParams.get("limit") ?? url.searchParams.get("count")), 1)
        assert.strictEqual(new Set(url.searchParams.keys()).size, url.searchParams.size)
      }
    })

    it("fetches nothing between ids that are no numbers", () => {
      for (const [after, before] of [["x", "9"], ["1", "9e9"], ["", "9"], ["1", "9".repeat(31)]] as const) {
        const wanted = wantedOf(shop.symbol, after, before)
        assert.match(
          reasonOf(history.read(wanted, history.first(wanted), responseOf(answerOf(shop, [])))),
          /numbers/
        )
      }
    })

    it("says of anything but a list of trades what it is", () => {
      const wanted = wantedOf(shop.symbol, "1", "9")
      const reason = (body: string, status = 200) =>
        reasonOf(history.read(wanted, history.first(wanted), responseOf(body, { status })))
      assert.match(reason("<html>"), /not JSON/)
      assert.match(reason("null"), /without a list/)
      assert.match(reason("{}"), /without a list/)
      assert.match(reason(shop.wrap("[1]")), /object/)
      assert.match(reason(shop.wrap("[{\"\\u0061\":1}]")), /escape/)
      assert.match(reason("", 302), /^HTTP 302$/)
      assert.match(reason("", 451), /^HTTP 451; check rest_url of this market$/)
    })

    it("waits as long as the venue says, within bounds, and when the venue is in trouble", () => {
      const wanted = wantedOf(shop.symbol, "1", "9")
      const pause = (status: number, after: string | undefined) => {
        const response = responseOf("", { status, headers: { "retry-after": after } })
        const answer = history.read(wanted, history.first(wanted), response)
        return answer._tag === "Busy" ? answer.pauseMillis : assert.fail(answer._tag)
      }
      assert.strictEqual(pause(429, "7"), 7000)
      assert.strictEqual(pause(418, "7200"), 7_200_000)
      // What was meant is over, or by another clock: as if nothing had been said.
      for (const gone of ["0", "-5", new Date(receivedAtMicros / 1000 - 60_000).toUTCString()]) {
        assert.strictEqual(pause(418, gone), pause(418, undefined))
      }
      assert.strictEqual(pause(429, "999999999"), 259_200_000)
      assert.strictEqual(pause(503, new Date(receivedAtMicros / 1000 + 5000).toUTCString()), 5000 - 123)
      assert.strictEqual(pause(500, undefined), 10_000)
      assert.strictEqual(pause(502, "soon"), 10_000)
      assert.isAtLeast(pause(429, undefined), 1000)
      assert.isAtLeast(pause(418, undefined), 300_000)
    })

    const sample = (() => {
      const { tape, wanted } = prepare(shop, [
        Array.from({ length: 6 }, (_, i) => [`${i}.5`, "0.25", "buy", 1] as const),
        0,
        5,
        9,
        0,
        7
      ])
      return { wanted, url: history.first(wanted), text: answerOf(shop, tape) }
    })()
    const read = (content: string | Uint8Array, changes: Partial<HistoryResponse> = {}): void => {
      const response = responseOf(content, changes)
      assertSound(history.read(sample.wanted, sample.url, response), response.body, shop.symbol)
    }
    const status = Schema.Literals([200, 200, 200, 400, 403, 418, 429, 500])

    it.prop("no bytes make it throw", [Schema.Uint8Array, status, Schema.String], ([content, status, text]) => {
      read(content, { status, headers: { "retry-after": text } })
    }, { arbitrary: { runs: 300 } })

    it.prop("no JSON makes it throw", [Schema.Json, status], ([value, status]) => {
      read(JSON.stringify(value), { status })
      read(shop.wrap(JSON.stringify([value])), { status })
    }, { arbitrary: { runs: 300 } })

    it.prop("no damage to a valid answer makes it throw", [Mutations], ([mutations]) => {
      read(mutate(Buffer.from(sample.text, "utf8"), mutations))
    }, { arbitrary: { runs: 1000 } })

    it.prop("no change of one value makes it throw", [Schema.Int, Schema.Json], ([at, replacement]) => {
      const value: unknown = JSON.parse(sample.text)
      read(JSON.stringify(replaceInside(value, Math.abs(at) % countInside(value), replacement)))
    }, { arbitrary: { runs: 1000 } })
  })
}
