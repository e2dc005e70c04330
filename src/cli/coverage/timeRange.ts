import { Clock, Effect, Option, Schema } from "effect"
import { hourOf, startOfHour } from "../../completeness/Span.ts"

/** `--from` or `--to` cannot be understood. */
export class WrongTime extends Schema.TaggedError<WrongTime>()("WrongTime", {
  flag: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.flag}: ${this.problem}`
  }
}

const dayMicros = 86_400_000_000
const day = /^\d{4}-\d{2}-\d{2}$/
const moment = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i

/** Also refuses days that a month does not have, which `Date` would count on into the next. */
const microsOf = (text: string): number | null => {
  const date = day.test(text) ? text : moment.exec(text)?.[1]
  if (date === undefined) return null
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) return null
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? null : millis * 1000
}

const read = Effect.fnUntraced(function*(flag: string, given: Option.Option<string>) {
  if (Option.isNone(given)) return null
  const text = given.value.trim()
  const micros = microsOf(text)
  if (micros !== null) return { text, micros, isDay: day.test(text) }
  return yield* new WrongTime({
    flag,
    problem: `${JSON.stringify(text)} is no time: write a day (2026-11-22) or a time with its zone `
      + "(2026-11-22T10:00:00Z, 2026-11-22T10:00:00+09:00)"
  })
})

/** The next full hour; a moment on the hour stays. */
const endOfHour = (micros: number): number => startOfHour(hourOf(micros - 1) + 1)

/** Reads `--from` and `--to`. A day given as the end belongs to the range; the hours of the beginning and of the end are taken whole. */
export const timeRange = Effect.fnUntraced(function*(fromFlag: Option.Option<string>, toFlag: Option.Option<string>) {
  const from = yield* read("--from", fromFlag)
  const to = yield* read("--to", toFlag)
  const now = (yield* Clock.currentTimeMillis) * 1000
  const begin = from === null ? null : startOfHour(hourOf(from.micros))
  const end = to === null ? null : to.isDay ? to.micros + dayMicros : to.micros
  if (from !== null && to !== null && end !== null && from.micros >= end) {
    const order = from.micros > to.micros ? "is after" : "is not before"
    return yield* new WrongTime({ flag: "--from", problem: `${from.text} ${order} --to ${to.text}` })
  }
  if (from !== null && from.micros >= now) {
    return yield* new WrongTime({ flag: "--from", problem: `${from.text} is still to come` })
  }
  // Nothing can be asked of what has not happened yet. An hour that was judged by a part of it would be shown as a whole one.
  return { from: begin, to: end === null ? null : Math.min(now, endOfHour(end)) }
})
