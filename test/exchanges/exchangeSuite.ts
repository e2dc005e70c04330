import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { Frame } from "../../src/domain/Frame.ts"
import type { Subscription } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import type { MakeExchange, Parsed, Parser } from "../../src/exchanges/Exchange.ts"
import { countInside, mutate, Mutations, replaceInside } from "./damage.ts"
import { frameOf } from "./frameOf.ts"

/** What the contract suite has to know about a venue. */
export interface Samples {
  /** What all of `frames` belongs to: at least one order book and one trade feed. */
  readonly subscriptions: ReadonlyArray<Subscription>
  /** Valid frames of every documented kind, market data and control messages alike. */
  readonly frames: ReadonlyArray<string>
  /** The largest request that the venue accepts. */
  readonly maxRequestBytes: number
  /** After how long without a sign of life the venue closes a connection. */
  readonly idleMillis: number
}

const isWithin = (inner: Buffer, outer: Buffer): boolean =>
  inner.buffer === outer.buffer && inner.byteOffset >= outer.byteOffset &&
  inner.byteOffset + inner.length <= outer.byteOffset + outer.length

/** What must be true of every result, whatever the bytes were. */
const assertSound = (parsed: Parsed, frame: Frame, subscriptions: ReadonlyArray<Subscription>): void => {
  for (const event of parsed.events) {
    assert.isTrue(
      subscriptions.some((s) => s.symbol === event.symbol && s.dataType === event.dataType),
      `an event for ${event.symbol} ${event.dataType}, which nobody asked for`
    )
    assert.strictEqual(event.timestampCollector, frame.receivedAtMicros)
    assert.isTrue(event.timestampExchange === null || Number.isSafeInteger(event.timestampExchange))
    assert.isAbove(event.sequenceId.length, 0)
    assert.isTrue(isWithin(event.data, frame.bytes), "data is not a slice of the frame")
    const data: unknown = JSON.parse(event.data.toString("utf8"))
    assert.isTrue(typeof data === "object" && data !== null, "data is not a JSON object or array")
    if (event.position !== null) {
      assert.isTrue(Number.isSafeInteger(event.position.first))
      assert.isTrue(Number.isSafeInteger(event.position.last))
      assert.isTrue(event.position.previous === null || Number.isSafeInteger(event.position.previous))
    }
    if (event.dataType === "trade") {
      assert.isAbove(event.tradeId.length, 0)
      assert.isTrue(Number.isFinite(event.price))
      assert.isTrue(Number.isFinite(event.size))
      assert.include(["buy", "sell"], event.side)
    } else {
      assert.isBoolean(event.isSnapshot)
    }
  }
  for (const problem of parsed.problems) {
    const words = problem._tag === "Malformed" ? problem.reason : problem.subject
    assert.isAbove(words.length, 0)
    assert.isBelow(words.length, 1000, "a problem must not quote a whole frame")
  }
  assert.isTrue(
    parsed.events.length > 0 || parsed.control !== null || parsed.problems.length > 0,
    "a frame about which nothing is said"
  )
}

const shape = (parsed: Parsed) => ({
  ...parsed,
  events: parsed.events.map((event) => ({ ...event, data: event.data.toString("latin1") }))
})

/** What a frame says, apart from the white space around it and from the words for what is wrong with it. */
const told = (parsed: Parsed) => ({
  ...parsed,
  problems: parsed.problems.map(({ _tag }) => _tag),
  events: parsed.events.map((event) => ({
    ...event,
    data: event.data.toString("latin1").trim(),
    // Where a venue numbers nothing an id has a checksum of the whole message.
    sequenceId: event.sequenceId.replace(/-[0-9a-f]{8}$/, "")
  }))
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The promises of the `Exchange` contract that hold for every venue. */
export const exchangeSuite = (name: Venue, make: MakeExchange, samples: Samples): void => {
  const exchange = make(null)
  const { frames, subscriptions } = samples
  const newParser = (): Parser => exchange.parser(subscriptions)
  const frameIndex = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: frames.length - 1 }))
  const jsonFrames = frames.filter(isJson)
  const jsonIndex = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: jsonFrames.length - 1 }))

  describe(`${name} keeps the exchange contract`, () => {
    it("is filed under its own name", () => {
      assert.strictEqual(exchange.venue, name)
    })

    it("shows an example of its notation that its pattern accepts", () => {
      assert.isTrue(exchange.notation.pattern.test(exchange.notation.example))
      assert.isTrue(exchange.notation.pattern.test(exchange.notation.example), "the pattern keeps state")
      assert.isFalse(exchange.notation.pattern.test(""))
      assert.isFalse(exchange.notation.pattern.test(`${exchange.notation.example}\n`))
    })

    it("connects over TLS", () => {
      assert.strictEqual(new URL(exchange.url(subscriptions)).protocol, "wss:")
    })

    it("asks for few and for many symbols in requests that the venue accepts", () => {
      const { example } = exchange.notation
      const many = Array.from({ length: 120 }, (_, i): Subscription => ({
        symbol: example,
        dataType: i % 2 === 0 ? "orderbook" : "trade"
      }))
      for (const wanted of [subscriptions, many]) {
        for (const token of [null, "header.payload.signature"]) {
          const requests = exchange.subscribe(wanted).map((request) => request(token))
          assert.isAbove(requests.length, 0)
          for (const request of requests) {
            assert.isTrue(isJson(request))
            assert.isAtMost(Buffer.byteLength(request), samples.maxRequestBytes)
            if (!exchange.usesToken && token !== null) assert.notInclude(request, token)
          }
        }
      }
    })

    it("pings well within the venue's idle limit", () => {
      const { keepalive } = exchange
      assert.isAbove(keepalive.everyMillis, 0)
      assert.isBelow(keepalive.everyMillis, samples.idleMillis)
      assert.isAbove(keepalive.replyWithinMillis, 0)
    })

    it("states usable limits", () => {
      const { connectAttempts, maxFrameBytes, maxLifetimeMillis, sendSpacingMillis } = exchange.limits
      assert.isAbove(connectAttempts.count, 0)
      assert.isAbove(connectAttempts.perMillis, 0)
      assert.isAtLeast(sendSpacingMillis, 0)
      assert.isAbove(maxFrameBytes, Math.max(...frames.map((frame) => Buffer.byteLength(frame))))
      assert.isTrue(maxLifetimeMillis === null || maxLifetimeMillis > 0)
    })

    it("understands every sample", () => {
      for (const content of frames) {
        const frame = frameOf(content)
        const parsed = newParser()(frame)
        assert.deepStrictEqual(parsed.problems, [], content)
        assert.isTrue(parsed.events.length > 0 || parsed.control !== null, content)
        assertSound(parsed, frame, subscriptions)
      }
    })

    it("gives a row of each data type for the samples", () => {
      const seen = new Set(frames.flatMap((frame) => newParser()(frameOf(frame)).events.map((event) => event.dataType)))
      assert.deepStrictEqual([...seen].toSorted(), ["orderbook", "trade"])
    })

    it("files nothing that was not subscribed to", () => {
      const parse = exchange.parser([])
      for (const content of frames) {
        const parsed = parse(frameOf(content))
        assert.deepStrictEqual(parsed.events, [], content)
        assert.isTrue(parsed.control !== null || parsed.problems.length > 0, content)
      }
    })

    it("reports frames without content", () => {
      for (const content of ["", " ", "\0", "\uFEFF", "{}", "[]", "null", "0", "\"\"", "true"]) {
        const parsed = newParser()(frameOf(content))
        assert.deepStrictEqual(parsed.events, [], JSON.stringify(content))
        assert.isAbove(parsed.problems.length, 0, JSON.stringify(content))
      }
    })

    it("gives the same result for the same bytes, wherever they lie", () => {
      const parse = newParser()
      for (const content of frames) {
        const once = shape(parse(frameOf(content, 0)))
        assert.deepStrictEqual(shape(parse(frameOf(content, 7))), once)
        assert.deepStrictEqual(shape(newParser()(frameOf(content))), once)
      }
    })

    // White space keeps a frame from being read by its pattern, so that the whole of it is decoded.
    const assertSameWithSpace = (content: Buffer) => {
      const bare = told(newParser()(frameOf(content)))
      if (!isJson(content.toString("utf8"))) return assert.deepStrictEqual(bare.events, [])
      assert.deepStrictEqual(bare, told(newParser()(frameOf(Buffer.concat([Buffer.from(" "), content])))))
    }

    it("reads a frame that is written as usual as it reads any other", () => {
      for (const content of frames) assertSameWithSpace(Buffer.from(content))
    })

    it("reads a frame with any of its values changed as it reads any other", () => {
      for (const content of jsonFrames) {
        const value: unknown = JSON.parse(content)
        for (let at = 0; at < countInside(value); at++) {
          for (const replacement of ["", "1", "x", 0, 1, -1, 0.5, 1e300, true, null, [], {}]) {
            assertSameWithSpace(Buffer.from(JSON.stringify(replaceInside(value, at, replacement))))
          }
        }
      }
    })

    it.prop("reads damaged frames alike, however they are written", [frameIndex, Mutations], ([index, mutations]) => {
      assertSameWithSpace(mutate(Buffer.from(frames[index]!, "utf8"), mutations))
    }, { arbitrary: { runs: 1500 } })

    it.prop(
      "reads frames with one value changed alike, however they are written",
      [jsonIndex, Schema.Int, Schema.Json],
      ([index, at, replacement]) => {
        const value: unknown = JSON.parse(jsonFrames[index]!)
        assertSameWithSpace(
          Buffer.from(JSON.stringify(replaceInside(value, Math.abs(at) % countInside(value), replacement)))
        )
      },
      { arbitrary: { runs: 1500 } }
    )

    it.prop("no bytes make it throw", [Arbitrary.schema(Schema.Uint8Array)], ([content]) => {
      const frame = frameOf(content)
      assertSound(newParser()(frame), frame, subscriptions)
    }, { arbitrary: { runs: 300 } })

    it.prop("no JSON makes it throw", [Schema.Json], ([value]) => {
      const frame = frameOf(JSON.stringify(value))
      assertSound(newParser()(frame), frame, subscriptions)
    }, { arbitrary: { runs: 300 } })

    it.prop("no damage to a valid frame makes it throw", [frameIndex, Mutations], ([index, mutations]) => {
      const frame = frameOf(mutate(Buffer.from(frames[index]!, "utf8"), mutations))
      assertSound(newParser()(frame), frame, subscriptions)
    }, { arbitrary: { runs: 1500 } })

    it.prop(
      "no change of one value makes it throw",
      [jsonIndex, Schema.Int, Schema.Json],
      ([index, at, replacement]) => {
        const value: unknown = JSON.parse(jsonFrames[index]!)
        const changed = replaceInside(value, Math.abs(at) % countInside(value), replacement)
        const frame = frameOf(JSON.stringify(changed), 5)
        assertSound(newParser()(frame), frame, subscriptions)
      },
      { arbitrary: { runs: 1500 } }
    )

    it("has words for a refused handshake, or nothing", () => {
      for (let status = 100; status < 600; status++) {
        const advice = exchange.refusalAdvice(status)
        assert.isTrue(advice === null || advice.length > 0)
      }
    })
  })
}
