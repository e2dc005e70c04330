import { Cause, Context, Effect, type Logger, LogLevel, References } from "effect"

/** One event of the log, before it has a form. */
export interface LogLine {
  readonly atMillis: number
  readonly level: LogLevel.LogLevel
  readonly text: string
  /** `exchange`, `symbol`, `data_type` and `connection` say which feed is meant, and others may say more. */
  readonly annotations: Readonly<Record<string, unknown>>
  /** What led to it, with its stack; null where there is nothing to say. */
  readonly cause: string | null
  /** How many events it stands for: 1, or more where several alike were told as one. */
  readonly count: number
  /** Whether it may be held back and told as one with others like it. */
  readonly mayBeThinned: boolean
  readonly onConsole: boolean
}

/** Whether lines of this level tell of something that is not as it should be. */
export const isTrouble: (level: LogLevel.LogLevel) => boolean = LogLevel.isGreaterThanOrEqualTo("Warn")

/** Set for what the console hears in another way. */
const NotOnConsole = Context.Reference<boolean>("ticklake/LogLine/NotOnConsole", { defaultValue: () => false })

/** Set for lines of which each names something that somebody has to look at. */
const EachTold = Context.Reference<boolean>("ticklake/LogLine/EachTold", { defaultValue: () => false })

const countKey = "count"

/** Lines of `self` go to the file alone. */
export const notOnConsole: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  NotOnConsole,
  true
)

/** Lines of `self` are never told as one with others like them. */
export const eachTold: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  EachTold,
  true
)

/** A line of `self` stands for `count` events. */
export const standingFor = (count: number): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =>
  Effect.annotateLogs(countKey, count)

/** What a logger was given. */
export const fromLogger = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): LogLine => {
  const { [countKey]: count, ...annotations } = fiber.getRef(References.CurrentLogAnnotations)
  return {
    atMillis: date.getTime(),
    level: logLevel,
    text: Array.isArray(message) ? message.map(String).join(" ") : String(message),
    annotations,
    cause: cause.reasons.length === 0 ? null : Cause.pretty(cause),
    count: typeof count === "number" ? count : 1,
    mayBeThinned: !fiber.getRef(EachTold),
    onConsole: !fiber.getRef(NotOnConsole)
  }
}

/** The text, with the number of those it stands for. */
export const messageOf = ({ count, text }: LogLine): string =>
  count === 1 ? text : `${text} (and ${count - 1} more like it)`

const levels: Readonly<Record<LogLevel.LogLevel, string>> = {
  All: "ALL  ",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO ",
  Warn: "WARN ",
  Error: "ERROR",
  Fatal: "FATAL",
  None: "NONE "
}

/** For people: one event, one line; a feed's lines begin with its id. The stack of a cause follows on lines of its own. */
export const toConsole = (line: LogLine): string => {
  const { data_type, exchange, symbol, ...others } = line.annotations
  const feed = exchange === undefined ? "" : `${String(exchange)}/${String(symbol)}/${String(data_type)}: `
  const rest = Object.entries(others).map(([key, value]) => ` ${key}=${String(value)}`).join("")
  const stack = line.cause === null ? "" : `\n${line.cause}`
  return `${isoTime(line)} ${levels[line.level]} ${feed}${messageOf(line)}${rest}${stack}`
}

/** For machines: one JSON object on one line, without a line break at its end. */
export const toJson = (line: LogLine): string => {
  const { connection, data_type, exchange, symbol, ...others } = line.annotations
  const record: Record<string, unknown> = {
    timestamp: isoTime(line),
    level: line.level.toLowerCase(),
    message: messageOf(line),
    exchange: plain(exchange),
    symbol: plain(symbol),
    data_type: plain(data_type),
    connection: plain(connection),
    count: line.count === 1 ? undefined : line.count,
    cause: line.cause ?? undefined
  }
  for (const [key, value] of Object.entries(others)) record[key] ??= plain(value)
  return JSON.stringify(record)
}

const isoTime = ({ atMillis }: LogLine): string => new Date(atMillis).toISOString()

/** What JSON can hold as it is; everything else as its own text, which a secret hides itself in. */
const plain = (value: unknown): string | number | boolean | null | undefined =>
  value === undefined || value === null || typeof value === "boolean" || typeof value === "number"
    ? value
    : String(value)
