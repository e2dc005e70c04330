import { assert } from "@effect/vitest"
import type { Event } from "../../src/domain/Event.ts"
import type { Subscription } from "../../src/domain/Feed.ts"
import type { Control, Exchange, Parsed } from "../../src/exchanges/Exchange.ts"
import { frameOf } from "./frameOf.ts"

/** The rows of a frame that has nothing but rows. */
export const rows = (parsed: Parsed): ReadonlyArray<Event> => {
  assert.deepStrictEqual(parsed.problems, [])
  assert.isNull(parsed.control)
  assert.isNull(parsed.connectionSequence)
  return parsed.events
}

/** Says of single frames what an adapter must make of them. */
export const reader = (exchange: Exchange, subscriptions: ReadonlyArray<Subscription>) => {
  const parse = (content: string, wanted = subscriptions): Parsed => exchange.parser(wanted)(frameOf(content))
  return {
    parse,

    says: (content: string, control: Control): void => {
      assert.deepStrictEqual(parse(content), { events: [], control, problems: [], connectionSequence: null }, content)
    },

    malformed: (content: string, reason: RegExp, wanted = subscriptions): void => {
      const { control, events, problems } = parse(content, wanted)
      assert.deepStrictEqual(events, [], content)
      assert.isNull(control, content)
      assert.strictEqual(problems.length, 1, content)
      const [problem] = problems
      if (problem?._tag !== "Malformed") return assert.fail(`${content} is not malformed`)
      assert.match(problem.reason, reason, content)
    },

    unrequested: (content: string, subject: string, wanted = subscriptions): void => {
      assert.deepStrictEqual(parse(content, wanted), {
        events: [],
        control: null,
        problems: [{ _tag: "Unrequested", subject }],
        connectionSequence: null
      }, content)
    }
  }
}
