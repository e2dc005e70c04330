import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import * as ConnectionContinuity from "../../src/completeness/ConnectionContinuity.ts"
import * as Continuity from "../../src/completeness/Continuity.ts"
import type { Verdict } from "../../src/completeness/Verdict.ts"
import type { BookEvent, Position, TradeEvent } from "../../src/domain/Event.ts"

const data = Buffer.from("{}")

const trade = (first: number, last = first, micros = last * 1000): TradeEvent => ({
  dataType: "trade",
  symbol: "BTC-USDT",
  sequenceId: String(last),
  timestampCollector: micros,
  timestampExchange: micros,
  data,
  position: { first, last, previous: null },
  tradeId: String(last),
  price: 1,
  size: 1,
  side: "buy"
})

const book = (position: Position | null, isSnapshot = false): BookEvent => ({
  dataType: "orderbook",
  symbol: "BTC-USDT",
  sequenceId: "1",
  timestampCollector: 0,
  timestampExchange: null,
  data,
  position,
  isSnapshot
})
const step = (id: number, isSnapshot = false) => book({ first: id, last: id, previous: null }, isSnapshot)
const link = (id: number, previous: number) => book({ first: id, last: id, previous }, previous === -1)

const tags = (judge: (event: never) => Verdict, events: ReadonlyArray<unknown>) =>
  events.map((event) => judge(event as never)._tag)

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What the way from the venue does to one trade: it covers `ids` ids, is lost, comes again later, or comes late. */
const Fate = Schema.Struct({
  ids: int(1, 4),
  lost: Schema.Literals([false, false, false, true]),
  repeatedAfter: Schema.NullOr(Schema.Literals([0, 1, 5])),
  lateBy: Schema.Literals([0, 0, 0, 0, 1, 3])
})
const Fates = Arbitrary.array(Arbitrary.schema(Fate), { minLength: 1, maxLength: 60 })

interface Sent {
  readonly event: TradeEvent
  readonly at: number
}

/** The trades that arrive, in the order in which they do, beginning with the first that is sent. */
const arrivals = (fates: ReadonlyArray<typeof Fate.Type>) => {
  const sent: Array<Sent> = []
  let next = 1000
  fates.forEach(({ ids, lateBy, lost, repeatedAfter }, index) => {
    const event = trade(next, next + ids - 1)
    next += ids
    if (lost && index > 0) return
    const at = index === 0 ? 0 : index + lateBy
    sent.push({ event, at })
    if (repeatedAfter !== null) sent.push({ event, at: at + repeatedAfter + 0.5 })
  })
  return sent.toSorted((a, b) => a.at - b.at).map(({ event }) => event)
}

describe("Continuity of ids that follow each other", () => {
  it.effect.prop(
    "tells exactly what is missing, whatever is lost, repeated or late",
    [Fates],
    ([fates]) =>
      Effect.sync(() => {
        const continuity = Continuity.make("consecutive")
        const seen = new Set<number>()
        let missing = 0
        for (const event of arrivals(fates)) {
          const { first, last } = event.position!
          const verdict = continuity.judge(event)
          const known = seen.has(first)
          assert.strictEqual(verdict._tag === "Duplicate", known, `${first} to ${last}`)
          if (known) continue
          if (verdict._tag === "Gap") {
            missing += verdict.missing === null
              ? Number.NaN
              : verdict.missing.last - verdict.missing.first + 1
          }
          if (verdict._tag === "OutOfOrder") missing -= verdict.filled
          assert.include(["InOrder", "Gap", "OutOfOrder"], verdict._tag)
          for (let id = first; id <= last; id++) seen.add(id)
        }
        const ids = [...seen]
        assert.strictEqual(missing, Math.max(...ids) - Math.min(...ids) + 1 - ids.length)
      }),
    { arbitrary: { runs: 500 } }
  )

  it("goes on over connections, and sees what was sent while nobody listened", () => {
    const continuity = Continuity.make("consecutive")
    continuity.judge(trade(100))
    continuity.connected()
    assert.deepStrictEqual(continuity.judge(trade(105)), { _tag: "Gap", missing: { first: 101, last: 104 } })
    continuity.connected()
    assert.deepStrictEqual(tags(continuity.judge, [trade(104), trade(105), trade(106)]), [
      "OutOfOrder",
      "Duplicate",
      "InOrder"
    ])
  })

  it("notices a venue that counts anew, and not a trade that is late", () => {
    const continuity = Continuity.make("consecutive")
    const begun = [trade(5000), trade(5001), trade(5003)]
    assert.deepStrictEqual(tags(continuity.judge, begun), ["InOrder", "InOrder", "Gap"])
    assert.deepStrictEqual(tags(continuity.judge, [trade(4999), trade(5002)]), ["OutOfOrder", "OutOfOrder"])
    assert.deepStrictEqual(
      tags(continuity.judge, [trade(1, 1, 7_000_000), trade(2, 2, 7_000_001), trade(2, 2, 7_000_001)]),
      ["Reset", "InOrder", "Duplicate"]
    )
  })

  it("takes once what several connections bring of the trades before the first one, or of a new count", () => {
    const continuity = Continuity.make("consecutive")
    assert.deepStrictEqual(
      tags(continuity.judge, [trade(100), trade(98), trade(98), trade(99), trade(99), trade(100)]),
      ["InOrder", "OutOfOrder", "Duplicate", "OutOfOrder", "Duplicate", "Duplicate"]
    )
    const again = [trade(1, 1, 500_000), trade(1, 1, 500_000), trade(2, 2, 600_000), trade(2, 2, 600_000)]
    assert.deepStrictEqual(tags(continuity.judge, again), ["OutOfOrder", "Duplicate", "OutOfOrder", "Duplicate"])
  })

  it("does not judge what has no number", () => {
    const continuity = Continuity.make("consecutive")
    assert.deepStrictEqual(tags(continuity.judge, [{ ...trade(1), position: null }, trade(7)]), [
      "Unverifiable",
      "InOrder"
    ])
  })
})

describe("Continuity of books that count by one (Bybit)", () => {
  it("begins with a snapshot, and anew with each, the service's own restart included", () => {
    const { judge } = Continuity.make("stepping")
    assert.deepStrictEqual(
      tags(judge, [step(500, true), step(501), step(502), step(1, true), step(2)]),
      ["InOrder", "InOrder", "InOrder", "Reset", "InOrder"]
    )
  })

  it("tells how many changes are missing, and drops what comes twice", () => {
    const { judge } = Continuity.make("stepping")
    judge(step(500, true))
    assert.deepStrictEqual(judge(step(503)), { _tag: "Gap", missing: { first: 501, last: 502 } })
    assert.strictEqual(judge(step(503))._tag, "Duplicate")
    assert.strictEqual(judge(step(504))._tag, "InOrder")
  })

  it("misses the book where changes come without one", () => {
    const continuity = Continuity.make("stepping")
    assert.deepStrictEqual(continuity.judge(step(9)), { _tag: "Gap", missing: null })
    continuity.judge(step(20, true))
    continuity.connected()
    assert.strictEqual(continuity.judge(step(21))._tag, "Gap")
  })
})

describe("Continuity of books that name their predecessor (OKX)", () => {
  it("follows ids that jump, fall at maintenance, or stand still to keep the connection alive", () => {
    const { judge } = Continuity.make("linked")
    const legal = [link(10, -1), link(15, 10), link(15, 15), link(15, 15), link(3, 15), link(5, 3)]
    assert.deepStrictEqual(tags(judge, legal), legal.map(() => "InOrder"))
  })

  it("sees a broken link, and goes on from there", () => {
    const { judge } = Continuity.make("linked")
    judge(link(10, -1))
    assert.deepStrictEqual(judge(link(30, 20)), { _tag: "Gap", missing: null })
    assert.strictEqual(judge(link(30, 20))._tag, "Duplicate")
    assert.deepStrictEqual(tags(judge, [link(31, 30), link(90, -1), link(91, 90)]), ["InOrder", "Reset", "InOrder"])
  })

  it("keeps a change that was overtaken, and goes on from the newer one", () => {
    const { judge } = Continuity.make("linked")
    const overtaken = [link(10, -1), link(30, 20), link(20, 10), link(31, 30)]
    assert.deepStrictEqual(tags(judge, overtaken), ["InOrder", "Gap", "OutOfOrder", "InOrder"])
  })

  it("starts with the connection", () => {
    const continuity = Continuity.make("linked")
    continuity.judge(link(10, -1))
    continuity.connected()
    assert.deepStrictEqual(tags(continuity.judge, [link(70, -1), link(71, 70)]), ["InOrder", "InOrder"])
  })
})

describe("Continuity of a connection (Coinbase)", () => {
  it("begins at 0 and counts every message", () => {
    const judge = ConnectionContinuity.make()
    assert.deepStrictEqual([0, 1, 2].map((sequence) => judge(sequence)._tag), ["InOrder", "InOrder", "InOrder"])
    assert.deepStrictEqual(judge(5), { _tag: "Gap", missing: { first: 3, last: 4 } })
    assert.strictEqual(judge(5)._tag, "Duplicate")
    assert.strictEqual(judge(6)._tag, "InOrder")
    assert.deepStrictEqual(ConnectionContinuity.make()(2), { _tag: "Gap", missing: { first: 0, last: 1 } })
  })
})
