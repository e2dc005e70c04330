import { Clock, Effect, Latch, type Scope } from "effect"
import * as Background from "../runtime/Background.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { isTrouble, type LogLine } from "./LogLine.ts"

export interface Options {
  /** After a line, others like it are told at most once in this time. */
  readonly quietMillis: number
  /** How many kinds of lines are told apart; beyond it the one that was told first is forgotten, after its count is told. */
  readonly mostKinds: number
}

export const defaults: Options = { quietMillis: 60_000, mostKinds: 4096 }

/** Between what is logged and what is told: of warnings and errors that are alike, the first at once, the others as one. */
export interface LogThinning {
  readonly offer: (line: LogLine) => void
}

/** Lines of one kind that were told lately. */
interface Kind {
  quietUntil: number
  /** The last line of those held back, standing for all of them. */
  held: LogLine | null
}

const kindLength = 500

/** Alike are lines of one level and one feed that differ in numbers alone. */
const kindOf = ({ annotations, level, text }: LogLine): string => {
  const { data_type, exchange, symbol } = annotations
  // As long as a line of any use, so that what a venue wrote into it fills no memory.
  const template = text.slice(0, kindLength).replaceAll(/\d+(?:[.,:]\d+)*/g, "0")
  return `${level} ${String(exchange)} ${String(symbol)} ${String(data_type)} ${template}`
}

/**
 * Passes lines to `tell`. What is held back comes out with its count when its quiet time is over, or when the scope closes,
 * with the time at which the last of them happened.
 */
export const make = Effect.fnUntraced(function*(
  tell: (line: LogLine) => void,
  { mostKinds, quietMillis }: Options = defaults
): Effect.fn.Return<LogThinning, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  /** In the order in which their quiet times end, for these are all equally long. */
  const kinds = new Map<string, Kind>()
  const some = Latch.makeUnsafe(false)
  let closed = false

  /** The first of the kinds; tells what it holds, and gives it another quiet time if that was something. */
  const endFirst = (key: string, kind: Kind, quietUntil: number | null) => {
    kinds.delete(key)
    if (kind.held === null) return
    if (quietUntil !== null) kinds.set(key, { quietUntil, held: null })
    tell(kind.held)
  }
  const advance = (now: number) => {
    for (const [key, kind] of kinds) {
      if (kind.quietUntil > now) return
      endFirst(key, kind, now + quietMillis)
    }
  }
  const offer = (line: LogLine) => {
    if (closed || !line.mayBeThinned || line.level === "Fatal" || !isTrouble(line.level)) return tell(line)
    const now = monotonicMillis(clock)
    advance(now)
    const key = kindOf(line)
    const kind = kinds.get(key)
    if (kind !== undefined) {
      kind.held = { ...line, count: line.count + (kind.held?.count ?? 0) }
      return
    }
    for (const [first, oldest] of kinds) {
      if (kinds.size < mostKinds) break
      endFirst(first, oldest, null)
    }
    kinds.set(key, { quietUntil: now + quietMillis, held: null })
    some.openUnsafe()
    tell(line)
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const [key, kind] of kinds) endFirst(key, kind, null)
    })
  )
  const next = Effect.gen(function*() {
    const [first] = kinds.values()
    if (first === undefined) {
      some.closeUnsafe()
      return yield* some.await
    }
    yield* Effect.sleep(Math.max(1, first.quietUntil - monotonicMillis(clock)))
    advance(monotonicMillis(clock))
  })
  yield* Background.forkRepeated("the telling of repeated log lines", next)
  return { offer }
})
